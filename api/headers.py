"""Names and values of headers that every answer carries. What a single route adds is in the route."""

from __future__ import annotations

from collections.abc import Mapping

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID_KEY = "footfall.request_id"
"""Where the ASGI scope holds the request's id."""

# The API serves data to programs: nothing of it is a page, may be framed, cached or loaded by another origin.
STANDARD_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
