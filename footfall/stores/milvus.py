"""A connection to Milvus: opening it, opening it again, its filters and its errors. No collection is known here."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from footfall.errors import ConfigurationError, VectorsUnavailableError
from footfall.settings import MilvusSettings

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
FilterValues = Mapping[str, UUID | Sequence[UUID]]

DEFAULT_PORT = 19_530
"""Where Milvus listens when nothing else is said."""

_CONNECT_SECONDS = 3.0
_AWAY_HINT = "Check that Milvus runs and that FOOTFALL_MILVUS__URI is right: `footfall status`, `footfall doctor`."
_FIRST_WITH_TEMPLATES = (2, 5)
_FIRST_WITH_UPSERTS_BY_PARTITION_KEY = (2, 4)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CHANNEL_OPTIONS = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": 0}
"""pymilvus pings every ten seconds, for which a gRPC server with the usual limits hangs up (too_many_pings)."""

_CONNECT_FAILED = 2
"""pymilvus's own code of a connection that could not be made."""

_REFUSED = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED})


class MissingCollectionError(Exception):
    """The collection or alias does not exist (any more)."""


class UnloadedCollectionError(Exception):
    """The collection exists and is not in memory: so it is with Milvus Lite after a restart."""


class NameTakenError(Exception):
    """The collection or alias exists already."""


@dataclass(frozen=True, slots=True)
class _Connection:
    client: Any  # pymilvus is untyped
    has_templates: bool
    has_sound_upserts: bool
    is_server: bool


class MilvusSession:
    """One client, made on first use and made anew after the server was away. Thread-safe."""

    def __init__(self, settings: MilvusSettings) -> None:
        """Raises ConfigurationError for an address that is no http(s) one. Connects to nothing."""
        self._uri = settings.uri or ""
        self._address = _address(self._uri)
        self._token = settings.token.get_secret_value() if settings.token else ""
        self._timeout_seconds = settings.timeout_seconds
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._failed_at = float("-inf")
        # pymilvus logs each failure with the request's filter and a traceback, at ERROR. Failures are translated
        # and raised here; once is enough.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)

    @property
    def has_sound_upserts(self) -> bool:
        """False for Milvus before 2.4, whose upsert computes the partition from a wrong field: what it wrote is not
        found again by its partition key (milvus-io/milvus#30772)."""
        return self._open().has_sound_upserts

    @property
    def is_server(self) -> bool:
        """False for Milvus Lite, which has fewer kinds of index, and whose searches see a write once it is answered. A
        server's see it some ticks later."""
        return self._open().is_server

    def call(self, operation: str, action: Callable[[Any], Result]) -> Result:
        """`action` over the client.

        Raises VectorsUnavailableError, ConfigurationError where the server refuses the token, or one of this module's
        errors about collections, which no caller outside the stores sees.
        """
        connection = self._open()
        try:
            return action(connection.client)
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            raise self._translated(operation, error, connection) from error

    def filtered(self, template: str, values: FilterValues) -> dict[str, Any]:
        """Keyword arguments that ask for the rows matching `template`, whose `{names}` stand for `values`.

        The values travel beside the template, as `filter_params`. Milvus Lite 3.2 and Milvus before 2.5 know no such
        parameters; to them go literals, which are made here and of nothing but UUIDs: see
        docs/adr/filters-that-hold-only-uuids.md. Raises TypeError for another value.
        """
        if self._open().has_templates:
            return {"filter": template, "filter_params": {name: _plain(value) for name, value in values.items()}}
        return {"filter": _PLACEHOLDER.sub(lambda match: _literal(values[match[1]]), template)}

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection:
            connection.client.close()

    def _open(self) -> _Connection:
        asked_at = time.monotonic()
        with self._lock:
            if self._connection is None:
                # Whoever waited here while another thread tried in vain has its answer; trying again in turn would
                # make the last of them wait for all.
                if self._failed_at >= asked_at:
                    raise _away("Milvus did not answer.")
                try:
                    self._connection = self._connect()
                except VectorsUnavailableError:
                    self._failed_at = time.monotonic()
                    raise
            return self._connection

    def _connect(self) -> _Connection:
        # pymilvus waits out its whole timeout on a port that nobody listens on; a socket says so at once.
        connect_seconds = min(self._timeout_seconds, _CONNECT_SECONDS)
        try:
            socket.create_connection(self._address, timeout=connect_seconds).close()
        except OSError as error:
            raise _away("Milvus does not listen at its address.") from error
        try:
            client = MilvusClient(
                uri=self._uri, token=self._token, timeout=connect_seconds, dedicated=True, grpc_options=_CHANNEL_OPTIONS
            )
            version = str(client.get_server_version(timeout=self._timeout_seconds))
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            raise self._translated("connect", error, None) from error
        logger.info("connected to Milvus %s", version)
        release = _release(version)
        return _Connection(
            client,
            has_templates=release is not None and release >= _FIRST_WITH_TEMPLATES,
            has_sound_upserts=release is None or release >= _FIRST_WITH_UPSERTS_BY_PARTITION_KEY,
            is_server=release is not None,
        )

    def _forget(self, connection: _Connection) -> None:
        """Drops a connection that failed, unless another thread has replaced it already."""
        with self._lock:
            if self._connection is not connection:
                return
            self._connection = None
        with suppress(MilvusException, grpc.RpcError):
            connection.client.close()

    def _translated(self, operation: str, error: Exception, connection: _Connection | None) -> Exception:
        status = _status(error)
        if status in _REFUSED:
            return ConfigurationError("Milvus refuses the token.", hint="Set FOOTFALL_MILVUS__TOKEN.")
        code, message = _code(error), _message(error)
        if code in {4, 100, 1600} or "alias not found" in message:
            return MissingCollectionError(operation)
        if code == 101:
            return UnloadedCollectionError(operation)
        if code in {1601, 1602} or "already exist" in message:
            return NameTakenError(operation)
        broken = status is grpc.StatusCode.UNAVAILABLE or code == _CONNECT_FAILED or "closed channel" in message
        if connection and broken:
            self._forget(connection)
        # The server's own words stay in the cause: they may quote what was sent.
        return _away(f"Milvus did not {operation} ({status.name if status else f'code {code}'}).")


def _address(uri: str) -> tuple[str, int]:
    """Host and port. The URI itself may hold a password, so no message repeats it."""
    try:
        parts = urlsplit(uri)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        pass
    raise ConfigurationError(
        "FOOTFALL_MILVUS__URI must be http://host:port.",
        hint="`footfall up` starts a server and sets it. A file of Milvus Lite serves one process alone: run "
        "`milvus-lite server` and name its address.",
    )


def _away(message: str) -> VectorsUnavailableError:
    return VectorsUnavailableError(message, hint=_AWAY_HINT)


def _status(error: Exception) -> grpc.StatusCode | None:
    """The gRPC status: of the error, where pymilvus put it in place of its own code, or of what caused it."""
    for candidate in (error, error.__cause__):
        found = candidate.code() if isinstance(candidate, grpc.RpcError) else getattr(candidate, "code", None)
        if isinstance(found, grpc.StatusCode):
            return found
    return None


def _code(error: Exception) -> int | None:
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def _message(error: Exception) -> str:
    message = getattr(error, "message", "")
    return message.lower() if isinstance(message, str) else ""


def _release(version: str) -> tuple[int, int] | None:
    """Major and minor of `v2.6.4`; None for Milvus Lite, which counts on its own."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def _plain(value: UUID | Sequence[UUID]) -> str | list[str]:
    return _text(value) if isinstance(value, UUID) else [_text(item) for item in value]


def _literal(value: UUID | Sequence[UUID]) -> str:
    return json.dumps(_plain(value))


def _text(value: UUID) -> str:
    """Hexadecimal digits and hyphens, whatever the caller's types promised."""
    if not isinstance(value, UUID):
        raise TypeError("A filter's values are UUIDs.")
    return str(UUID(int=value.int))
