"""Which methods an address offers, by the access table. What they do is the routes', and who may is `api.auth`'s."""

from __future__ import annotations

import re
from http import HTTPStatus

from fastapi import HTTPException, Request

from api.auth import ACCESS

_HTTP_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PARAMETER = re.compile(r"\{\w+\}")


def _methods_of(path: str) -> frozenset[str]:
    return frozenset(method for method, at in ACCESS if at == path and method in _HTTP_METHODS)


_PATHS = tuple(dict.fromkeys(path for _, path in ACCESS))
# A path that is written out goes before one with a parameter in its place, as the routes do.
_WRITTEN_OUT = {path: _methods_of(path) for path in _PATHS if "{" not in path}
_PATTERNS = tuple(
    (re.compile("[^/]+".join(re.escape(part) for part in _PARAMETER.split(path))), _methods_of(path))
    for path in sorted(_PATHS, key=lambda path: path.count("{"))
    if "{" in path
)


def offered(path: str) -> frozenset[str]:
    """The methods of the address; none where there is nothing at it."""
    written_out = _WRITTEN_OUT.get(path)
    if written_out is not None:
        return written_out
    return next((methods for pattern, methods in _PATTERNS if pattern.fullmatch(path)), frozenset())


def allow_header(path: str) -> dict[str, str]:
    """RFC 9110, 10.2.1: what goes with a 405. Starlette would name the methods of one route of several."""
    return {"Allow": ", ".join(sorted(offered(path)))}


def only_offered(request: Request) -> None:
    """Before every route, by `api.gate`: `DELETE /v1/staff/reminders` deletes no staff member called "reminders".

    Raises HTTPException (405) where another address of the same form offers the method, and this one does not.
    """
    path = request.scope["path"]
    methods = offered(path)
    if methods and request.method not in methods:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=allow_header(path))
