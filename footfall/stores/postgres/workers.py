"""Tables workers and worker_cameras. Rows in and out; what a worker may do is decided in `footfall.workers`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, SiteId, TenantId
from contracts.configuration import WorkerConfiguration
from contracts.workers import Heartbeat, Worker, WorkerCreate
from footfall.listing import Order

_STATUS = """
    case
        when not w.managed then 'unmanaged'
        when w.registered_at is null then 'pending'
        when w.last_heartbeat_at > now() - make_interval(secs => 2 * w.heartbeat_seconds) then 'online'
        else 'offline'
    end
"""
_COLUMNS = f"""
    w.worker_id, w.worker, w.version, {_STATUS} as status, w.heartbeat_seconds, w.created_at, w.registered_at,
    w.last_heartbeat_at, w.last_seen_at, w.advertised_url, w.heartbeat, w.configuration, w.configuration_version,
    array(
        select wc.camera_id from footfall.worker_cameras as wc where wc.worker_id = w.worker_id order by wc.camera_id
    ) as camera_ids
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker's row, locked: what deciding about it needs."""

    worker: Worker
    managed: bool
    key_id: UUID | None
    announced_online: bool


def insert_worker(connection: Connection, tenant_id: TenantId, worker: WorkerCreate) -> UUID | None:
    """The new worker's id. A name that was seen in events becomes a managed worker; None where it is one already."""
    found = connection.execute(
        text("""
            insert into footfall.workers
                (tenant_id, worker, managed, heartbeat_seconds, configuration, first_seen_at, last_seen_at)
            values (:tenant_id, :name, true, :heartbeat_seconds, cast(:configuration as jsonb), null, null)
            on conflict (tenant_id, worker) do update
            set managed = true, created_at = now(), heartbeat_seconds = excluded.heartbeat_seconds,
                configuration = excluded.configuration, version = workers.version + 1
            where not workers.managed
            returning worker_id
        """),
        {
            "tenant_id": tenant_id,
            "name": worker.name,
            "heartbeat_seconds": worker.heartbeat_seconds,
            "configuration": worker.configuration.model_dump_json(),
        },
    ).scalar_one_or_none()
    return None if found is None else UUID(str(found))


def lock_cameras(connection: Connection, camera_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are cameras of the tenant, held so that no other worker is given them meanwhile."""
    found = connection.execute(
        text("""
            select camera_id from footfall.cameras
            where camera_id = any(cast(:camera_ids as uuid[]))
            order by camera_id
            for no key update
        """),
        {"camera_ids": list(camera_ids)},
    )
    return set(found.scalars())


def taken_cameras(connection: Connection, camera_ids: Collection[UUID], *, other_than: UUID | None) -> set[UUID]:
    """Those of the ids that another worker watches."""
    found = connection.execute(
        text("""
            select camera_id from footfall.worker_cameras
            where camera_id = any(cast(:camera_ids as uuid[]))
              and worker_id is distinct from cast(:other_than as uuid)
        """),
        {"camera_ids": list(camera_ids), "other_than": other_than},
    )
    return set(found.scalars())


def give_cameras(connection: Connection, tenant_id: TenantId, worker_id: UUID, camera_ids: Collection[UUID]) -> None:
    """Makes these, and no others, the worker's, and its key's."""
    parameters = {"tenant_id": tenant_id, "worker_id": worker_id, "camera_ids": sorted(camera_ids)}
    connection.execute(
        text("""
            delete from footfall.worker_cameras
            where worker_id = :worker_id and not camera_id = any(cast(:camera_ids as uuid[]))
        """),
        parameters,
    )
    connection.execute(
        text("""
            insert into footfall.worker_cameras (tenant_id, worker_id, camera_id)
            select :tenant_id, :worker_id, unnest(cast(:camera_ids as uuid[]))
            on conflict do nothing
        """),
        parameters,
    )
    connection.execute(
        text("""
            update footfall.api_keys set camera_ids = cast(:camera_ids as uuid[])
            where key_id = (select key_id from footfall.workers where worker_id = :worker_id)
        """),
        parameters,
    )


def select_worker(connection: Connection, worker_id: UUID) -> Worker | None:
    row = connection.execute(
        text(f"select {_COLUMNS} from footfall.workers as w where w.worker_id = :worker_id"),  # noqa: S608 - constants
        {"worker_id": worker_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _worker(found)


def lock_worker(connection: Connection, worker_id: UUID) -> WorkerState | None:
    row = connection.execute(
        text(
            f"select {_COLUMNS}, w.managed, w.key_id, w.announced_online"  # noqa: S608 - constants
            " from footfall.workers as w where w.worker_id = :worker_id for update"
        ),
        {"worker_id": worker_id},
    )
    found = row.mappings().one_or_none()
    if found is None:
        return None
    return WorkerState(_worker(found), found["managed"], found["key_id"], found["announced_online"])


def select_workers(
    connection: Connection,
    *,
    order: Order,
    cursor: str | None,
    status: str | None,
    camera_id: UUID | None,
    allowed_sites: Collection[UUID] | None,
    limit: int,
) -> list[tuple[Worker, str]]:
    """Workers with the text of their sort key; with `allowed_sites`, those that watch a camera there."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS}, {order.sql_key} as sort_key
            from footfall.workers as w
            where (cast(:status as text) is null or {_STATUS} = cast(:status as text))
              and (cast(:camera_id as uuid) is null or exists (
                  select from footfall.worker_cameras as wc
                  where wc.worker_id = w.worker_id and wc.camera_id = cast(:camera_id as uuid)
              ))
              and (cast(:allowed as uuid[]) is null or exists (
                  select from footfall.worker_cameras as wc
                  inner join footfall.cameras as c on c.tenant_id = wc.tenant_id and c.camera_id = wc.camera_id
                  where wc.worker_id = w.worker_id and c.site_id = any(cast(:allowed as uuid[]))
              ))
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),  # noqa: S608 - constants; what a caller sends is bound
        {
            "status": status,
            "camera_id": camera_id,
            "allowed": None if allowed_sites is None else list(allowed_sites),
            "limit": limit,
            **order.parameters(cursor),
        },
    )
    return [(_worker(row), row["sort_key"]) for row in rows.mappings()]


