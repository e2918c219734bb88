"""Pictures as stored files: their content type, and crops written as PNG. Decoding, with its limits, is vision's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from footfall.errors import NotAnImageError
from footfall.vision.headers import ImageFormat, read_header
from footfall.vision.types import BgrImage


@dataclass(frozen=True, slots=True)
class PictureKind:
    content_type: str
    suffix: str


_KINDS: dict[ImageFormat, PictureKind] = {
    "JPEG": PictureKind("image/jpeg", ".jpg"),
    "PNG": PictureKind("image/png", ".png"),
    "WebP": PictureKind("image/webp", ".webp"),
    "BMP": PictureKind("image/bmp", ".bmp"),
}


def kind_of(data: bytes) -> PictureKind:
    """What the file's own header says it is. Raises NotAnImageError for what vision would not decode either."""
    return _KINDS[read_header(data).format]


def png_of(picture: BgrImage) -> bytes:
    """The (height, width, 3) BGR picture as PNG, which loses nothing. Raises NotAnImageError for an empty one."""
    if picture.size == 0:
        raise NotAnImageError("The picture has no pixels.")
    _, data = cv2.imencode(".png", picture)
    return bytes(data.tobytes())
