"""How a daemon becomes a worker: one-time tokens, and the API key that one is exchanged for."""

from __future__ import annotations

import hmac
import logging
import secrets
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import CameraId, TenantId
from contracts.workers import RegistrationToken, WorkerRegistered
from footfall import audit
from footfall.api_keys import NewKey, add_api_key
from footfall.credentials import credential_text, digest, new_secret, secret_parts
from footfall.errors import ConflictError, UnauthenticatedError
from footfall.stores.postgres import keys
from footfall.stores.postgres import registrations as table
from footfall.stores.postgres.workers import WorkerState
from footfall.tenancy import tenant_transaction
from footfall.worker_records import locked, publish_worker, shown

logger = logging.getLogger(__name__)

LIFETIME_SECONDS = 3600
"""Of a token: whoever makes it is about to walk over to the camera host."""
TOKEN_PREFIX = "ffw"  # noqa: S105 - how every such token begins


def renew_registration(engine: Engine, tenant_id: TenantId, worker_id: UUID, *, actor: str) -> RegistrationToken:
    """A new one-time token, in the place of an unused one. A worker that is registered goes on until the token is
    used; then its key is revoked. Raises NotFoundError, ConflictError for a name that was only seen in events."""
    with tenant_transaction(engine, tenant_id) as connection:
        state = locked(connection, worker_id)
        if not state.managed:
            raise ConflictError(
                f"{state.worker.name} is no managed worker: it sends events with a key of its own.",
                hint="Create a worker of that name first: POST /v1/workers.",
            )
        return issue_token(connection, tenant_id, state, actor=actor)


def issue_token(connection: Connection, tenant_id: TenantId, state: WorkerState, *, actor: str) -> RegistrationToken:
    """As `renew_registration`, in the caller's transaction."""
    worker_id, secret = state.worker.worker_id, new_secret()
    expires_at = table.set_registration(
        connection, worker_id, secret_sha256=digest(secret), lifetime_seconds=LIFETIME_SECONDS
    )
    audit.record(
        connection,
        actor=actor,
        action="worker.registration_offered",
        subject_kind="worker",
        subject_id=worker_id,
        detail={"expires_at": expires_at.isoformat()},
    )
    return RegistrationToken(
        worker=shown(connection, worker_id),
        registration_token=credential_text(TOKEN_PREFIX, tenant_id, worker_id, secret),
        registration_expires_at=expires_at,
    )


def register(engine: Engine, token: str) -> WorkerRegistered:
    """Spends the token: makes an API key of the role worker for exactly the worker's cameras, and revokes the one it
    had. Raises UnauthenticatedError, with one message, for a token that is malformed, unknown, expired or spent."""
    tenant_id, worker_id, secret = secret_parts(TOKEN_PREFIX, token)
    with tenant_transaction(engine, tenant_id) as connection:
        offered = table.lock_registration(connection, worker_id)
        matches = hmac.compare_digest(offered.secret_sha256 if offered else bytes(32), digest(secret))
        if offered is None or not offered.live or not matches:
            logger.info("refused a registration token")
            raise UnauthenticatedError(
                "The registration token is not valid.",
                hint="It works once and for an hour; an administrator makes another with"
                " POST /v1/workers/{id}/registration.",
            )
        actor = f"worker:{worker_id}"
        worker = shown(connection, worker_id)
        key_id, key = add_api_key(
            connection,
            tenant_id,
            NewKey.checked(
                name=f"worker {offered.name} {secrets.token_hex(4)}",
                role="worker",
                camera_ids=[CameraId(camera) for camera in worker.camera_ids],
            ),
            actor=actor,
        )
        if offered.key_id is not None:
            keys.revoke(connection, offered.key_id)
        table.use_registration(connection, worker_id, key_id)
        audit.record(
            connection,
            actor=actor,
            action="worker.registered",
            subject_kind="worker",
            subject_id=worker_id,
            detail={"key_id": str(key_id), "cameras": len(worker.camera_ids)},
        )
        publish_worker(connection, "worker.changed", worker)
    return WorkerRegistered(
        worker_id=worker_id,
        tenant_id=tenant_id,
        name=offered.name,
        api_key=key,
        camera_ids=worker.camera_ids,
        heartbeat_seconds=offered.heartbeat_seconds,
    )
