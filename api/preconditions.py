"""ETags and conditional requests (RFC 9110, 13): the headers alone. What a version is, and who is too late, is
`footfall.versions`'."""

from __future__ import annotations

import re
import zlib
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Request, Response

from api.problems import MALFORMED, PRECONDITION_REQUIRED, RefusedRequestError
from footfall.versions import ANY_VERSION, Expected

_TAG = re.compile(r'\s*(?P<weak>W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"\s*')
_VERSION = re.compile(r"(?P<version>[1-9][0-9]{0,9})(?:-[0-9a-f]{8})?")
_MAX_HEADER_CHARACTERS = 1000
_NO_VERSION = 0
"""What a tag that this server never made stands for: no record has it."""


class Versioned(Protocol):
    """A record with a version, which grows with every change of the record itself."""

    @property
    def version(self) -> int: ...


Record = TypeVar("Record", bound=Versioned)


class NotModifiedError(Exception):
    """The caller holds what would be answered. `api.handlers` makes a 304 of it."""

    def __init__(self, tag: str) -> None:
        super().__init__("not modified")
        self.tag = tag


def etag(version: int, *derived: object) -> str:
    """`"<version>"`. With `derived`, what the answer shows beside the record itself (a count, the tenant's mode), the
    tag changes with that too, and still names the version for If-Match: `"<version>-<checksum>"`."""
    if not derived:
        return f'"{version}"'
    return f'"{version}-{zlib.crc32(repr(derived).encode()):08x}"'


def tag(response: Response, record: Record, *derived: object) -> Record:
    """Sets the answer's ETag and passes the record through. For answers of POST and PATCH."""
    response.headers["ETag"] = etag(record.version, *derived)
    return record


class ReadTag:
    """As `tag`, for a GET of one record, where the caller may hold the answer already."""

    def __init__(self, response: Response, held: frozenset[str] | None) -> None:
        self._response = response
        self._held = held

    def __call__(self, record: Record, *derived: object) -> Record:
        """Raises NotModifiedError when If-None-Match names what would be answered."""
        made = etag(record.version, *derived)
        if self._held is None or made in self._held:
            raise NotModifiedError(made)
        self._response.headers["ETag"] = made
        return record


def _read_tag(
    response: Response,
    if_none_match: Annotated[
        str | None,
        Header(
            max_length=_MAX_HEADER_CHARACTERS,
            description="The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304.",
        ),
    ] = None,
) -> ReadTag:
    if if_none_match is None:
        return ReadTag(response, frozenset())
    if if_none_match.strip() == "*":
        return ReadTag(response, None)
    # Weak comparison: RFC 9110, 13.1.2.
    return ReadTag(response, frozenset(f'"{opaque}"' for _, opaque in _tags("If-None-Match", if_none_match)))


Tagged = Annotated[ReadTag, Depends(_read_tag)]
"""Of a GET of one record: `return tagged(record)`."""

_IfMatch = Annotated[
    str | None,
    Header(
        max_length=_MAX_HEADER_CHARACTERS,
        description="The `ETag` of the record as you know it, `*` for whatever is there.",
    ),
]


def _expected(if_match: _IfMatch = None) -> Expected:
    return ANY_VERSION if if_match is None else _read_if_match(if_match)


def _required(request: Request, if_match: _IfMatch = None) -> Expected:
    if if_match is None:
        raise RefusedRequestError(
            PRECONDITION_REQUIRED,
            f"{request.method} changes a record that somebody else may have changed since you read it.",
            hint='Send If-Match with the ETag that you read, for instance "3"; * overwrites whatever is there.',
        )
    return _read_if_match(if_match)


ExpectedVersion = Annotated[Expected, Depends(_expected)]
"""Of a DELETE: without If-Match, any version."""
RequiredVersion = Annotated[Expected, Depends(_required)]
"""Of a PATCH: answered with 428 without If-Match."""


def _read_if_match(header: str) -> Expected:
    if header.strip() == "*":
        return ANY_VERSION
    versions = set()
    for weak, opaque in _tags("If-Match", header):
        found = _VERSION.fullmatch(opaque)
        # Strong comparison: a weak tag matches nothing (RFC 9110, 13.1.1).
        versions.add(_NO_VERSION if weak or found is None else int(found["version"]))
    return Expected(frozenset(versions))


def _tags(name: str, header: str) -> list[tuple[bool, str]]:
    """Weakness and opaque part of each tag. Raises RefusedRequestError for a header that is no list of tags."""
    found, end = [], 0
    while True:
        match = _TAG.match(header, end)
        if match is None:
            break
        found.append((match["weak"] is not None, match["opaque"]))
        end = match.end()
        if end == len(header):
            return found
        if header[end] != ",":
            break
        end += 1
    raise RefusedRequestError(
        MALFORMED,
        f"{name} is no list of entity tags.",
        hint='A tag stands in double quotes, as the ETag header has it: If-Match: "3".',
    )
