"""The embedders that this machine has, by model version, opened when first asked for. Which one is served is not known
here."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footfall.calibration_background import load_background
from footfall.errors import ConfigurationError
from footfall.settings import Settings, VisionSettings
from footfall.vision.align import CROP_PX
from footfall.vision.embedders.arcface import DIMENSION, ArcFaceEmbedder
from footfall.vision.embedders.mock import MOCK_THRESHOLDS, MockEmbedder
from footfall.vision.models.added import added_models
from footfall.vision.models.files import trusted_path
from footfall.vision.models.manifest import EMBEDDER, MODELS, ModelSpec
from footfall.vision.models.offline import MOCK_VERSIONS
from footfall.vision.types import Embedder, ThresholdTable

_FARS = (1e-5, 1e-4, 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedEmbedder:
    """An embedder and the thresholds that belong to it."""

    embedder: Embedder
    thresholds: ThresholdTable


class EmbedderShelf:
    """Thread-safe. Constructing opens nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: dict[str, OpenedEmbedder] = {}

    @property
    def default_version(self) -> str:
        """What is served until an operator says otherwise."""
        return MOCK_VERSIONS[0] if self._settings.offline else EMBEDDER.version

    def versions(self) -> tuple[str, ...]:
        """Every version that the manifest holds, whether or not its file is here. Raises ConfigurationError for an
        entry of an added model that cannot be read."""
        if self._settings.offline:
            return MOCK_VERSIONS
        return tuple(spec.version for spec in self._specs())

    def open(self, model_version: str) -> OpenedEmbedder:
        """Raises ConfigurationError for a version that the manifest does not hold, whose templates are of another
        dimension, or that was never measured; ModelMissingError and ModelCorruptError for its file."""
        with self._lock:
            if model_version not in self._opened:
                self._opened[model_version] = self._open(model_version)
            return self._opened[model_version]

    def unmeasured(self, model_version: str) -> Embedder:
        """An embedder by itself, as for measuring it. Raises as `open` does, but for one that was never measured."""
        if model_version not in self.versions():
            raise ConfigurationError(
                f"There is no embedder {model_version!r} on this machine.",
                hint=f"The manifest holds {', '.join(self.versions())}. `footfall models add` adds one.",
            )
        if self._settings.offline:
            return MockEmbedder(model_version)
        spec = self._spec(model_version)
        _require_dimension(spec)
        path = trusted_path(spec, self._settings.models_path)
        return ArcFaceEmbedder(path, self._settings.vision, spec)

    def _open(self, model_version: str) -> OpenedEmbedder:
        embedder = self.unmeasured(model_version)
        if self._settings.offline:
            return OpenedEmbedder(embedder, MOCK_THRESHOLDS)
        stated = self._spec(model_version).thresholds
        return OpenedEmbedder(embedder, self._measured(model_version) if stated is None else stated)

    def _measured(self, model_version: str) -> ThresholdTable:
        background = load_background(model_version, self._settings.models_path)
        return ThresholdTable(background.source, tuple((far, background.tail.score_at(far)) for far in _FARS))

    def _spec(self, model_version: str) -> ModelSpec:
        return next(spec for spec in self._specs() if spec.version == model_version)

    def _specs(self) -> tuple[ModelSpec, ...]:
        bundled = tuple(spec for spec in MODELS if spec.task == "embedder")
        return (*bundled, *added_models(self._settings.models_path))


def try_out(path: Path, spec: ModelSpec, settings: VisionSettings) -> None:
    """Runs a model that is to be added, once. Raises ModelCorruptError for a file that no runtime reads, and
    ConfigurationError when its templates are of another dimension than Footfall's, or than its entry states."""
    _require_dimension(spec)
    ArcFaceEmbedder(path, settings, spec).embed([np.zeros((CROP_PX, CROP_PX, 3), dtype=np.uint8)])


def _require_dimension(spec: ModelSpec) -> None:
    if spec.output_dimension != DIMENSION:
        raise ConfigurationError(
            f"The manifest states templates of {spec.output_dimension} numbers for {spec.version}; Footfall's, and "
            f"every stored one, are {DIMENSION}: its collection would be one of another dimension.",
            hint=f"Use a model with one output of {DIMENSION} numbers.",
        )
