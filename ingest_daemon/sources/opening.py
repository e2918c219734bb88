"""From what stands behind --source to an opened source. The sources themselves have their own modules."""

from __future__ import annotations

import re
from pathlib import Path

from footfall.errors import InputError
from footfall.settings import Settings
from ingest_daemon.redaction import redact_url
from ingest_daemon.sources.base import Source
from ingest_daemon.sources.files import PictureFolder, Playback, VideoFile
from ingest_daemon.sources.guard import StreamGuard
from ingest_daemon.sources.live import LiveSource, device_capture, stream_capture, why_no_device
from ingest_daemon.sources.synthetic import SCHEME as SYNTHETIC
from ingest_daemon.sources.synthetic import DrawnPeople
from ingest_daemon.tally import Tally

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https")
_DEVICE = re.compile(r"(?:/dev/video)?(\d{1,3})")


def open_source(text: str, playback: Playback, settings: Settings, tally: Tally) -> Source:
    """The source that `text` names: a file, a folder, a URL, a device's number or /dev/video path, a drawn cast.

    Raises NotAVideoError for a file or folder that cannot be played, RefusedAddressError for a URL whose host is an
    address that must not be connected to, and InputError for anything else. A stream or device that is away is no
    error: it is waited for; so is one whose name leads to such an address, which is asked for at every attempt.
    """
    every = settings.ingest.detect_every_seconds
    if not text:
        raise InputError("The source is empty.", hint="Give --source, or set FOOTFALL_INGEST__SOURCE.")
    scheme, separator, _ = text.partition("://")
    if separator and scheme.lower() in STREAM_SCHEMES:
        guard = StreamGuard(text, settings.addresses.allowed_networks)
        return LiveSource(
            redact_url(text),
            lambda: stream_capture(guard.admitted()),
            detect_every_seconds=every,
            tally=tally,
            explain=guard.refusal,
        )
    if text.startswith(f"{SYNTHETIC}:"):
        return DrawnPeople(text, playback, tally)
    if separator and scheme.lower() != "file":
        raise InputError(
            f"{redact_url(text)} has a scheme that is not known here.",
            hint=f"Known are {', '.join(STREAM_SCHEMES)}, files, folders, device numbers and {SYNTHETIC}:",
        )
    path = _path_of(text)
    number = _device_number(text)
    # A file whose name is a number is a file.
    if number is not None and not path.is_file():
        return LiveSource(
            str(_device(number)),
            lambda: device_capture(number),
            detect_every_seconds=every,
            tally=tally,
            explain=lambda: why_no_device(_device(number)),
        )
    if path.is_dir():
        return PictureFolder.open(path, playback, settings.vision, tally)
    return VideoFile.open(path, playback, tally)


def check_source(text: str, settings: Settings, *, root: Path = Path("/")) -> None:
    """Whether a service on this machine can watch what `text` names, before it is told to. Nothing is connected to: a
    camera may be away for now. Files are looked for under `root`, where another system's files may lie; which devices
    that system has nobody can tell from here.

    Raises as `open_source`, and InputError for a device that is not there and for a path that is not whole. No message
    shows what a URL hides, not even of one that was written without its scheme.
    """
    number = _device_number(text)
    if number is not None:
        if root == Path("/") and not _device(number).exists():
            raise InputError(why_no_device(_device(number)), hint="Plug the camera in first, or name another device.")
        return
    path = _path_of(text)
    is_path = not text.startswith(f"{SYNTHETIC}:") and "://" not in text.removeprefix("file://")
    if is_path and (not path.is_absolute() or text.startswith("//")):
        raise InputError(
            "It is neither a URL, a device nor a whole path.",
            hint="Write rtsp://user:password@host:port/path, /dev/video0, or a path from / on.",
        )
    there = str(root / path.relative_to("/")) if is_path else text
    open_source(there, Playback(started_at=None, realtime=True), settings, Tally())


def _path_of(text: str) -> Path:
    return Path(text.removeprefix("file://"))


def _device_number(text: str) -> int | None:
    found = _DEVICE.fullmatch(text)
    return None if found is None else int(found.group(1))


def _device(number: int) -> Path:
    return Path(f"/dev/video{number}")
