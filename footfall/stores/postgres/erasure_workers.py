"""Workers and the orders to forget that they were given: rows out. Giving them is `footfall.erasure_workers`'."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """`under_way`: an order is on its way. `last_error`: what the last one that failed said."""

    worker_id: UUID
    name: str
    succeeded: bool
    under_way: bool
    last_error: str | None


def select_answers(connection: Connection, request_id: UUID) -> list[WorkerAnswer]:
    """Of every registered worker of the bound tenant."""
    rows = connection.execute(
        text("""
            select w.worker_id, w.worker as name,
                   coalesce(bool_or(c.state = 'succeeded'), false) as succeeded,
                   coalesce(bool_or(c.state in ('queued', 'sent', 'acknowledged', 'running') and c.expires_at > now()),
                            false) as under_way,
                   (array_agg(c.error order by c.created_at desc) filter (where c.state = 'failed'))[1] as last_error
            from footfall.workers as w
            left join footfall.worker_commands as c
                on c.tenant_id = w.tenant_id and c.worker_id = w.worker_id and c.kind = 'forget'
                and c.payload ->> 'request_id' = :request_id
            where w.key_id is not null
            group by w.worker_id, w.worker
            order by w.worker
        """),
        {"request_id": str(request_id)},
    )
    return [WorkerAnswer(**row) for row in rows.mappings()]


def count_unregistered(connection: Connection) -> int:
    """Workers that sent events and never registered, of the bound tenant."""
    return int(
        connection.execute(
            text("select count(*) from footfall.workers where key_id is null and last_seen_at is not null")
        ).scalar_one()
    )
