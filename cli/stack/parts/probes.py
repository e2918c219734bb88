"""Asking a server whether it is well, over its own protocol and within a few seconds. Embedded or not is the same."""

from __future__ import annotations

import base64
import http.client
from urllib.parse import urlsplit

import psycopg

from cli.stack.parts.base import Health
from footfall.settings import S3Settings

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


def postgres_health(dsn: str) -> Health:
    """Whether the role of the DSN can sign in."""
    try:
        with psycopg.connect(dsn, connect_timeout=3, application_name="footfall-stack") as connection:
            version = connection.info.parameter_status("server_version") or "?"
            return Health(True, f"Postgres {version.split()[0]}")
    except psycopg.OperationalError as error:
        # The server's own words name the host and the role, never the password.
        return Health(False, " ".join(str(error).split()))
    except psycopg.Error:
        return Health(False, "the DSN cannot be read")


def s3_health(settings: S3Settings) -> Health:
    """Whether the server takes the keys. A bucket that is not there yet is well."""
    import urllib3
    from minio import Minio
    from minio.error import MinioException

    client = Minio(
        settings.endpoint or "",
        access_key=settings.access_key.get_secret_value() if settings.access_key else None,
        secret_key=settings.secret_key.get_secret_value() if settings.secret_key else None,
        secure=settings.secure,
        region=settings.region,
        http_client=urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=False),
    )
    try:
        client.bucket_exists(settings.bucket_raw)
    except MinioException as error:
        return Health(False, f"{settings.endpoint} refuses: {getattr(error, 'code', type(error).__name__)}")
    except urllib3.exceptions.HTTPError:
        return Health(False, f"no answer at {settings.endpoint}")
    return Health(True, f"S3 at {settings.endpoint}")


def milvus_health(uri: str, *, token: str | None) -> Health:
    """Whether a Milvus answers GetVersion.

    Asked with bare gRPC: pymilvus costs seconds and a hundred megabytes to import, and the answer is one string.
    """
    parts = urlsplit(uri)
    target = f"{parts.hostname}:{parts.port or 19530}"
    # As pymilvus sends it: base64 of user:password or of the API token.
    metadata = () if token is None else (("authorization", base64.b64encode(token.encode()).decode()),)
    answer = _ask_grpc(
        target, "/milvus.proto.milvus.MilvusService/GetVersion", secure=parts.scheme == "https", metadata=metadata
    )
    return Health(False, f"no answer at {target}") if answer is None else Health(True, f"Milvus {_version_in(answer)}")


def grpc_health(target: str, method: str, *, name: str) -> Health:
    """Whether the method answers an empty request."""
    answer = _ask_grpc(target, method, secure=False, metadata=())
    return Health(answer is not None, f"no answer at {target}" if answer is None else f"{name} answers")


def _ask_grpc(target: str, method: str, *, secure: bool, metadata: tuple[tuple[str, str], ...]) -> bytes | None:
    import grpc

    # A channel of its own each time: the process shares subchannels otherwise, and with them the pause after a failure.
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))
    if secure:
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(), options=options)
    else:
        channel = grpc.insecure_channel(target, options=options)
    try:
        answer: bytes = channel.unary_unary(method)(b"", timeout=_TIMEOUT_SECONDS, metadata=metadata)
    except grpc.RpcError:
        return None
    finally:
        channel.close()
    return answer


def _version_in(message: bytes) -> str:
    """The string field 2 of a GetVersionResponse, after the embedded Status in field 1."""
    at = 0
    while at + 1 < len(message):
        tag, length = message[at], message[at + 1]
        if tag == 0x12:
            return message[at + 2 : at + 2 + length].decode(errors="replace")
        if tag & 7 != 2 or length > 127:
            break
        at += 2 + length
    return "?"
