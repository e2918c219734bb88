"""Workers of a tenant: making, listing, changing, deleting, and their heartbeats. Registration and commands have
modules of their own."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.commands import CommandOrder
from contracts.workers import (
    CameraHealth,
    Heartbeat,
    HeartbeatAnswer,
    RegistrationToken,
    Worker,
    WorkerCreate,
    WorkerPage,
    WorkerPatch,
    WorkerStatus,
)
from footfall import audit, cameras
from footfall.commands import close_overdue, orders_for
from footfall.cursors import check_limit
from footfall.errors import ConflictError
from footfall.listing import SortKey, choose_order
from footfall.registrations import issue_token
from footfall.stores.postgres import commands as commands_table
from footfall.stores.postgres import keys, live
from footfall.stores.postgres import workers as table
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected
from footfall.worker_records import locked, missing_worker, own, publish_worker, seen_from, shown

SORTS = (SortKey("name", "w.worker", "text"), SortKey("created_at", "w.created_at", "timestamptz"))
_LISTING = "workers"


def create_worker(engine: Engine, tenant_id: TenantId, request: WorkerCreate, *, actor: str) -> RegistrationToken:
    """Makes a worker and the one-time token with which its daemon registers. A name that was seen in events of an
    unmanaged daemon is taken over with its history.

    Raises NotFoundError for a camera that is not the tenant's, ConflictError for a name in use and for a camera that
    another worker watches.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        _check_cameras(connection, request.camera_ids, worker_id=None)
        worker_id = table.insert_worker(connection, tenant_id, request)
        if worker_id is None:
            raise ConflictError(f"There is a worker named {request.name!r} already.", hint="Choose another name.")
        table.give_cameras(connection, tenant_id, worker_id, request.camera_ids)
        audit.record(
            connection,
            actor=actor,
            action="worker.created",
            subject_kind="worker",
            subject_id=worker_id,
            detail={"name": request.name, "cameras": [str(camera) for camera in sorted(request.camera_ids)]},
        )
        offered = issue_token(connection, tenant_id, locked(connection, worker_id), actor=actor)
        publish_worker(connection, "worker.changed", offered.worker)
    return offered


