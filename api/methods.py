"""Which methods an address offers, by the access table. What they do is the routes', and who may is `api.auth`'s."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

from fastapi import HTTPException, Request

from api.auth import ACCESS

_HTTP_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PARAMETER = re.compile(r"\{\w+\}")


def _patterns() -> Iterator[tuple[re.Pattern[str], frozenset[str]]]:
    """Paths that are written out go before those with a parameter in their place, as the routes do."""
    for path in sorted({path for _, path in ACCESS}, key=lambda path: path.count("{")):
        parts = (re.escape(part) for part in _PARAMETER.split(path))
        methods = frozenset(method for method, at in ACCESS if at == path and method in _HTTP_METHODS)
        yield re.compile("[^/]+".join(parts)), methods


_PATTERNS = tuple(_patterns())


def offered(path: str) -> frozenset[str]:
    """The methods of the address; none where there is nothing at it."""
    return next((methods for pattern, methods in _PATTERNS if pattern.fullmatch(path)), frozenset())


def allow_header(path: str) -> dict[str, str]:
    """RFC 9110, 10.2.1: what goes with a 405. Starlette would name the methods of one route of several."""
    return {"Allow": ", ".join(sorted(offered(path)))}


async def only_offered(request: Request) -> None:
    """Runs before every route: `DELETE /v1/staff/reminders` is not the deletion of a staff member called "reminders".

    Raises HTTPException (405) where another address of the same form offers the method, and this one does not.
    """
    methods = offered(request.url.path)
    if methods and request.method not in methods:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=allow_header(request.url.path))
