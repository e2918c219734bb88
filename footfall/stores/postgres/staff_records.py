"""Table staff as administrators see it: lists, and changes of a record. Reading one, and photos, are in `staff`."""

from __future__ import annotations

from sqlalchemy import Connection, text

from contracts.base import StaffId
from contracts.people import Staff
from footfall.listing import Listed, Order, SortKey
from footfall.stores.postgres.staff import SELECT_STAFF

SORTS = (SortKey("created_at", "s.created_at", "timestamptz"), SortKey("name", "s.display_name", "text"))
ID_COLUMN = "s.staff_id"


def select_staff_page(
    connection: Connection,
    order: Order,
    *,
    name_contains: str | None,
    external_ref: str | None,
    enrolled: bool | None,
    cursor: str | None,
    limit: int,
) -> list[Listed[Staff]]:
    """Raises InputError for a cursor that is not this order's."""
    rows = connection.execute(
        text(f"""
            {SELECT_STAFF}, {order.sql_key} as sort_key
            from footfall.staff as s
            where (
                    cast(:contained as text) is null
                    or strpos(lower(s.display_name), lower(cast(:contained as text))) > 0
                  )
              and (cast(:external_ref as text) is null or s.external_ref = cast(:external_ref as text))
              and (
                    cast(:enrolled as boolean) is null
                    or cast(:enrolled as boolean) = exists (
                        select from footfall.staff_face_images as f
                        where f.tenant_id = s.tenant_id and f.staff_id = s.staff_id
                    )
                  )
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),
        {
            "contained": name_contains,
            "external_ref": external_ref,
            "enrolled": enrolled,
            "limit": limit,
            **order.parameters(cursor),
        },
    )
    return [
        Listed(row["sort_key"], Staff.model_validate({name: row[name] for name in row if name != "sort_key"}))
        for row in rows.mappings()
    ]


def update_staff(connection: Connection, staff: Staff) -> None:
    """The row as given, with the next version."""
    connection.execute(
        text("""
            update footfall.staff
            set display_name = :display_name, external_ref = :external_ref, version = version + 1
            where staff_id = :staff_id
        """),
        staff.model_dump(include={"staff_id", "display_name", "external_ref"}),
    )


def external_ref_taken(connection: Connection, external_ref: str, *, by_other_than: StaffId) -> bool:
    found = connection.execute(
        text("select exists (select from footfall.staff where external_ref = :ref and staff_id <> :staff_id)"),
        {"ref": external_ref, "staff_id": by_other_than},
    )
    return bool(found.scalar_one())
