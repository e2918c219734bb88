"""What an image file says of itself before a pixel is decoded: format, stored dimensions, whether it is whole.

Only headers and the framing of blocks are read here; `decode` makes pixels of them. Own parsers, because OpenCV
cannot tell an image's size without first allocating it.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from footfall.errors import NotAnImageError

ImageFormat = Literal["JPEG", "PNG", "WebP", "BMP"]

_ACCEPTED_HINT = "Send a JPEG, PNG, WebP or BMP file."


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Stored dimensions, before any EXIF orientation."""

    format: ImageFormat
    width: int
    height: int


def read_header(data: bytes) -> ImageHeader:
    """Format and dimensions, with the file's blocks walked to its end.

    Raises NotAnImageError for other formats, for headers that make no sense and for files that break off.
    """
    try:
        header = _read(data)
    except (struct.error, IndexError):
        raise _broken_off("image") from None
    if header.width < 1 or header.height < 1:
        raise NotAnImageError(f"The {header.format} file states a size of {header.width}x{header.height} pixels.")
    return header


def _read(data: bytes) -> ImageHeader:
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"BM"):
        return _bmp(data)
    raise NotAnImageError("The file is no image that can be read here.", hint=_ACCEPTED_HINT)


def _broken_off(kind: str) -> NotAnImageError:
    return NotAnImageError(f"The {kind} file breaks off before its end.", hint="Send the file again, whole.")


# JPEG, ITU-T T.81 annex B.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
# Within a scan 0xFF00 is a stuffed byte, 0xFFD0..D7 are restarts and 0xFFFF is padding before a marker.
_JPEG_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

MAX_BLOCKS = 65_536
"""Segments or chunks of one file. Cameras and editors write tens or thousands; a file made of nothing else would
keep the walk busy."""

MAX_JPEG_SCANS = 100
"""Each scan of a progressive JPEG costs the decoder a pass over the whole picture; encoders write about ten."""


def _jpeg(data: bytes) -> ImageHeader:
    size: tuple[int, int] | None = None
    scans, at = 0, 2
    for _ in range(MAX_BLOCKS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if data[at] != 0xFF:
            raise NotAnImageError("The JPEG file is damaged: a marker is missing.", hint="Send the file again.")
        marker = data[at + 1]
        if marker == _JPEG_END:
            if size is None:
                break
            return ImageHeader("JPEG", *size)
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _JPEG_FRAMES:
            if size is not None:
                raise NotAnImageError("The JPEG file holds more than one frame.")
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = width, height
        at += 2 + length
        if marker == _JPEG_SCAN:
            scans += 1
            if scans > MAX_JPEG_SCANS:
                raise NotAnImageError("The JPEG file holds more scans than any camera writes.")
            following = _JPEG_SCAN_END.search(data, at)
            if following is None:
                raise _broken_off("JPEG")
            at = following.start()
    raise NotAnImageError("The JPEG file holds no picture.")


def _png(data: bytes) -> ImageHeader:
    at = 8
    size: tuple[int, int] | None = None
    for _ in range(MAX_BLOCKS):
        length, kind = struct.unpack_from(">I4s", data, at)
        body_end = at + 8 + length
        (checksum,) = struct.unpack_from(">I", data, body_end)
        if zlib.crc32(memoryview(data)[at + 4 : body_end]) != checksum:
            raise NotAnImageError("The PNG file is damaged: a checksum does not hold.", hint="Send the file again.")
        if size is None:
            if kind != b"IHDR":
                raise NotAnImageError("The PNG file does not begin with its header.")
            width, height = struct.unpack_from(">II", data, at + 8)
            size = width, height
        if kind == b"IEND":
            return ImageHeader("PNG", *size)
        at = body_end + 4
    raise NotAnImageError("The PNG file holds no picture.")


def _webp(data: bytes) -> ImageHeader:
    (riff_bytes,) = struct.unpack_from("<I", data, 4)
    if riff_bytes + 8 > len(data):
        raise _broken_off("WebP")
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        return ImageHeader("WebP", width, height)
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return ImageHeader("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return ImageHeader("WebP", width & 0x3FFF, height & 0x3FFF)
    raise NotAnImageError("The WebP file does not begin with a picture.")


def _bmp(data: bytes) -> ImageHeader:
    pixels_at, header_bytes = struct.unpack_from("<II", data, 10)
    if header_bytes == 12:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)  # a negative one stores the rows from the top
    # Rows are padded to four bytes; run-length coding (1, 2) has no length that could be told from here.
    row_bytes = (max(0, width) * depth + 31) // 32 * 4
    if compression not in (1, 2) and pixels_at + row_bytes * height > len(data):
        raise _broken_off("BMP")
    return ImageHeader("BMP", width, height)
