"""Staff members: making, listing, reading, deleting. Their photographs are in `footfall.enrolment`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import PrivacyMode, StaffId, TemplateId, TenantId
from contracts.people import Staff, StaffCreate, StaffPage, StaffPatch
from footfall import audit
from footfall.errors import ConflictError, NotFoundError, PrivacyModeError
from footfall.listing import OLDEST_FIRST, PageRequest, choose_order, cut_page
from footfall.services import Services
from footfall.stores.postgres import customers, events, places, staff_records, visits
from footfall.stores.postgres import staff as table
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction
from footfall.versions import ANY_VERSION, Expected


def create_staff(engine: Engine, tenant_id: TenantId, staff: StaffCreate, *, actor: str) -> Staff:
    """Raises ConflictError for an external_ref in use."""
    with tenant_transaction(engine, tenant_id) as connection:
        made = table.insert_staff(connection, tenant_id, staff)
        if made is None:
            raise _external_ref_taken(staff.external_ref)
        audit.record(connection, actor=actor, action="staff.created", subject_kind="staff", subject_id=made.staff_id)
    return made


def list_staff(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest = OLDEST_FIRST,
    *,
    name_contains: str | None = None,
    external_ref: str | None = None,
    enrolled: bool | None = None,
) -> StaffPage:
    """Staff in the page's order. `enrolled`: those with, or without, a photograph. Raises InputError for a bad page."""
    order = choose_order("staff", staff_records.SORTS, staff_records.ID_COLUMN, page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = staff_records.select_staff_page(
            connection,
            order,
            name_contains=name_contains,
            external_ref=external_ref,
            enrolled=enrolled,
            cursor=page.cursor,
            limit=page.rows,
        )
    items, next_cursor = cut_page(order, found, page.limit, lambda staff: staff.staff_id)
    return StaffPage(items=items, next_cursor=next_cursor)


def get_staff(engine: Engine, tenant_id: TenantId, staff_id: StaffId) -> Staff:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_staff(connection, staff_id)
    if found is None:
        raise missing_staff(staff_id)
    return found


def change_staff(
    engine: Engine, tenant_id: TenantId, staff_id: StaffId, patch: StaffPatch, expected: Expected, *, actor: str
) -> Staff:
    """The staff member with the changes; without any, as they are. Raises NotFoundError, StaleVersionError,
    ConflictError for an external_ref in use."""
    changes = patch.changes(emptied_by_null=("external_ref",))
    with tenant_transaction(engine, tenant_id) as connection:
        current = table.select_staff(connection, staff_id, lock=True)
        if current is None:
            raise missing_staff(staff_id)
        expected.check(current.version)
        wanted = current.model_copy(update=changes)
        if wanted == current:
            return current
        if wanted.external_ref is not None and staff_records.external_ref_taken(
            connection, wanted.external_ref, by_other_than=staff_id
        ):
            raise _external_ref_taken(wanted.external_ref)
        staff_records.update_staff(connection, wanted)
        audit.record(
            connection,
            actor=actor,
            action="staff.changed",
            subject_kind="staff",
            subject_id=staff_id,
            # A name is personal: the log, which is never shortened, says that it changed and not to what.
            detail={"fields": [name for name in sorted(changes) if getattr(current, name) != getattr(wanted, name)]},
        )
    return wanted.model_copy(update={"version": current.version + 1})


def delete_staff(
    services: Services, tenant_id: TenantId, staff_id: StaffId, expected: Expected = ANY_VERSION, *, actor: str
) -> None:
    """Deletes the staff member with everything that names them: photographs, crops and templates, and also the events
    in which they were recognised, those events' images, and **their visits**, which leave the reports.

    The rows go last: while a store is away they stay, the error says so, and a repetition finishes the work. Raises
    NotFoundError, StaleVersionError, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        current = table.select_staff(connection, staff_id)
        if current is None:
            raise missing_staff(staff_id)
        expected.check(current.version)
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


def _external_ref_taken(external_ref: str | None) -> ConflictError:
    return ConflictError(
        f"The external_ref {external_ref!r} belongs to another staff member.",
        hint="Use that staff member, or another external_ref.",
    )


def missing_staff(staff_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no staff member {staff_id}.")


def recognisable_staff(connection: Connection, tenant_id: TenantId, staff_id: StaffId) -> PrivacyMode:
    """The tenant's privacy mode. Raises NotFoundError for somebody who is not staff, PrivacyModeError in count_only."""
    if table.select_staff(connection, staff_id) is None:
        raise missing_staff(staff_id)
    return recognising_mode(connection, tenant_id)


def recognising_mode(connection: Connection, tenant_id: TenantId) -> PrivacyMode:
    """The tenant's privacy mode. Raises PrivacyModeError in count_only."""
    mode = places.select_privacy_mode(connection, tenant_id)
    if mode is None or mode == "count_only":
        raise PrivacyModeError(
            "The tenant only counts: no face is compared and no template is kept.",
            hint="Change the tenant's privacy mode to staff_only or identify to recognise staff.",
        )
    return mode
