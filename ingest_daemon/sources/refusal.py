"""Why a stream's host, which answers, gives no pictures: asked in its own protocol after FFmpeg could not open it, for
FFmpeg says no more than that. Opening is `live`'s.

RTSP's DESCRIBE and HTTP's GET have one form (RFC 2326, RFC 9112) and the same ways of showing a password (RFC 7617,
RFC 2617).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import ssl
import time
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, unquote, urlsplit

from footfall.addresses import Address, Endpoint
from ingest_daemon.sources.knocking import KNOCK_SECONDS, secured

_MOST_BYTES = 16_384
_STATUS = re.compile(rb"(?:RTSP|HTTP)/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n")
_PARAMETER = re.compile(r'(\w+)="?([^",]*)"?')


@dataclass(frozen=True, slots=True)
class _Answer:
    """`challenges`: what the host wants for a proof of who asks."""

    status: int
    media_type: str
    challenges: tuple[str, ...]
    body: bytes


def refusal_of(url: str, endpoint: Endpoint, address: Address) -> str:
    """A sentence for the operator; without credentials, host and path."""
    parts = urlsplit(url)
    try:
        answer = _ask(parts, endpoint, address, authorization=None)
        if answer is not None and answer.status == HTTPStatus.UNAUTHORIZED and parts.username is not None:
            authorization = _authorization(answer.challenges, parts, endpoint)
            if authorization is not None:
                answer = _ask(parts, endpoint, address, authorization=authorization)
    except ssl.SSLError as error:
        return f"No secured connection is made with it: {error.reason or 'TLS failed'}."
    except OSError as error:
        return f"It hangs up: {error.strerror or type(error).__name__}."
    return _in_words(answer, parts, rtsp=_is_rtsp(endpoint))


def _in_words(answer: _Answer | None, parts: SplitResult, *, rtsp: bool) -> str:
    if answer is None:
        return f"What answers there does not speak {'RTSP' if rtsp else 'HTTP'}. Is the port right?"
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _of_content(answer, rtsp=rtsp)
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        if parts.username is None:
            return "It wants a user and a password: write them into the URL, as in rtsp://user:password@host/path."
        return "It refuses the user and password of the source's URL."
    if answer.status == HTTPStatus.NOT_FOUND:
        return "It has nothing at the path of the source's URL. The camera's manual names the path of its stream."
    return f"It answers {answer.status}."


def _of_content(answer: _Answer, *, rtsp: bool) -> str:
    if answer.media_type == "text/html":
        return "There is a web page at the source's URL, not a stream. The camera's manual names its stream."
    if rtsp and b"m=video" not in answer.body:
        return "Its stream has no video."
    kind = f" ({answer.media_type})" if answer.media_type and not rtsp else ""
    return f"It answers, but what it sends{kind} cannot be read as video, or does not begin in time."


def _is_rtsp(endpoint: Endpoint) -> bool:
    return endpoint.scheme.startswith("rtsp")


def _target(parts: SplitResult, endpoint: Endpoint) -> str:
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return f"{endpoint.scheme}://{endpoint.authority}{path}" if _is_rtsp(endpoint) else path or "/"


def _ask(parts: SplitResult, endpoint: Endpoint, address: Address, *, authorization: str | None) -> _Answer | None:
    """None for what is no answer. Raises OSError."""
    target = _target(parts, endpoint)
    lines = (
        [f"DESCRIBE {target} RTSP/1.0", "CSeq: 1", "Accept: application/sdp"]
        if _is_rtsp(endpoint)
        else [f"GET {target} HTTP/1.1", f"Host: {endpoint.authority}", "Connection: close"]
    )
    if authorization is not None:
        lines.append(f"Authorization: {authorization}")
    request = "\r\n".join([*lines, "User-Agent: footfall", "", ""])
    with (
        socket.create_connection((str(address), endpoint.port), timeout=KNOCK_SECONDS) as plain,
        secured(plain, endpoint) as talking,
    ):
        talking.sendall(request.encode("utf-8", "replace"))
        received = b""
        # A camera keeps the connection, and a stream never ends: what has come by then is enough.
        until = time.monotonic() + KNOCK_SECONDS
        with suppress(TimeoutError):
            while len(received) < _MOST_BYTES and not _is_whole(received) and time.monotonic() < until:
                piece = talking.recv(_MOST_BYTES)
                if not piece:
                    break
                received += piece
    return _read(received)


def _is_whole(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    return bool(separator) and (length is None or len(body) >= int(length.group(1)))


def _read(received: bytes) -> _Answer | None:
    found = _STATUS.match(received)
    if found is None:
        return None
    head, _, body = received[found.end() :].partition(b"\r\n\r\n")
    headers = [line.partition(":")[::2] for line in head.decode("latin-1").splitlines()]
    of = {name.strip().lower(): value.strip() for name, value in headers}
    return _Answer(
        status=int(found.group(1)),
        media_type=of.get("content-type", "").partition(";")[0].strip().lower(),
        challenges=tuple(value.strip() for name, value in headers if name.strip().lower() == "www-authenticate"),
        body=body,
    )


def _authorization(challenges: tuple[str, ...], parts: SplitResult, endpoint: Endpoint) -> str | None:
    """None where the host wants a proof that cannot be given here."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    # A digest first: it does not show the password to whoever listens.
    for challenge in sorted(challenges, key=lambda one: not one.lower().startswith("digest")):
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        if scheme.lower() == "digest":
            wanted = {name.lower(): value for name, value in _PARAMETER.findall(rest)}
            if wanted.get("algorithm", "MD5").upper() == "MD5" and "nonce" in wanted:
                method = "DESCRIBE" if _is_rtsp(endpoint) else "GET"
                return _digest(wanted, user, password, method, _target(parts, endpoint))
    return None


def _digest(wanted: dict[str, str], user: str, password: str, method: str, target: str) -> str:
    """RFC 2617, section 3.2.2; without qop as RFC 2069 had it, which cameras still ask for."""
    realm, nonce = wanted.get("realm", ""), wanted["nonce"]
    who, what = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{target}")
    said = f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{target}"'
    if "opaque" in wanted:
        said += f', opaque="{wanted["opaque"]}"'
    if "qop" not in wanted:
        return f'{said}, response="{_md5(f"{who}:{nonce}:{what}")}"'
    count, ours = "00000001", secrets.token_hex(8)
    response = _md5(f"{who}:{nonce}:{count}:{ours}:auth:{what}")
    return f'{said}, qop=auth, nc={count}, cnonce="{ours}", response="{response}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
