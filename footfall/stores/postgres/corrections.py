"""Table corrections and the marks of retirement on customers. Rows in and out; what a correction does is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CustomerId, StaffId, TenantId
from contracts.corrections import CorrectionKind
from footfall.correction_records import Changes, CorrectionRow
from footfall.cursors import Position


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """`merged_into`, `staff_id`: whom a retired customer was found to be; `retired_by` the correction."""

    customer_id: CustomerId
    first_seen_at: datetime
    last_seen_at: datetime
    merged_into: CustomerId | None
    staff_id: StaffId | None
    retired_by: UUID | None


def insert_correction(
    connection: Connection,
    tenant_id: TenantId,
    correction_id: UUID,
    *,
    kind: CorrectionKind,
    actor: str,
    changes: Changes,
    undoes: UUID | None,
) -> CorrectionRow:
    row = connection.execute(
        text("""
            insert into footfall.corrections (tenant_id, correction_id, kind, actor, detail, undoes)
            values (:tenant_id, :correction_id, :kind, :actor, cast(:detail as jsonb), :undoes)
            returning correction_id, correction_no, kind, at, actor, detail, undoes, undone_by
        """),
        {
            "tenant_id": tenant_id,
            "correction_id": correction_id,
            "kind": kind,
            "actor": actor,
            "detail": changes.model_dump_json(exclude_defaults=True),
            "undoes": undoes,
        },
    )
    return _row(row.mappings().one())


def mark_undone(connection: Connection, correction_id: UUID, undone_by: UUID) -> None:
    connection.execute(
        text("update footfall.corrections set undone_by = :undone_by where correction_id = :correction_id"),
        {"correction_id": correction_id, "undone_by": undone_by},
    )


def select_correction(connection: Connection, correction_id: UUID) -> CorrectionRow | None:
    row = connection.execute(
        text("""
            select correction_id, correction_no, kind, at, actor, detail, undoes, undone_by
            from footfall.corrections where correction_id = :correction_id
        """),
        {"correction_id": correction_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _row(found)


def select_standing_after(connection: Connection, number: int) -> list[CorrectionRow]:
    """Later corrections that were not undone, oldest first."""
    rows = connection.execute(
        text("""
            select correction_id, correction_no, kind, at, actor, detail, undoes, undone_by
            from footfall.corrections
            where correction_no > :number and kind <> 'undo' and undone_by is null
            order by correction_no
        """),
        {"number": number},
    )
    return [_row(row) for row in rows.mappings()]


def select_log(connection: Connection) -> list[CorrectionRow]:
    """The whole log, oldest first."""
    rows = connection.execute(
        text("""
            select correction_id, correction_no, kind, at, actor, detail, undoes, undone_by
            from footfall.corrections order by correction_no
        """)
    )
    return [_row(row) for row in rows.mappings()]


def select_correction_page(connection: Connection, *, after: Position | None, limit: int) -> list[CorrectionRow]:
    """Latest first."""
    rows = connection.execute(
        text("""
            select correction_id, correction_no, kind, at, actor, detail, undoes, undone_by
            from footfall.corrections
            where cast(:after_at as timestamptz) is null
               or (at, correction_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid))
            order by at desc, correction_id desc
            limit :limit
        """),
        {
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [_row(row) for row in rows.mappings()]


def select_customer(connection: Connection, customer_id: CustomerId) -> CustomerRow | None:
    row = connection.execute(
        text("""
            select customer_id, first_seen_at, last_seen_at, merged_into, staff_id, retired_by
            from footfall.customers where customer_id = :customer_id
        """),
        {"customer_id": customer_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else CustomerRow(**found)


def retire_customer(
    connection: Connection,
    customer_id: CustomerId,
    *,
    merged_into: CustomerId | None,
    staff_id: StaffId | None,
    retired_by: UUID,
) -> None:
    connection.execute(
        text("""
            update footfall.customers
            set merged_into = :merged_into, staff_id = :staff_id, retired_by = :retired_by
            where customer_id = :customer_id
        """),
        {
            "customer_id": customer_id,
            "merged_into": merged_into,
            "staff_id": staff_id,
            "retired_by": retired_by,
        },
    )


def bring_back_customer(connection: Connection, customer_id: CustomerId) -> None:
    connection.execute(
        text("""
            update footfall.customers
            set merged_into = null, staff_id = null, retired_by = null
            where customer_id = :customer_id
        """),
        {"customer_id": customer_id},
    )


def delete_customer_row(connection: Connection, customer_id: CustomerId) -> None:
    """Its events and visits must be gone; its templates go with it."""
    connection.execute(
        text("delete from footfall.customers where customer_id = :customer_id"), {"customer_id": customer_id}
    )


def update_face_owner(connection: Connection, face_id: UUID, staff_id: UUID) -> None:
    connection.execute(
        text("update footfall.staff_face_images set staff_id = :staff_id where face_id = :face_id"),
        {"face_id": face_id, "staff_id": staff_id},
    )


def _row(row: RowMapping) -> CorrectionRow:
    return CorrectionRow(
        correction_id=row["correction_id"],
        number=row["correction_no"],
        kind=row["kind"],
        at=row["at"],
        actor=row["actor"],
        changes=Changes.model_validate(row["detail"], strict=False),
        undoes=row["undoes"],
        undone_by=row["undone_by"],
    )
