"""Whether a file is a video at all, told by its first bytes and a first frame. Playing it is `files`'s."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import cv2

from footfall.errors import NotAVideoError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_HEAD_BYTES = 400  # three packets of MPEG-TS
_SAMPLE_BYTES = 1 << 20
_PLAYABLE = "MP4, MOV, AVI, MKV, WebM, MPEG-TS, MPEG-PS, FLV, ASF/WMV, Ogg, raw H.264/H.265"


def looks_like_video(head: bytes) -> bool:
    """Whether a file that begins with `head` (400 bytes or all it has) is a container FFmpeg plays as video.

    FFmpeg itself is no judge of that: it plays a text file as ANSI art, a photograph as a film of one frame, and a
    playlist by opening whatever it names.
    """
    return (
        head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}  # ISO BMFF and QuickTime
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head[:4] == b"\x1a\x45\xdf\xa3"  # EBML: Matroska, WebM
        or any(head[at::step][:3] == b"\x47\x47\x47" for at, step in ((0, 188), (4, 192)))  # MPEG-TS, and as M2TS
        or head[:4] in {b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x00\x00\x00\x01"}  # MPEG-PS, MPEG-1/2, raw H.26x
        or head[:3] == b"FLV"
        or head[:4] == b"OggS"
        or head[:16] == bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")  # ASF
    )


def checked_video(path: Path) -> Path:
    """`path` when its first bytes are a video's. Raises NotAVideoError with what to do."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise NotAVideoError(f"There is no file {path}.", hint="Check --source.") from None
    except OSError as error:
        raise NotAVideoError(f"{path} cannot be read: {error.strerror}.", hint="Check its permissions.") from error
    if path.suffix.lower() in PICTURE_SUFFIXES:
        raise NotAVideoError(f"{path.name} is a picture.", hint="Name its folder: a folder of pictures can be played.")
    if not head:
        raise NotAVideoError(f"{path.name} is empty.", hint="Was it copied whole?")
    if not looks_like_video(head):
        raise NotAVideoError(f"{path.name} is no video.", hint=f"Footfall plays {_PLAYABLE}.")
    return path


@contextmanager
def opened(path: Path) -> Iterator[cv2.VideoCapture]:
    """The file opened by FFmpeg, released at the end. Raises NotAVideoError."""
    # One thread: more of them decode no frame sooner, cost memory each, and fight the detector for the processors.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise NotAVideoError(
                f"{path.name} cannot be opened as video.", hint=f"Is it damaged? Footfall plays {_PLAYABLE}."
            )
        yield capture
    finally:
        capture.release()


def fingerprint_of(path: Path) -> str:
    """Hex SHA-256 of a file's size, its first and its last MiB: as telling as the whole for a film, and quick."""
    size = path.stat().st_size
    digest = sha256(size.to_bytes(8, "big"))
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(0, size - _SAMPLE_BYTES))
        digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()
