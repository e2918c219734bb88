"""The table erasure_requests: rows in and out. No rules. What was erased is `erasures`'."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.erasure import ErasureKind, ErasureRequest, ErasureStatus
from footfall.listing import Listed, Order, SortKey

SORTS = (SortKey("requested_at", "r.requested_at", "timestamptz"), SortKey("due_at", "r.due_at", "timestamptz"))
ID_COLUMN = "r.request_id"

_COLUMNS = (
    "r.request_id, r.subject_kind, r.customer_id, r.staff_id, r.camera_id, r.since, r.until, r.status, r.reference,"
    " r.requested_at, r.requested_by, r.due_at, r.not_before, r.error, r.completed_at"
)


def insert_request(
    connection: Connection,
    kind: ErasureKind,
    *,
    reference: str,
    requested_by: str,
    due_at: datetime,
    not_before: datetime,
    customer_id: UUID | None = None,
    staff_id: UUID | None = None,
    camera_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ErasureRequest | None:
    """None where a request about the same is neither completed nor withdrawn."""
    row = connection.execute(
        text(f"""
            insert into footfall.erasure_requests as r (
                tenant_id, subject_kind, customer_id, staff_id, camera_id, since, until, reference, requested_by,
                due_at, not_before
            )
            values (
                footfall.current_tenant(), :kind, :customer_id, :staff_id, :camera_id, :since, :until, :reference,
                :requested_by, :due_at, :not_before
            )
            on conflict do nothing
            returning {_COLUMNS}
        """),  # noqa: S608 - a constant of this module
        {
            "kind": kind,
            "customer_id": customer_id,
            "staff_id": staff_id,
            "camera_id": camera_id,
            "since": since,
            "until": until,
            "reference": reference,
            "requested_by": requested_by,
            "due_at": due_at,
            "not_before": not_before,
        },
    )
    found = row.mappings().one_or_none()
    return None if found is None else _request(found)


def select_request(connection: Connection, request_id: UUID, *, lock: bool = False) -> ErasureRequest | None:
    row = connection.execute(
        text(
            f"select {_COLUMNS} from footfall.erasure_requests as r where r.request_id = :request_id"  # noqa: S608
            f"{' for no key update' if lock else ''}"
        ),
        {"request_id": request_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _request(found)


def select_latest_of_tenant(connection: Connection) -> ErasureRequest | None:
    """The last request for the bound tenant's own end."""
    row = connection.execute(
        text(
            f"select {_COLUMNS} from footfall.erasure_requests as r where r.subject_kind = 'tenant'"  # noqa: S608
            " order by r.requested_at desc limit 1"
        )
    )
    found = row.mappings().one_or_none()
    return None if found is None else _request(found)


def select_requests(
    connection: Connection,
    order: Order,
    *,
    status: ErasureStatus | None,
    customer_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> list[Listed[ErasureRequest]]:
    """Raises InputError for a cursor that is not this order's."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS}, {order.sql_key} as sort_key
            from footfall.erasure_requests as r
            where (cast(:status as text) is null or r.status = cast(:status as text))
              and (cast(:customer_id as uuid) is null or r.customer_id = cast(:customer_id as uuid))
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),  # noqa: S608 - the order's fragments stand in the code
        {"status": status, "customer_id": customer_id, "limit": limit, **order.parameters(cursor)},
    )
    return [Listed(row["sort_key"], _request(row)) for row in rows.mappings()]


def select_unfinished(connection: Connection, *, now: datetime) -> list[ErasureRequest]:
    """Those that can be carried out now, the first due first."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS} from footfall.erasure_requests as r
            where r.status not in ('completed', 'withdrawn') and r.not_before <= :now
            order by r.due_at, r.request_id
        """),  # noqa: S608 - a constant of this module
        {"now": now},
    )
    return [_request(row) for row in rows.mappings()]


def set_status(connection: Connection, request_id: UUID, status: ErasureStatus, *, error: str | None = None) -> None:
    """`running` says when it was first begun, `completed` when it was done."""
    connection.execute(
        text("""
            update footfall.erasure_requests
            set status = :status, error = :error,
                started_at = case when :status = 'running' then coalesce(started_at, now()) else started_at end,
                completed_at = case when :status = 'completed' then now() end
            where request_id = :request_id
        """),
        {"request_id": request_id, "status": status, "error": error},
    )


def withdraw_for_tenant(connection: Connection) -> bool:
    """Takes back the request for the bound tenant's end; False when it was begun. True where there is none."""
    begun = connection.execute(
        text("""
            select exists (
                select from footfall.erasure_requests
                where subject_kind = 'tenant' and status in ('running', 'waiting', 'failed', 'completed')
                  and started_at is not null
            )
        """)
    ).scalar_one()
    if begun:
        return False
    connection.execute(
        text(
            "update footfall.erasure_requests set status = 'withdrawn', error = null"
            " where subject_kind = 'tenant' and status <> 'withdrawn'"
        )
    )
    return True


def _request(row: RowMapping) -> ErasureRequest:
    return ErasureRequest.model_validate({name: row[name] for name in row if name != "sort_key"})
