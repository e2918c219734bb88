"""The table erasure_requests: rows in and out. No rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CustomerId
from contracts.customers import ErasureRequest, ErasureStatus
from footfall.listing import Listed, Order, SortKey

SORTS = (SortKey("requested_at", "r.requested_at", "timestamptz"), SortKey("due_at", "r.due_at", "timestamptz"))
ID_COLUMN = "r.request_id"

_COLUMNS = "r.request_id, r.customer_id, r.status, r.reference, r.requested_at, r.requested_by, r.due_at"


def insert_request(
    connection: Connection, customer_id: CustomerId, *, reference: str, requested_by: str, due_at: datetime
) -> ErasureRequest | None:
    """None where a request about the customer is not completed yet."""
    row = connection.execute(
        text(f"""
            insert into footfall.erasure_requests as r (tenant_id, customer_id, reference, requested_by, due_at)
            values (footfall.current_tenant(), :customer_id, :reference, :requested_by, :due_at)
            on conflict (tenant_id, customer_id) where status <> 'completed' do nothing
            returning {_COLUMNS}
        """),  # noqa: S608 - a constant of this module
        {"customer_id": customer_id, "reference": reference, "requested_by": requested_by, "due_at": due_at},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _request(found)


def select_request(connection: Connection, request_id: UUID) -> ErasureRequest | None:
    row = connection.execute(
        text(f"select {_COLUMNS} from footfall.erasure_requests as r where r.request_id = :request_id"),  # noqa: S608
        {"request_id": request_id},
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


def _request(row: RowMapping) -> ErasureRequest:
    return ErasureRequest.model_validate({name: row[name] for name in row if name != "sort_key"})
