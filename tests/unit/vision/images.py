"""Image files for the tests, made in memory."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

from footfall.vision.types import BgrImage


def pattern(height: int = 120, width: int = 160) -> BgrImage:
    """(height, width, 3) uint8 BGR: smooth, with a red square in the top left corner to tell which way is up."""
    down, across = np.mgrid[0:height, 0:width]
    image = np.stack([across * 255 // width, down * 255 // height, (across + down) % 256], axis=2).astype(np.uint8)
    image[: height // 4, : width // 4] = (0, 0, 255)
    return image


def encoded(image: BgrImage, suffix: str, *options: int) -> bytes:
    """The image as a file of the format that `suffix` names."""
    written, data = cv2.imencode(suffix, image, list(options))
    assert written
    return data.tobytes()


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF segment of one entry: tag 0x0112."""
    tiff = (
        b"II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<H", 1)
        + struct.pack("<HHII", 0x0112, 3, 1, orientation)
        + bytes(4)
    )
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_claiming(width: int, height: int) -> bytes:
    """A well-formed PNG that states a size and holds next to nothing: a bomb's shell."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )
