"""Who this host is to the server: registering with a one-time token, and the identity that came of it, kept in a file.
Speaking as that worker is in `heartbeat` and `commands`."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from pydantic import Field, SecretStr, ValidationError

from client.errors import ApiProblem, ApiUnavailable
from client.registration import register_worker
from contracts.base import Contract
from footfall.errors import ConfigurationError, ConflictError, ServiceUnavailableError, UnauthenticatedError
from footfall.settings import Settings

_FILE = "worker.json"
_NO_TOKEN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY})


class WorkerIdentity(Contract):
    """As the server gave it. The file that holds it is its owner's alone, for the key is in it."""

    worker_id: UUID
    tenant_id: UUID
    name: str
    api_url: str
    api_key: str = Field(repr=False)
    camera_ids: tuple[UUID, ...]
    heartbeat_seconds: int


def identity_path(home: Path) -> Path:
    return home / "ingest" / _FILE


def register(home: Path, *, url: str, token: str, replace: bool = False) -> WorkerIdentity:
    """Spends the token and keeps the identity in `home`. Raises UnauthenticatedError for a token that is none, spent or
    expired, ServiceUnavailableError when the server is away, ApiError for what else it says, ConflictError where an
    identity is kept already and `replace` is off, ConfigurationError for a folder that cannot be written, found out
    before the token is spent."""
    path = identity_path(home)
    if path.exists() and not replace:
        raise ConflictError(
            f"This host is registered already ({path}).", hint="Give --replace to register it anew, with a new token."
        )
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The identity cannot be kept in {path}: {error.strerror}.", hint="Check FOOTFALL_HOME."
        ) from error
    try:
        with file:
            identity = _given(url, token)
            file.write(identity.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return identity


def _given(url: str, token: str) -> WorkerIdentity:
    try:
        given = register_worker(url, token)
    except ApiProblem as error:
        if error.problem.status not in _NO_TOKEN:
            raise
        raise UnauthenticatedError(
            "The server does not take this registration token: it is spent, has expired, or was not copied whole.",
            hint="An administrator gives another: POST /v1/workers/{worker_id}/registration.",
        ) from error
    except ApiUnavailable as error:
        raise ServiceUnavailableError(
            f"The server cannot be reached at {url}; the token is not spent.",
            hint="Is this the API's address as this machine reaches it (--url), and is the API up?",
        ) from error
    return WorkerIdentity(
        worker_id=given.worker_id,
        tenant_id=given.tenant_id,
        name=given.name,
        api_url=url.rstrip("/"),
        api_key=given.api_key,
        camera_ids=given.camera_ids,
        heartbeat_seconds=given.heartbeat_seconds,
    )


def load_identity(home: Path) -> WorkerIdentity | None:
    """None on a host that never registered. Raises ConfigurationError for a file that cannot be read, or that others
    can."""
    path = identity_path(home)
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"The worker's identity {path} cannot be read: {error.strerror}.") from error
    if mode & 0o077:
        raise ConfigurationError(
            f"The worker's identity {path} is open to others (mode {mode & 0o777:03o}).",
            hint=f"chmod 600 {path}; if others may have read it, register anew.",
        )
    try:
        return WorkerIdentity.model_validate_json(content)
    except ValidationError:
        # Not chained: pydantic's message quotes the key.
        raise ConfigurationError(
            f"The worker's identity {path} is damaged.", hint="Register anew: footfall worker register --replace."
        ) from None


def with_identity(settings: Settings, identity: WorkerIdentity | None) -> Settings:
    """The settings with what registering gave wherever they say nothing of their own."""
    if identity is None:
        return settings
    given: dict[str, object] = {}
    if settings.ingest.api_key is None:
        given["api_key"] = SecretStr(identity.api_key)
    if "worker" not in settings.ingest.model_fields_set:
        given["worker"] = identity.name
    if settings.ingest.camera_id is None and len(identity.camera_ids) == 1:
        given["camera_id"] = identity.camera_ids[0]
    changed: dict[str, object] = {"ingest": settings.ingest.model_copy(update=given)}
    if settings.api.url is None:
        changed["api"] = settings.api.model_copy(update={"url": identity.api_url})
    return settings.model_copy(update=changed)
