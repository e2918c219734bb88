"""Table workers: its one-time registration tokens. Rows in and out; how a token looks is decided in
`footfall.registrations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Registration:
    """`live`: the token has not expired by the server's clock."""

    worker_id: UUID
    name: str
    secret_sha256: bytes = field(repr=False)
    live: bool
    key_id: UUID | None
    heartbeat_seconds: int


def set_registration(
    connection: Connection, worker_id: UUID, *, secret_sha256: bytes, lifetime_seconds: int
) -> datetime:
    """Puts a new one-time token in the place of any other; when it expires."""
    expires_at: datetime = connection.execute(
        text("""
            update footfall.workers
            set registration_sha256 = :secret_sha256,
                registration_expires_at = now() + make_interval(secs => :lifetime_seconds)
            where worker_id = :worker_id
            returning registration_expires_at
        """),
        {"worker_id": worker_id, "secret_sha256": secret_sha256, "lifetime_seconds": lifetime_seconds},
    ).scalar_one()
    return expires_at


def lock_registration(connection: Connection, worker_id: UUID) -> Registration | None:
    """The worker's unused token; None where it has none."""
    row = connection.execute(
        text("""
            select worker_id, worker, registration_sha256, registration_expires_at > now() as live, key_id,
                   heartbeat_seconds
            from footfall.workers
            where worker_id = :worker_id and managed and registration_sha256 is not null
            for update
        """),
        {"worker_id": worker_id},
    ).one_or_none()
    if row is None:
        return None
    return Registration(
        row.worker_id, row.worker, bytes(row.registration_sha256), row.live, row.key_id, row.heartbeat_seconds
    )


def use_registration(connection: Connection, worker_id: UUID, key_id: UUID) -> None:
    """The token is spent; the key is the worker's."""
    connection.execute(
        text("""
            update footfall.workers
            set registration_sha256 = null, registration_expires_at = null, registered_at = now(), key_id = :key_id,
                last_heartbeat_at = null, heartbeat = null, advertised_url = null, version = version + 1
            where worker_id = :worker_id
        """),
        {"worker_id": worker_id, "key_id": key_id},
    )
