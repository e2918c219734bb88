"""Fetching one pinned file from the first source that answers, checked and put in place in one step.

Which files and what they are for is not known here.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import httpx

from footfall.errors import ConfigurationError, DownloadError
from footfall.vision.models.files import sha256_of
from footfall.vision.models.packages import PackageCache
from footfall.vision.models.sources import PinnedFile, Source, UrlSource

logger = logging.getLogger(__name__)

# A source that is away must cost seconds at most: the next one is waiting.
URL_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
CHUNK_BYTES = 1 << 16
STAGING_PREFIX = ".pull-"

Phase = Literal["waiting", "fetching", "preparing", "present", "done", "unavailable"]


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a pull. `position` of `total` files; `done_bytes` counts within `file`."""

    file: str
    phase: Phase
    position: int
    total: int
    done_bytes: int = 0
    size_bytes: int = 0


ProgressCallback = Callable[[PullProgress], None]


def ignore_progress(_: PullProgress) -> None:
    """For callers who show none."""


class Fetcher:
    """Fetches pinned files into one folder. Use it inside `fetching_into`, which holds the folder's lock."""

    def __init__(self, folder: Path, staging: Path, mirror: str | None) -> None:
        self._folder = folder
        self._packages = PackageCache(staging)
        self._mirror = mirror
        self._mirror_is_away = False

    def fetch(self, pinned: PinnedFile, on_bytes: Callable[[int], None]) -> tuple[Path, str]:
        """The file, checked, as a part file beside its place, and the words for where it came from.

        The part survives an interruption: a URL that speaks ranges is resumed where it stopped.
        Raises DownloadError naming every source and what was wrong with it.
        """
        part = self._folder / f".{pinned.name}.{pinned.sha256[:8]}.part"
        failures: list[str] = []
        for source in self._sources(pinned):
            try:
                self._copy(source, pinned, part, on_bytes)
                digest = sha256_of(part)
                if digest == pinned.sha256:
                    return part, str(source)
                part.unlink()
                failures.append(f"{source} answered with another file (sha256 {digest})")
            except (DownloadError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                failures.append(str(error) if isinstance(error, DownloadError) else f"{source}: {error}")
            logger.debug("%s: %s.", pinned.name, failures[-1].rstrip("."))
        tried = "; ".join(failure.rstrip(".") for failure in failures) or "the manifest knows no source but a mirror"
        raise DownloadError(
            f"{pinned.name} could not be fetched: {tried}.",
            hint="Check the network, or put the file into a folder and name it in FOOTFALL_VISION__MIRROR.",
        )

    def _sources(self, pinned: PinnedFile) -> Iterator[Source | Path]:
        if self._mirror is not None and not self._mirror_is_away:
            if self._mirror.startswith(("http://", "https://")):
                yield UrlSource(f"{self._mirror.rstrip('/')}/{pinned.name}")
            else:
                yield Path(self._mirror) / pinned.name
        yield from pinned.sources

    def _copy(self, source: Source | Path, pinned: PinnedFile, part: Path, on_bytes: Callable[[int], None]) -> None:
        if isinstance(source, UrlSource):
            try:
                _download(source.url, pinned, part, on_bytes)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # A mirror that cannot be reached for one file is not asked for the next twenty.
                if self._mirror is not None and source.url.startswith(self._mirror):
                    self._mirror_is_away = True
                raise
            return
        if isinstance(source, Path):
            with source.open("rb") as reading, part.open("wb") as writing:
                _pour(reading, writing, on_bytes)
            return
        with self._packages.open_member(source) as reading, part.open("wb") as writing:
            _pour(reading, writing, on_bytes)


@contextmanager
def fetching_into(folder: Path, mirror: str | None, on_wait: Callable[[], None]) -> Iterator[Fetcher]:
    """The right to write into `folder`, which is made. A second process waits for the first and then finds its work
    done; the lock dies with its process. Leftovers of a run that was killed are removed.

    Raises ConfigurationError when the folder cannot be written, also from within the block.
    """
    import fcntl  # noqa: PLC0415 - not on every platform, and only pulling needs it

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".pull.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
            for leftover in folder.glob(f"{STAGING_PREFIX}*/"):
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=STAGING_PREFIX) as staging:
                yield Fetcher(folder, Path(staging), mirror)
    except OSError as error:
        # A source's own errors never come this far: `Fetcher.fetch` turns them into a DownloadError.
        raise ConfigurationError(
            f"{folder} cannot be written: {error}.", hint="Set FOOTFALL_HOME to a folder of your own with free space."
        ) from error


def _download(url: str, pinned: PinnedFile, part: Path, on_bytes: Callable[[int], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= pinned.size_bytes:
        part.unlink()
        have = 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with (
        httpx.Client(follow_redirects=True, timeout=URL_TIMEOUT) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        written = have if resumed else 0
        with part.open("ab" if resumed else "wb") as writing:
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                written += len(chunk)
                if written > pinned.size_bytes:
                    raise DownloadError(f"{url} answered with more than the {pinned.size_bytes} bytes it should.")
                writing.write(chunk)
                on_bytes(written)


def _pour(reading: IO[bytes], writing: IO[bytes], on_bytes: Callable[[int], None]) -> None:
    written = 0
    while chunk := reading.read(CHUNK_BYTES):
        writing.write(chunk)
        written += len(chunk)
        on_bytes(written)
