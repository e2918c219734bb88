"""A worker's record: read, locked, and told of on the stream. What is done with it is in `footfall.workers`,
`footfall.registrations` and `footfall.commands`."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection

from contracts.base import SiteId
from contracts.live import LiveKind
from contracts.workers import Worker
from footfall.errors import ForbiddenError, NotFoundError
from footfall.stores.postgres import live
from footfall.stores.postgres import workers as table
from footfall.stores.postgres.workers import WorkerState


def missing_worker(worker_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no worker {worker_id}.")


def shown(connection: Connection, worker_id: UUID) -> Worker:
    """Raises NotFoundError."""
    found = table.select_worker(connection, worker_id)
    if found is None:
        raise missing_worker(worker_id)
    return found


def locked(connection: Connection, worker_id: UUID) -> WorkerState:
    """Its row, held until the transaction ends. Raises NotFoundError."""
    found = table.lock_worker(connection, worker_id)
    if found is None:
        raise missing_worker(worker_id)
    return found


def own(connection: Connection, worker_id: UUID, *, caller: str) -> WorkerState:
    """As `locked`, for the worker itself: `caller` is the subject of the key that it registered with.

    Raises ForbiddenError for anybody else's worker, whether there is such a one or not.
    """
    found = table.lock_worker(connection, worker_id)
    if found is None or found.key_id is None or caller != f"key:{found.key_id}":
        raise ForbiddenError(
            "This is not the worker that the API key belongs to.",
            hint="A worker speaks for itself, with the key that it was given when it registered.",
        )
    return found


def sites_of(connection: Connection, worker: Worker) -> frozenset[SiteId]:
    return frozenset(table.sites_of_cameras(connection, worker.camera_ids).values())


def seen_from(connection: Connection, worker: Worker, allowed_sites: Collection[UUID] | None) -> bool:
    """Whether the worker watches a camera on one of the sites; None: every site."""
    return allowed_sites is None or any(site in allowed_sites for site in sites_of(connection, worker))


def publish_worker(connection: Connection, kind: LiveKind, worker: Worker) -> None:
    live.publish(connection, kind, worker.worker_id, sites_of(connection, worker))
