"""Asking a server whether it is well, over its own protocol and within a few seconds. Embedded or not is the same."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from cli.stack.parts.base import Health

_TIMEOUT_SECONDS = 2.0


def http_health(url: str, *, name: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> Health:
    """Whether a GET of `url` answers 2xx."""
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=timeout_seconds)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return Health(False, f"no answer at {parts.scheme}://{parts.netloc}")
    finally:
        connection.close()
    return Health(200 <= status < 300, f"{name} answers {status}")


def milvus_health(uri: str, *, token: str | None) -> Health:
    """Whether a Milvus answers GetVersion.

    Asked with bare gRPC: pymilvus costs seconds and a hundred megabytes to import, and the answer is one string.
    """
    import grpc

    parts = urlsplit(uri)
    target = f"{parts.hostname}:{parts.port or 19530}"
    credentials = grpc.ssl_channel_credentials() if parts.scheme == "https" else None
    channel = grpc.insecure_channel(target) if credentials is None else grpc.secure_channel(target, credentials)
    metadata = () if token is None else (("authorization", _basic(token)),)
    try:
        ask = channel.unary_unary("/milvus.proto.milvus.MilvusService/GetVersion")
        answer = ask(b"", timeout=_TIMEOUT_SECONDS, metadata=metadata)
    except grpc.RpcError:
        return Health(False, f"no answer at {target}")
    finally:
        channel.close()
    return Health(True, f"Milvus {_second_field(answer)}")


def _basic(token: str) -> str:
    """As pymilvus sends it: base64 of user:password or of the API token."""
    import base64

    return base64.b64encode(token.encode()).decode()


def _second_field(message: bytes) -> str:
    """The string field 2 (`version`) of a GetVersionResponse, after the embedded Status in field 1."""
    at = 0
    while at + 1 < len(message):
        tag, length = message[at], message[at + 1]
        if tag == 0x12:
            return message[at + 2 : at + 2 + length].decode(errors="replace")
        if tag & 7 != 2 or length > 127:
            break
        at += 2 + length
    return "?"
