"""Files that pretend, explode or are two things at once. Made here; nothing of them is committed."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

from tests.integration.api.harness import photograph

_PNG = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int, data: bytes) -> bytes:
    """A greyscale PNG that says it is so large, with whatever compressed data."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def png_bomb() -> bytes:
    """100 megapixels, honestly said and well compressed: 100 kB that become 100 MB."""
    return png(10_000, 10_000, zlib.compress(bytes(10_001 * 10_000), 9))


@cache
def png_that_says_less() -> bytes:
    """Data for 100 megabytes under a head that says 64 x 64."""
    return png(64, 64, zlib.compress(bytes(100_000_000), 9))


def jpeg_of_any_size() -> bytes:
    """A photograph whose head says 65,535 x 65,535."""
    data = bytearray(photograph(7))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    return bytes(data)


@cache
def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("face.jpg", bytes(50_000_000))
    return file.getvalue()


@cache
def gzip_bomb() -> bytes:
    return gzip.compress(bytes(50_000_000))


MARKUP = b"<html><script>alert(1)</script></html>"

BOMBS: dict[str, Callable[[], bytes]] = {
    "a PNG of 100 megapixels": png_bomb,
    "a PNG of no width": lambda: png(0, 10, zlib.compress(bytes(10))),
    "a PNG of 2^31 rows": lambda: png(1, 2**31 - 1, zlib.compress(b"")),
    "a JPEG that says 65,535 x 65,535": jpeg_of_any_size,
    "a zip bomb": zip_bomb,
    "a gzip bomb": gzip_bomb,
    "markup": lambda: MARKUP,
    "a drawing with a script": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "the beginning of a JPEG": lambda: photograph(7)[:200],
    "a JPEG's head before markup": lambda: b"\xff\xd8\xff\xe0" + MARKUP,
    "a GIF that is a script": lambda: b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    "a program": lambda: b"\x7fELF" + bytes(200),
    "nothing": lambda: b"",
}

POLYGLOTS: dict[str, Callable[[], bytes]] = {
    "a JPEG with markup behind it": lambda: photograph(8) + MARKUP,
    "a JPEG with a zip behind it": lambda: photograph(9) + zip_bomb(),
    "a JPEG with markup in a comment": lambda: _with_comment(photograph(10), MARKUP),
}


def _with_comment(jpeg: bytes, text: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + jpeg[2:]
