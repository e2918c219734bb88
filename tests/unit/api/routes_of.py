"""Every (method, path) that an application answers, found in the application itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Route, WebSocketRoute


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """The method of a WebSocket is `WEBSOCKET`."""
    return {
        (method, route.path)
        for route in _flat(app.router.routes)
        for method in ({"WEBSOCKET"} if isinstance(route, WebSocketRoute) else (route.methods or set()) - {"HEAD"})
    }


def _flat(routes: Iterable[BaseRoute]) -> Iterator[Route | WebSocketRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if isinstance(included, APIRouter):
            yield from _flat(included.routes)
        elif isinstance(route, Route | WebSocketRoute):
            yield route
        else:
            raise TypeError(f"{route!r} is of a kind that this walk does not know")
