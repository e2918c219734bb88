"""`footfall models pull`: bring the manifest's weights to this machine and prepare them. Nothing is run with them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from footfall.errors import DownloadError, ModelCorruptError
from footfall.settings import Settings
from footfall.vision.models.fetch import (
    Fetcher,
    Phase,
    ProgressCallback,
    PullProgress,
    fetching_into,
    ignore_progress,
)
from footfall.vision.models.files import sha256_of, write_in_place
from footfall.vision.models.manifest import MODELS, ModelSpec, model

logger = logging.getLogger(__name__)

Outcome = Literal["present", "fetched", "unavailable"]


@dataclass(frozen=True, slots=True)
class PulledFile:
    """`detail`: the source it came from, or why it could not be had."""

    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class PullReport:
    files: tuple[PulledFile, ...]

    def outcome_of(self, name: str) -> Outcome | None:
        """None for a name that was not asked for."""
        return {file.name: file.outcome for file in self.files}.get(name)


def pull(
    settings: Settings,
    progress: ProgressCallback = ignore_progress,
    *,
    only: Collection[str] = (),
    manifest: Sequence[ModelSpec] = MODELS,
) -> PullReport:
    """Bring every model with a source of its own into `settings.models_path`, checked against the manifest.

    A file that is there and right is left alone, so a second pull costs one hash a file. Processes that pull at
    the same time take turns. `only`: names of models; none means all.

    Raises DownloadError when a required model cannot be had from any source (an optional one is reported as
    `unavailable`), ModelCorruptError when preparation gives another file than the manifest states, and
    ConfigurationError for a name that the manifest does not hold.
    """
    chosen = [model(name, manifest) for name in only] if only else list(manifest)
    specs = [spec for spec in chosen if spec.source is not None]
    files: list[PulledFile] = []
    waiting = partial(progress, PullProgress(file="", phase="waiting", position=0, total=len(specs)))
    with fetching_into(settings.models_path, settings.vision.mirror, waiting) as fetcher:
        for position, spec in enumerate(specs, start=1):
            step = _Steps(spec, position, len(specs), progress)
            files.append(_pull_one(spec, settings.models_path, fetcher, step, required=spec.required or bool(only)))
    return PullReport(tuple(files))


@dataclass(frozen=True, slots=True)
class _Steps:
    spec: ModelSpec
    position: int
    total: int
    progress: ProgressCallback

    def __call__(self, phase: Phase, done_bytes: int = 0) -> None:
        size_bytes = self.spec.source.size_bytes if self.spec.source is not None else 0
        self.progress(
            PullProgress(self.spec.local_name or "", phase, self.position, self.total, done_bytes, size_bytes)
        )


def _pull_one(spec: ModelSpec, folder: Path, fetcher: Fetcher, step: _Steps, *, required: bool) -> PulledFile:
    if spec.source is None or spec.local_name is None:
        raise ModelCorruptError(f"The manifest names no file for {spec.name}.")
    target = folder / spec.local_name
    if target.is_file() and sha256_of(target) == spec.local_sha256:
        step("present")
        return PulledFile(spec.name, "present", str(target))
    step("fetching")
    try:
        part, origin = fetcher.fetch(spec.source, partial(step, "fetching"))
    except DownloadError as error:
        if required:
            raise
        logger.info("The weights of %s, which are optional, are not here: %s", spec.name, error.message)
        step("unavailable")
        return PulledFile(spec.name, "unavailable", error.message)
    if spec.prepared is None:
        part.replace(target)
    else:
        from footfall.vision.models.prepare import prepare_embedder  # noqa: PLC0415 - onnx, for a pull alone

        step("preparing")
        prepared = prepare_embedder(part.read_bytes())
        digest = hashlib.sha256(prepared).hexdigest()
        if digest != spec.prepared.sha256:
            raise ModelCorruptError(
                f"Preparing {spec.source.name} gave a file with sha256 {digest}, the manifest states "
                f"{spec.prepared.sha256}.",
                hint="Install the locked versions of onnx and protobuf: another one may write the graph differently.",
            )
        write_in_place(target, prepared)
        part.unlink()
    step("done")
    logger.info("%s is here, from %s.", spec.local_name, origin)
    return PulledFile(spec.name, "fetched", origin)
