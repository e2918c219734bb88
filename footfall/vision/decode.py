"""From bytes to pixels, with every limit checked before anything is allocated. What the pixels show is not here."""

from __future__ import annotations

import cv2
import numpy as np

from footfall.errors import ImageTooLargeError, NotAnImageError
from footfall.settings import VisionSettings
from footfall.vision.headers import read_header
from footfall.vision.types import BgrImage

MAX_SIDE_PX = 16_384
"""Longest side that the event contract can state."""


def decode(data: bytes, limits: VisionSettings) -> BgrImage:
    """The picture in (height, width, 3) uint8 BGR, turned upright by its EXIF orientation.

    Grey becomes BGR, alpha is dropped, 16 bits become 8. Size and dimensions come from the header, so a bomb is
    refused before it unfolds. Raises NotAnImageError and ImageTooLargeError.
    """
    if not data:
        raise NotAnImageError("The file is empty.")
    if len(data) > limits.max_image_bytes:
        raise ImageTooLargeError(
            f"The image has {len(data):,} bytes, over the limit of {limits.max_image_bytes:,}.",
            hint="Send a smaller one, or raise FOOTFALL_VISION__MAX_IMAGE_BYTES.",
        )
    header = read_header(data)
    if header.width * header.height > limits.max_image_pixels:
        raise ImageTooLargeError(
            f"The image has {header.width}x{header.height} pixels, over the limit of {limits.max_image_pixels:,}.",
            hint="Send a smaller one, or raise FOOTFALL_VISION__MAX_IMAGE_PIXELS.",
        )
    if max(header.width, header.height) > MAX_SIDE_PX:
        raise ImageTooLargeError(
            f"The image has {header.width}x{header.height} pixels; no side may be over {MAX_SIDE_PX:,}.",
            hint="Send a smaller one.",
        )
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR_BGR)
    except cv2.error:
        image = None
    if image is None:
        raise NotAnImageError(f"The {header.format} file cannot be decoded.", hint="Save it anew and send that.")
    # A file whose pixels are not what its header said would have slipped past the limits.
    if sorted(image.shape[:2]) != sorted((header.width, header.height)):
        raise NotAnImageError(f"The {header.format} file's picture is not the size that its header states.")
    return np.asarray(image, dtype=np.uint8)
