"""Tables worker_commands and worker_snapshots. Rows in and out; the rules are `footfall.commands`'."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import TenantId
from contracts.commands import Command, CommandCreate, CommandOrder, CommandReport, CommandState, Delivery
from footfall.listing import Order

OPEN_STATES: tuple[CommandState, ...] = ("queued", "sent", "acknowledged", "running")
_COLUMNS = """
    c.command_id, c.worker_id, c.payload, c.state, c.delivery, c.created_by, c.created_at, c.expires_at, c.sent_at,
    c.acknowledged_at, c.started_at, c.finished_at, c.result, c.error,
    exists (
        select from footfall.worker_snapshots as s where s.command_id = c.command_id and s.expires_at > now()
    ) as has_image
"""


@dataclass(frozen=True, slots=True)
class Expired:
    command_id: UUID
    worker_id: UUID


def insert_command(
    connection: Connection, tenant_id: TenantId, worker_id: UUID, request: CommandCreate, *, actor: str
) -> UUID:
    camera_id = getattr(request.command, "camera_id", None)
    made: UUID = connection.execute(
        text("""
            insert into footfall.worker_commands
                (tenant_id, worker_id, kind, camera_id, payload, created_by, expires_at)
            values (:tenant_id, :worker_id, :kind, :camera_id, cast(:payload as jsonb), :actor,
                    now() + make_interval(secs => :seconds))
            returning command_id
        """),
        {
            "tenant_id": tenant_id,
            "worker_id": worker_id,
            "kind": request.command.kind,
            "camera_id": camera_id,
            "payload": request.command.model_dump_json(),
            "actor": actor,
            "seconds": request.expires_in_seconds,
        },
    ).scalar_one()
    return made


def count_open(connection: Connection, worker_id: UUID) -> int:
    found: int = connection.execute(
        text("""
            select count(*) from footfall.worker_commands
            where worker_id = :worker_id and state = any(cast(:open as text[])) and expires_at > now()
        """),
        {"worker_id": worker_id, "open": list(OPEN_STATES)},
    ).scalar_one()
    return found


def select_command(connection: Connection, worker_id: UUID, command_id: UUID, *, lock: bool = False) -> Command | None:
    row = connection.execute(
        text(
            f"select {_COLUMNS} from footfall.worker_commands as c"  # noqa: S608 - constants
            " where c.worker_id = :worker_id and c.command_id = :command_id" + (" for update of c" if lock else "")
        ),
        {"worker_id": worker_id, "command_id": command_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _command(found)


def select_commands(
    connection: Connection, worker_id: UUID, *, state: str | None, order: Order, cursor: str | None, limit: int
) -> list[tuple[Command, str]]:
    """Commands with the text of their sort key."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS}, {order.sql_key} as sort_key
            from footfall.worker_commands as c
            where c.worker_id = :worker_id
              and (cast(:state as text) is null or c.state = cast(:state as text))
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),  # noqa: S608 - constants; what a caller sends is bound
        {"worker_id": worker_id, "state": state, "limit": limit, **order.parameters(cursor)},
    )
    return [(_command(row), row["sort_key"]) for row in rows.mappings()]


def expire_overdue(connection: Connection, worker_id: UUID | None) -> list[Expired]:
    """Open commands whose time is up become expired; of one worker, or of all."""
    rows = connection.execute(
        text("""
            update footfall.worker_commands
            set state = 'expired', finished_at = now()
            where (cast(:worker_id as uuid) is null or worker_id = cast(:worker_id as uuid))
              and state = any(cast(:open as text[])) and expires_at <= now()
            returning command_id, worker_id
        """),
        {"worker_id": worker_id, "open": list(OPEN_STATES)},
    )
    return [Expired(row.command_id, row.worker_id) for row in rows]


