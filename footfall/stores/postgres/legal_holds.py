"""The table legal_holds: rows in and out, and whom they reach. Who may place one is not decided here."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.legal_holds import HoldSubject, LegalHold
from footfall.listing import Listed, Order, SortKey

SORTS = (SortKey("placed_at", "h.placed_at", "timestamptz"),)
ID_COLUMN = "h.hold_id"

_COLUMNS = "h.hold_id, h.subject_kind, h.subject_id, h.reference, h.placed_at, h.placed_by, h.lifted_at, h.lifted_by"

# Customers who were merged are one person with the customer who stayed, whichever of them is named.
_SAME_PERSON = """
    with recursive same (customer_id) as (
        select customer_id from footfall.customers where customer_id = any(cast(:ids as uuid[]))
        union
        select n.customer_id
        from same as s
        cross join lateral (
            select c.merged_into as customer_id from footfall.customers as c
            where c.customer_id = s.customer_id and c.merged_into is not null
            union all
            select c.customer_id from footfall.customers as c where c.merged_into = s.customer_id
        ) as n
    )
    select customer_id from same
"""

_REACHED: dict[HoldSubject, str] = {
    "tenant": "select 1 from standing",
    "customer": f"""
        select 1 from standing
        where subject_kind = 'tenant'
           or (subject_kind = 'customer' and subject_id in ({_SAME_PERSON}))
           or (subject_kind = 'staff' and subject_id in (
               select c.staff_id from footfall.customers as c where c.customer_id in ({_SAME_PERSON})
           ))
        union all
        select 1 from standing as s
        inner join footfall.face_events as e on s.subject_kind = 'camera' and s.subject_id = e.camera_id
        where e.customer_id in ({_SAME_PERSON})
    """,  # noqa: S608 - a constant of this module
    "staff": """
        select 1 from standing
        where subject_kind = 'tenant' or (subject_kind = 'staff' and subject_id = any(cast(:ids as uuid[])))
        union all
        select 1 from standing as s
        inner join footfall.face_events as e on s.subject_kind = 'camera' and s.subject_id = e.camera_id
        where e.staff_id = any(cast(:ids as uuid[]))
    """,
    "camera": """
        select 1 from standing
        where subject_kind = 'tenant' or (subject_kind = 'camera' and subject_id = any(cast(:ids as uuid[])))
        union all
        select 1 from standing as s
        inner join footfall.face_events as e
            on (s.subject_kind = 'customer' and s.subject_id = e.customer_id)
            or (s.subject_kind = 'staff' and s.subject_id = e.staff_id)
        where e.camera_id = any(cast(:ids as uuid[]))
    """,
}
_HELD = {
    kind: text(
        "with standing as (select subject_kind, subject_id from footfall.legal_holds where lifted_at is null)"  # noqa: S608
        f" select exists ({reached} limit 1)"
    )
    for kind, reached in _REACHED.items()
}

HELD_EVENTS = """
    exists (
        select from footfall.legal_holds as h
        where h.lifted_at is null and (
            h.subject_kind = 'tenant'
            or (h.subject_kind = 'camera' and h.subject_id = e.camera_id)
            or (h.subject_kind = 'staff' and h.subject_id = e.staff_id)
            or (h.subject_kind = 'customer' and (h.subject_id = e.customer_id or h.subject_id in (
                select c.customer_id from footfall.customers as c where c.merged_into = e.customer_id
            )))
        )
    )
"""
"""A condition on `footfall.face_events as e`: the sighting is held."""


def hold_still(connection: Connection) -> None:
    """Until the transaction ends, no hold is placed in the bound tenant."""
    connection.execute(text("select 1 from footfall.tenants where tenant_id = footfall.current_tenant() for share"))


def is_held(connection: Connection, kind: HoldSubject, ids: Collection[UUID]) -> bool:
    found: bool = connection.execute(_HELD[kind], {"ids": list(ids)}).scalar_one()
    return found


def select_standing_subjects(connection: Connection) -> list[tuple[HoldSubject, UUID]]:
    """Everything that is held in the bound tenant."""
    rows = connection.execute(
        text("select distinct subject_kind, subject_id from footfall.legal_holds where lifted_at is null")
    )
    return [(row.subject_kind, row.subject_id) for row in rows]


def insert_hold(
    connection: Connection, kind: HoldSubject, subject_id: UUID, *, reference: str, placed_by: str
) -> LegalHold:
    row = connection.execute(
        text(f"""
            insert into footfall.legal_holds as h (tenant_id, subject_kind, subject_id, reference, placed_by)
            values (footfall.current_tenant(), :kind, :subject_id, :reference, :placed_by)
            returning {_COLUMNS}
        """),  # noqa: S608 - a constant of this module
        {"kind": kind, "subject_id": subject_id, "reference": reference, "placed_by": placed_by},
    )
    return _hold(row.mappings().one())


def lift_row(connection: Connection, hold_id: UUID, *, lifted_by: str) -> LegalHold | None:
    """None where no such hold stands."""
    row = connection.execute(
        text(f"""
            update footfall.legal_holds as h set lifted_at = now(), lifted_by = :lifted_by
            where h.hold_id = :hold_id and h.lifted_at is null
            returning {_COLUMNS}
        """),  # noqa: S608 - a constant of this module
        {"hold_id": hold_id, "lifted_by": lifted_by},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _hold(found)


def select_holds(
    connection: Connection, order: Order, *, standing: bool | None, cursor: str | None, limit: int
) -> list[Listed[LegalHold]]:
    """Raises InputError for a cursor that is not this order's."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS}, {order.sql_key} as sort_key
            from footfall.legal_holds as h
            where (cast(:standing as boolean) is null or (h.lifted_at is null) = cast(:standing as boolean))
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),  # noqa: S608 - the order's fragments stand in the code
        {"standing": standing, "limit": limit, **order.parameters(cursor)},
    )
    return [Listed(row["sort_key"], _hold(row)) for row in rows.mappings()]


def subject_exists(connection: Connection, kind: HoldSubject, subject_id: UUID) -> bool:
    table, column = {
        "tenant": ("tenants", "tenant_id"),
        "camera": ("cameras", "camera_id"),
        "customer": ("customers", "customer_id"),
        "staff": ("staff", "staff_id"),
    }[kind]
    found: bool = connection.execute(
        text(f"select exists (select from footfall.{table} where {column} = :id)"),  # noqa: S608 - the table above
        {"id": subject_id},
    ).scalar_one()
    return found


def _hold(row: RowMapping) -> LegalHold:
    return LegalHold.model_validate({name: row[name] for name in row if name != "sort_key"})
