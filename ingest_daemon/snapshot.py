"""A picture of a camera that may leave the host: faces made unknowable where the tenant does not identify people, as
JPEG. Its masks were painted over when it was taken (`masks`). No camera and no network here."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from contracts.base import PrivacyMode
from footfall.errors import ConflictError
from footfall.vision.types import BgrImage, Detector
from ingest_daemon.operated import Picture

LONGEST_SIDE_PX = 1280
_QUALITY = 80
_BLOCKS = 5
"""A face of five by five blocks is nobody's: recognition wants a hundred pixels across, people about twenty."""
_FACE_MARGIN = 0.25


@dataclass(frozen=True, slots=True)
class SafePicture:
    jpeg: bytes
    width: int
    height: int
    faces_hidden: int


def safe_picture(picture: Picture, detector: Detector | None, privacy_mode: PrivacyMode | None) -> SafePicture:
    """At most LONGEST_SIDE_PX long. Raises ConflictError while faces cannot be looked for although they must be."""
    image = _shrunk(picture.image)
    hidden = 0
    if privacy_mode != "identify":
        if detector is None:
            raise ConflictError("The models are not loaded yet, so faces cannot be hidden.", hint="Try again soon.")
        image, hidden = _without_faces(image, detector)
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ConflictError("The picture could not be encoded.")
    return SafePicture(encoded.tobytes(), image.shape[1], image.shape[0], hidden)


def _without_faces(image: BgrImage, detector: Detector) -> tuple[BgrImage, int]:
    height, width = image.shape[:2]
    faces = detector.detect(image)
    result = image.copy()
    for face in faces:
        margin = _FACE_MARGIN * max(face.box.width, face.box.height)
        left, top = max(0, int(face.box.x - margin)), max(0, int(face.box.y - margin))
        right = min(width, int(face.box.x + face.box.width + margin))
        bottom = min(height, int(face.box.y + face.box.height + margin))
        if right <= left or bottom <= top:
            continue
        part = result[top:bottom, left:right]
        small = cv2.resize(part, (_BLOCKS, _BLOCKS), interpolation=cv2.INTER_AREA)
        result[top:bottom, left:right] = cv2.resize(
            small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
        )
    return result, len(faces)


def _shrunk(image: BgrImage) -> BgrImage:
    height, width = image.shape[:2]
    scale = LONGEST_SIDE_PX / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