def take_orders(connection: Connection, worker_id: UUID, *, most: int) -> tuple[list[CommandOrder], list[UUID]]:
    """What the worker has not acknowledged yet, oldest first, marked as sent; and the ids of those that were sent for
    the first time."""
    rows = connection.execute(
        text("""
            with due as (
                select tenant_id, command_id, state
                from footfall.worker_commands
                where worker_id = :worker_id and state in ('queued', 'sent') and expires_at > now()
                order by created_at, command_id
                limit :most
                for update
            )
            update footfall.worker_commands as c
            set state = 'sent', sent_at = coalesce(c.sent_at, now()), delivery = coalesce(c.delivery, 'heartbeat')
            from due
            where c.tenant_id = due.tenant_id and c.command_id = due.command_id
            returning c.command_id, c.payload, c.created_at, due.state = 'queued' as first_time,
                      extract(epoch from c.expires_at - now())::float8 as expires_in_seconds
        """),
        {"worker_id": worker_id, "most": most},
    )
    found = sorted(rows, key=lambda row: (row.created_at, row.command_id))
    orders = [order_of(row.command_id, row.payload, row.expires_in_seconds) for row in found]
    return orders, [row.command_id for row in found if row.first_time]


def order_of(command_id: UUID, payload: object, expires_in_seconds: float) -> CommandOrder:
    document = {"command_id": str(command_id), "command": payload, "expires_in_seconds": expires_in_seconds}
    return CommandOrder.model_validate_json(json.dumps(document))


def mark_sent(connection: Connection, command_id: UUID, delivery: Delivery) -> bool:
    """False when a heartbeat or the worker's own word came first."""
    changed = connection.execute(
        text("""
            update footfall.worker_commands
            set state = 'sent', sent_at = now(), delivery = :delivery
            where command_id = :command_id and state = 'queued'
        """),
        {"command_id": command_id, "delivery": delivery},
    )
    return changed.rowcount == 1


def advance(connection: Connection, command_id: UUID, state: CommandState) -> None:
    """To `acknowledged` or `running`. What came before has happened by then, whether it was told or not."""
    connection.execute(
        text("""
            update footfall.worker_commands
            set state = :state,
                sent_at = coalesce(sent_at, now()),
                acknowledged_at = coalesce(acknowledged_at, now()),
                started_at = case when :state = 'running' then coalesce(started_at, now()) else started_at end
            where command_id = :command_id
        """),
        {"command_id": command_id, "state": state},
    )


def finish(connection: Connection, command_id: UUID, report: CommandReport) -> None:
    connection.execute(
        text("""
            update footfall.worker_commands
            set state = :state, result = cast(:result as jsonb), error = :error,
                sent_at = coalesce(sent_at, now()), acknowledged_at = coalesce(acknowledged_at, now()),
                started_at = coalesce(started_at, now()), finished_at = now()
            where command_id = :command_id
        """),
        {
            "command_id": command_id,
            "state": report.state,
            "result": None if report.result is None else report.result.model_dump_json(),
            "error": report.error,
        },
    )


def keep_snapshot(connection: Connection, tenant_id: TenantId, command_id: UUID, image: bytes, *, seconds: int) -> None:
    connection.execute(
        text("""
            insert into footfall.worker_snapshots (tenant_id, command_id, image, expires_at)
            values (:tenant_id, :command_id, :image, now() + make_interval(secs => :seconds))
            on conflict (tenant_id, command_id) do nothing
        """),
        {"tenant_id": tenant_id, "command_id": command_id, "image": image, "seconds": seconds},
    )


def select_snapshot(connection: Connection, command_id: UUID) -> bytes | None:
    found = connection.execute(
        text("select image from footfall.worker_snapshots where command_id = :command_id and expires_at > now()"),
        {"command_id": command_id},
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


def delete_expired_snapshots(connection: Connection) -> int:
    return connection.execute(text("delete from footfall.worker_snapshots where expires_at <= now()")).rowcount


def _command(row: RowMapping) -> Command:
    document = {
        **{name: row[name] for name in _AS_STORED},
        "command": row["payload"],
    }
    return Command.model_validate_json(json.dumps(document, default=str))


_AS_STORED = (
    *("command_id", "worker_id", "state", "delivery", "created_by", "created_at", "expires_at", "sent_at"),
    *("acknowledged_at", "started_at", "finished_at", "result", "error", "has_image"),
)