def list_workers(
    engine: Engine,
    tenant_id: TenantId,
    *,
    limit: int,
    cursor: str | None,
    sort: str = "name",
    status: WorkerStatus | None = None,
    camera_id: UUID | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> WorkerPage:
    """Of `allowed_sites`, where given: workers that watch a camera there. Raises InputError for a bad limit, sort or
    cursor."""
    check_limit(limit)
    order = choose_order(_LISTING, SORTS, "w.worker_id", sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_workers(
            connection,
            order=order,
            cursor=cursor,
            status=status,
            camera_id=camera_id,
            allowed_sites=allowed_sites,
            limit=limit + 1,
        )
    items = tuple(worker for worker, _ in found[:limit])
    if len(found) <= limit:
        return WorkerPage(items=items)
    return WorkerPage(items=items, next_cursor=order.cursor(found[limit - 1][1], items[-1].worker_id))


def get_worker(
    engine: Engine, tenant_id: TenantId, worker_id: UUID, *, allowed_sites: Collection[UUID] | None = None
) -> Worker:
    """Raises NotFoundError, for a worker without a camera on the `allowed_sites` too."""
    with tenant_transaction(engine, tenant_id) as connection:
        worker = shown(connection, worker_id)
        if not seen_from(connection, worker, allowed_sites):
            raise missing_worker(worker_id)
    return worker


def change_worker(
    engine: Engine, tenant_id: TenantId, worker_id: UUID, patch: WorkerPatch, expected: Expected, *, actor: str
) -> Worker:
    """What the patch does not set stays. New cameras are the worker's key's at its next sign-in, a new configuration
    travels with its next heartbeat.

    Raises NotFoundError, StaleVersionError, and ConflictError as `create_worker` and for an unmanaged worker.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        state = locked(connection, worker_id)
        expected.check(state.worker.version)
        if not state.managed:
            raise ConflictError(
                f"{state.worker.name} is no managed worker: it sends events with a key of its own.",
                hint="Create a worker of that name first: POST /v1/workers.",
            )
        if patch.camera_ids is not None:
            _check_cameras(connection, patch.camera_ids, worker_id=worker_id)
            table.give_cameras(connection, tenant_id, worker_id, patch.camera_ids)
        table.update_worker(
            connection, worker_id, heartbeat_seconds=patch.heartbeat_seconds, configuration=patch.configuration
        )
        audit.record(
            connection,
            actor=actor,
            action="worker.changed",
            subject_kind="worker",
            subject_id=worker_id,
            detail={"fields": [*sorted(patch.model_fields_set)]},
        )
        changed = shown(connection, worker_id)
        publish_worker(connection, "worker.changed", changed)
    return changed


def delete_worker(engine: Engine, tenant_id: TenantId, worker_id: UUID, expected: Expected, *, actor: str) -> None:
    """Its key is revoked, its commands go; its events stay. Raises NotFoundError, StaleVersionError."""
    with tenant_transaction(engine, tenant_id) as connection:
        state = locked(connection, worker_id)
        expected.check(state.worker.version)
        publish_worker(connection, "worker.removed", state.worker)
        if state.key_id is not None:
            keys.revoke(connection, state.key_id)
        table.delete_worker(connection, worker_id)
        audit.record(
            connection,
            actor=actor,
            action="worker.deleted",
            subject_kind="worker",
            subject_id=worker_id,
            detail={"name": state.worker.name},
        )


def take_heartbeat(
    engine: Engine, tenant_id: TenantId, worker_id: UUID, heartbeat: Heartbeat, *, caller: str
) -> HeartbeatAnswer:
    """Notes what the worker says of itself, and answers what it is to do. `caller`: the subject of its own key.

    Raises ForbiddenError for a worker that is not the caller's.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        state = own(connection, worker_id, caller=caller)
        before = state.worker
        known = set(before.camera_ids)
        heartbeat = heartbeat.model_copy(
            update={"cameras": tuple(camera for camera in heartbeat.cameras if camera.camera_id in known)}
        )
        table.note_heartbeat(connection, worker_id, heartbeat)
        if not state.announced_online:
            publish_worker(connection, "worker.online", before)
        # What was said before it went offline was told of when it did.
        _tell_of_cameras(connection, before.cameras if state.announced_online else (), heartbeat.cameras)
        close_overdue(connection, worker_id)
        commands_table.delete_expired_snapshots(connection)
        orders: tuple[CommandOrder, ...] = orders_for(connection, before)
    current = heartbeat.configuration_version == before.configuration_version
    return HeartbeatAnswer(
        heartbeat_seconds=before.heartbeat_seconds,
        configuration_version=before.configuration_version,
        configuration=None if current else before.configuration,
        commands=orders,
    )


def announce_overdue(engine: Engine, tenant_id: TenantId) -> int:
    """Tells the stream of workers that have missed two heartbeats, and of their cameras; how many. Of several callers
    at once, one tells. Expired commands are closed, and snapshots whose minutes are over deleted, too."""
    with tenant_transaction(engine, tenant_id) as connection:
        overdue = table.take_overdue(connection)
        for worker in overdue:
            publish_worker(connection, "worker.offline", worker)
            _tell_of_cameras(connection, worker.cameras, ())
        close_overdue(connection, None)
        commands_table.delete_expired_snapshots(connection)
    return len(overdue)


def _tell_of_cameras(connection: Connection, before: Collection[CameraHealth], now: Collection[CameraHealth]) -> None:
    were, are = _watching(before), _watching(now)
    sites = table.sites_of_cameras(connection, sorted(were ^ are))
    for camera_id, site_id in sorted(sites.items()):
        live.publish(connection, "camera.online" if camera_id in are else "camera.offline", camera_id, [site_id])


def _watching(cameras: Collection[CameraHealth]) -> set[UUID]:
    return {camera.camera_id for camera in cameras if camera.running and camera.connected}


def _check_cameras(connection: Connection, camera_ids: Collection[UUID], *, worker_id: UUID | None) -> None:
    unknown = set(camera_ids) - table.lock_cameras(connection, camera_ids)
    if unknown:
        raise cameras.missing_camera(sorted(unknown)[0])
    taken = table.taken_cameras(connection, camera_ids, other_than=worker_id)
    if taken:
        raise ConflictError(
            f"The camera {sorted(taken)[0]} is watched by another worker.",
            hint="Take it from that one first; two daemons on one camera would count everybody twice.",
        )
