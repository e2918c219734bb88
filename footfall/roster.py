"""Staff members: making, listing, reading, deleting. Their photographs are in `footfall.enrolment`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import PrivacyMode, StaffId, TemplateId, TenantId
from contracts.people import Staff, StaffCreate, StaffPage
from footfall import audit
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import ConflictError, NotFoundError, PrivacyModeError
from footfall.services import Services
from footfall.stores.postgres import customers, events, places, visits
from footfall.stores.postgres import staff as table
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction

_STAFF = "staff"


def create_staff(engine: Engine, tenant_id: TenantId, staff: StaffCreate, *, actor: str) -> Staff:
    """Raises ConflictError for an external_ref in use."""
    with tenant_transaction(engine, tenant_id) as connection:
        made = table.insert_staff(connection, tenant_id, staff)
        if made is None:
            raise ConflictError(
                f"The external_ref {staff.external_ref!r} belongs to another staff member.",
                hint="Use that staff member, or another external_ref.",
            )
        audit.record(connection, actor=actor, action="staff.created", subject_kind="staff", subject_id=made.staff_id)
    return made


def list_staff(engine: Engine, tenant_id: TenantId, *, limit: int, cursor: str | None) -> StaffPage:
    """Staff, oldest record first. Raises InputError for a bad limit or cursor."""
    check_limit(limit)
    after = decode_cursor(_STAFF, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_staff_page(connection, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    last = Position(shown[-1].created_at, shown[-1].staff_id) if more else None
    return StaffPage(items=tuple(shown), next_cursor=None if last is None else encode_cursor(_STAFF, last))


def get_staff(engine: Engine, tenant_id: TenantId, staff_id: StaffId) -> Staff:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_staff(connection, staff_id)
    if found is None:
        raise missing_staff(staff_id)
    return found


def delete_staff(services: Services, tenant_id: TenantId, staff_id: StaffId, *, actor: str) -> None:
    """Deletes the staff member with everything that names them: photographs, crops and templates, and also the events
    in which they were recognised, those events' images, and **their visits**, which leave the reports.

    The rows go last: while a store is away they stay, the error says so, and a repetition finishes the work. Raises
    NotFoundError, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        if table.select_staff(connection, staff_id) is None:
            raise missing_staff(staff_id)
        faces = table.select_faces(connection, staff_id)
        event_count, event_images = events.delete_events_of_staff(connection, staff_id)
        visit_count = visits.delete_visits_of_staff(connection, staff_id)
        templates = [
            *(TemplateId(face.face_id) for face in faces),
            *customers.select_templates_of_staff(connection, staff_id),
        ]
        table.delete_staff_row(connection, staff_id)
        audit.record(
            connection,
            actor=actor,
            action="staff.deleted",
            subject_kind="staff",
            subject_id=staff_id,
            detail={"faces": len(faces), "events": event_count, "visits": visit_count},
        )
        # A member who was never enrolled is in no other store, and can go while one is away.
        if templates:
            services.vectors.delete(tenant_id, templates)
        if faces:
            stored = [key for face in faces for key in (face.image_key, face.crop_key)]
            services.objects.delete(tenant_id, "derived", stored)
        if event_images:
            services.objects.delete(tenant_id, "raw", event_images)


def missing_staff(staff_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no staff member {staff_id}.")


def recognisable_staff(connection: Connection, tenant_id: TenantId, staff_id: StaffId) -> PrivacyMode:
    """The tenant's privacy mode. Raises NotFoundError for somebody who is not staff, PrivacyModeError in count_only."""
    mode = places.select_privacy_mode(connection, tenant_id)
    if mode is None or table.select_staff(connection, staff_id) is None:
        raise missing_staff(staff_id)
    if mode == "count_only":
        raise PrivacyModeError(
            "The tenant only counts: no face is compared and no template is kept.",
            hint="Change the tenant's privacy mode to staff_only or identify to recognise staff.",
        )
    return mode
