"""The vision pipeline: bytes to faces with quality and templates. Who a face is, is decided elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import cv2

from footfall.errors import ConfigurationError, PoorQualityError
from footfall.settings import Settings, VisionSettings
from footfall.vision.align import align
from footfall.vision.decode import decode
from footfall.vision.detectors import open_detector
from footfall.vision.detectors.geometry import MOST_ENLARGEMENT
from footfall.vision.detectors.mock import MockDetector
from footfall.vision.embedders.shelf import EmbedderShelf, OpenedEmbedder
from footfall.vision.liveness import LivenessModel, open_liveness
from footfall.vision.quality import quality_of
from footfall.vision.types import (
    AnalysedFace,
    BgrImage,
    DetectedFace,
    Detector,
    Embedder,
    FaceQuality,
    ThresholdTable,
)

logger = logging.getLogger(__name__)


class VisionPipeline:
    """Detector, embedder, the thresholds that belong to the embedder, and the liveness model where one is on.
    Thread-safe, as its parts are."""

    def __init__(
        self,
        *,
        detector: Detector,
        embedder: Embedder,
        thresholds: ThresholdTable,
        settings: VisionSettings,
        liveness: LivenessModel | None = None,
        shelf: EmbedderShelf | None = None,
    ) -> None:
        """`shelf`: the embedders that `serve` and `opened` choose among; None for a pipeline of the one alone."""
        self.detector = detector
        self.liveness = liveness
        self._served = OpenedEmbedder(embedder, thresholds)
        self._settings = settings
        self._shelf = shelf

    @property
    def embedder(self) -> Embedder:
        """Of the model version that is served."""
        return self._served.embedder

    @property
    def thresholds(self) -> ThresholdTable:
        """Of the model version that is served."""
        return self._served.thresholds

    def serve(self, model_version: str) -> None:
        """From now on templates are made with this version. Raises as `opened` does."""
        self._served = self.opened(model_version)

    def opened(self, model_version: str) -> OpenedEmbedder:
        """The embedder of a version, opened once. Raises ConfigurationError for one that this machine does not have or
        whose templates are of another dimension, ModelMissingError and ModelCorruptError for its file."""
        served = self._served
        if served.embedder.model_version == model_version:
            return served
        if self._shelf is None:
            raise ConfigurationError(
                f"This process embeds with {served.embedder.model_version} alone, not with {model_version}."
            )
        return self._shelf.open(model_version)

    def decode(self, data: bytes) -> BgrImage:
        """(height, width, 3) uint8 BGR, upright. Raises NotAnImageError and ImageTooLargeError."""
        return decode(data, self._settings)

    def quality_of(self, face: DetectedFace, crop: BgrImage) -> FaceQuality:
        """The quality of a face; `crop` is its aligned (112, 112, 3) uint8 BGR picture."""
        return quality_of(face, crop)

    def acceptable(self, quality: FaceQuality) -> bool:
        """Whether a face lies at or over the quality floor and the least size, and so may be matched."""
        return quality.score >= self._settings.quality_floor and quality.size_px >= self._settings.min_face_px

    def detection_scale(self, width: int, height: int) -> float:
        """Pixels of the detector's input for each pixel of a whole picture of this size."""
        return min(self._settings.detect_long_side_px / max(width, height), MOST_ENLARGEMENT)

    def analyse(
        self, image: BgrImage, *, embed: bool = True, faces: Sequence[DetectedFace] | None = None
    ) -> list[AnalysedFace]:
        """Every face of a picture, best detection score first, in the picture's own pixels.

        Faces under the quality floor come without a vector: they are counted, never matched. All others are
        embedded in one batch unless `embed` is off. `faces`: found already, perhaps in a part of the picture.
        """
        looked_at: list[tuple[DetectedFace, BgrImage, FaceQuality]] = []
        for face in self.detector.detect(image) if faces is None else faces:
            try:
                crop = align(image, face.landmarks)
            except PoorQualityError:
                logger.debug("A detection without usable landmarks was dropped.")
                continue
            looked_at.append((face, crop, quality_of(face, crop)))
        accepted = [crop for _, crop, quality in looked_at if self.acceptable(quality)]
        vectors = iter(self.embedder.embed(accepted) if embed else ())
        return [
            AnalysedFace(
                face=face,
                quality=quality,
                crop=crop,
                vector=next(vectors, None) if self.acceptable(quality) else None,
                acceptable=self.acceptable(quality),
            )
            for face, crop, quality in looked_at
        ]

    def analyse_bytes(self, data: bytes) -> list[AnalysedFace]:
        """`decode`, then `analyse`."""
        return self.analyse(self.decode(data))


def open_vision(settings: Settings) -> VisionPipeline:
    """The pipeline that the settings describe, its weights checked and loaded. Offline: mock parts, no weights.

    OpenCV's own thread pool, which is the process's, is held to `settings.vision.threads`: it would fight the
    runtimes and the other processes for the processors.

    Raises ModelMissingError or ModelCorruptError, with the command that mends it, and ConfigurationError.
    """
    cv2.setNumThreads(settings.vision.threads)
    shelf = EmbedderShelf(settings)
    if settings.offline:
        first = shelf.open(shelf.default_version)
        return VisionPipeline(
            detector=MockDetector(),
            embedder=first.embedder,
            thresholds=first.thresholds,
            settings=settings.vision,
            shelf=shelf,
        )
    detector = open_detector(settings.vision, settings.models_path)
    first = shelf.open(shelf.default_version)
    embedder = first.embedder
    logger.info("Vision: detector %s, embedder %s on %s.", detector.name, embedder.model_version, embedder.backend)
    return VisionPipeline(
        detector=detector,
        embedder=embedder,
        thresholds=first.thresholds,
        settings=settings.vision,
        shelf=shelf,
        liveness=open_liveness(settings.liveness, settings.vision, settings.models_path),
    )
