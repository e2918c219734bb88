"""The state of weights on this machine: which are here, and whether they are what the manifest states. No fetching."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from footfall.errors import ModelCorruptError, ModelMissingError
from footfall.settings import Settings
from footfall.vision.models.manifest import MODELS, ModelSpec

State = Literal["ok", "missing", "corrupt"]

PULL_HINT = "Run `footfall models pull`."


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """What was found of one model. `path` is None for weights inside an installed package."""

    model: ModelSpec
    path: Path | None
    state: State
    detail: str


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_in_place(path: Path, content: bytes) -> None:
    """Content or nothing: a reader never sees half a file."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def list_models() -> tuple[ModelSpec, ...]:
    """The manifest's models, in its order."""
    return MODELS


def verify(settings: Settings) -> tuple[VerifiedFile, ...]:
    """The state of every model of the manifest: files are read and hashed, bundled packages looked up."""
    # Of the manifest's own, and of those that the operator added to it.
    from footfall.vision.models.added import added_models  # noqa: PLC0415 - which hashes files with this module

    specs = (*MODELS, *added_models(settings.models_path))
    return tuple(_examine(spec, settings.models_path) for spec in specs)


def trusted_path(spec: ModelSpec, folder: Path) -> Path:
    """The model's file in `folder`, hashed now.

    Raises ModelMissingError or ModelCorruptError, each with the command that mends it.
    """
    found = _examine(spec, folder)
    if found.state == "missing" or found.path is None:
        raise ModelMissingError(f"The weights of {spec.name} are not here: {found.detail}.", hint=PULL_HINT)
    if found.state == "corrupt":
        raise ModelCorruptError(f"The weights of {spec.name} cannot be trusted: {found.detail}.", hint=PULL_HINT)
    return found.path


def _examine(spec: ModelSpec, folder: Path) -> VerifiedFile:
    if spec.local_name is None:
        here = spec.bundled_in is not None and find_spec(spec.bundled_in) is not None
        return VerifiedFile(
            spec,
            None,
            "ok" if here else "missing",
            f"inside the Python package {spec.bundled_in}{'' if here else ', which is not installed'}",
        )
    path = folder / spec.local_name
    if not path.is_file():
        return VerifiedFile(spec, path, "missing", f"{path} does not exist")
    digest = sha256_of(path)
    if digest != spec.local_sha256:
        return VerifiedFile(spec, path, "corrupt", f"{path} has sha256 {digest}, the manifest states another")
    return VerifiedFile(spec, path, "ok", f"{path} is what the manifest states")
