"""Face detectors behind `footfall.vision.types.Detector`, and the choice between them. What faces mean is not here."""

from __future__ import annotations

import logging
from pathlib import Path

from footfall.errors import ConfigurationError
from footfall.settings import VisionSettings
from footfall.vision.detectors.mock import MockDetector
from footfall.vision.detectors.yuface_build import YuFace
from footfall.vision.models.files import trusted_path
from footfall.vision.models.manifest import RETINAFACE, YUNET
from footfall.vision.types import Detector

__all__ = ["open_detector"]

logger = logging.getLogger(__name__)


def open_detector(settings: VisionSettings, models_path: Path) -> Detector:
    """The detector that the settings name; `auto` is YuNet's ONNX where it was pulled, else the yuface build.

    Raises ModelMissingError or ModelCorruptError for weights that are not here or not right, ConfigurationError
    when the yuface package does not load on this platform.
    """
    choice = settings.detector
    if choice == "auto":
        choice = "yunet" if YUNET.local_name is not None and (models_path / YUNET.local_name).is_file() else "yuface"
        logger.info("Detector: %s, chosen by auto.", choice)
    if choice == "mock":
        return MockDetector()
    if choice == "yunet":
        from footfall.vision.detectors.yunet import YuNet  # noqa: PLC0415 - a runtime that is not used is not imported

        return YuNet(trusted_path(YUNET, models_path), settings)
    if choice == "retinaface":
        from footfall.vision.detectors.retinaface import RetinaFace  # noqa: PLC0415 - the same

        return RetinaFace(trusted_path(RETINAFACE, models_path), settings)
    try:
        return YuFace(settings)
    except ImportError as error:
        raise ConfigurationError(
            f"The yuface detector does not load here: {error}",
            hint="Pull YuNet's ONNX with `footfall models pull`, from a mirror where the network has none.",
        ) from error
