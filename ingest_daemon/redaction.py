"""Source names fit for logs, metrics and answers: URLs without their secrets. Opening sources is not here."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://\S+")
_HIDDEN = "***"
_LONGEST_PLAIN_SEGMENT = 24
"""Path segments longer than this are taken for tokens: stream names are short, access tokens are not."""


def redact_url(url: str) -> str:
    """`url` with user, password, query and whatever in the path looks like a secret replaced by `***`.

    Passwords of cameras often stand unescaped in the URL (`rtsp://admin:p/ss@w?rd@host`), so everything up to the
    last `@` counts as user information. That hides the host of a URL with an `@` in its query, which is the safe
    way to be wrong.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    userinfo, at, location = rest.rpartition("@")
    # A userinfo that was cut out leaves only the part behind it to be parsed.
    parts = urlsplit(f"{scheme}://{location}")
    segments = [_plain_or_hidden(segment) for segment in parts.path.split("/")]
    shown = f"{scheme}://{_HIDDEN + '@' if at or userinfo else ''}{parts.netloc}{'/'.join(segments)}"
    return f"{shown}?{_HIDDEN}" if parts.query or parts.fragment else shown


def redact(text: str) -> str:
    """`text` with every URL in it redacted; for messages that were written elsewhere."""
    return _URL.sub(lambda match: redact_url(match.group()), text)


def _plain_or_hidden(segment: str) -> str:
    # Some cameras take their password in the path: /user=admin_password=secret_channel=1
    return _HIDDEN if "=" in segment or len(segment) > _LONGEST_PLAIN_SEGMENT else segment