def update_worker(
    connection: Connection,
    worker_id: UUID,
    *,
    heartbeat_seconds: int | None = None,
    configuration: WorkerConfiguration | None = None,
) -> None:
    """A new version of the worker; what is None stays."""
    connection.execute(
        text("""
            update footfall.workers
            set version = version + 1,
                heartbeat_seconds = coalesce(cast(:heartbeat_seconds as integer), heartbeat_seconds),
                configuration = coalesce(cast(:configuration as jsonb), configuration),
                configuration_version = configuration_version
                    + case when cast(:configuration as jsonb) is null then 0 else 1 end
            where worker_id = :worker_id
        """),
        {
            "worker_id": worker_id,
            "heartbeat_seconds": heartbeat_seconds,
            "configuration": _json(configuration),
        },
    )


def delete_worker(connection: Connection, worker_id: UUID) -> None:
    connection.execute(text("delete from footfall.workers where worker_id = :worker_id"), {"worker_id": worker_id})


def note_heartbeat(connection: Connection, worker_id: UUID, heartbeat: Heartbeat) -> None:
    connection.execute(
        text("""
            update footfall.workers
            set last_heartbeat_at = now(), heartbeat = cast(:heartbeat as jsonb), advertised_url = :advertised_url,
                announced_online = true
            where worker_id = :worker_id
        """),
        {
            "worker_id": worker_id,
            "heartbeat": heartbeat.model_dump_json(exclude={"advertised_url"}),
            "advertised_url": heartbeat.advertised_url,
        },
    )


def take_overdue(connection: Connection) -> list[Worker]:
    """Workers of which the stream still says that they are online, although they missed two heartbeats; each is
    answered to one caller alone."""
    rows = connection.execute(
        text(f"""
            update footfall.workers as w
            set announced_online = false
            where w.announced_online
              and w.last_heartbeat_at <= now() - make_interval(secs => 2 * w.heartbeat_seconds)
            returning {_COLUMNS}
        """)  # noqa: S608 - constants
    )
    return [_worker(row) for row in rows.mappings()]


def sites_of_cameras(connection: Connection, camera_ids: Sequence[UUID]) -> dict[CameraId, SiteId]:
    rows = connection.execute(
        text("select camera_id, site_id from footfall.cameras where camera_id = any(cast(:camera_ids as uuid[]))"),
        {"camera_ids": list(camera_ids)},
    )
    return {CameraId(row.camera_id): SiteId(row.site_id) for row in rows}


def _worker(row: RowMapping) -> Worker:
    said = None if row["heartbeat"] is None else Heartbeat.model_validate_json(json.dumps(row["heartbeat"]))
    return Worker(
        worker_id=row["worker_id"],
        name=row["worker"],
        version=row["version"],
        status=row["status"],
        camera_ids=tuple(row["camera_ids"]),
        heartbeat_seconds=row["heartbeat_seconds"],
        created_at=row["created_at"],
        registered_at=row["registered_at"],
        last_heartbeat_at=row["last_heartbeat_at"],
        last_event_at=row["last_seen_at"],
        advertised_url=row["advertised_url"],
        release=None if said is None else said.release,
        cameras=() if said is None else said.cameras,
        outbox=None if said is None else said.outbox,
        configuration=WorkerConfiguration.model_validate_json(json.dumps(row["configuration"])),
        configuration_version=row["configuration_version"],
        applied_configuration_version=None if said is None else said.configuration_version,
    )


def _json(document: BaseModel | None) -> str | None:
    return None if document is None else document.model_dump_json()
