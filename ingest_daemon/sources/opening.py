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
    path = Path(text.removeprefix("file://"))
    device = _DEVICE.fullmatch(text)
    # A file whose name is a number is a file.
    if device and not path.is_file():
        number = int(device.group(1))
        return LiveSource(
            f"/dev/video{number}",
            lambda: device_capture(number),
            detect_every_seconds=every,
            tally=tally,
            explain=lambda: why_no_device(Path(f"/dev/video{number}")),
        )
    if path.is_dir():
        return PictureFolder.open(path, playback, settings.vision, tally)
    return VideoFile.open(path, playback, tally)
