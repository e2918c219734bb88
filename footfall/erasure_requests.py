"""Requests to forget a customer, a staff member, a camera's period or a whole tenant: that somebody asked, when, and
until when. Carrying one out, and proving it, is `footfall.erasure`'s."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import CameraId, CustomerId, StaffId, TenantId
from contracts.erasure import (
    CameraSubject,
    CustomerSubject,
    ErasureRequest,
    ErasureRequestPage,
    ErasureStatus,
    ErasureStep,
    ErasureSubject,
    SignedCertificate,
    StaffSubject,
    TenantErasure,
)
from footfall import audit
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.legal_hold import Subject, require_not_held
from footfall.listing import PageRequest, choose_order, cut_page
from footfall.profiles import read_profile
from footfall.stores.postgres import cameras, erasures, staff, tenants
from footfall.stores.postgres import erasure_requests as table
from footfall.tenancy import tenant_transaction

TENANT_GRACE = timedelta(hours=24)
"""For so long a tenant's end can be taken back: a slip of the hand must not cost a customer's years."""
_DUE_AFTER = timedelta(days=30)  # a month, at its shortest but one: GDPR, Article 12(3)
_ORDER: tuple[str, ...] = ("rows", "keys", "vectors", "objects", "workers", "marts", "remains", "proof")


def request_erasure(
    engine: Engine, tenant_id: TenantId, subject: ErasureSubject, *, reference: str, now: datetime, actor: str
) -> ErasureRequest:
    """Records the request; of a customer who was merged, about the survivor, who is the same person.

    Raises NotFoundError, InputError for a period that is none or is not over, ConflictError for a customer who is staff
    by now, for what a legal hold keeps, and where a request about the same is open already.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        known = _known(connection, tenant_id, subject, now)
        require_not_held(connection, tenant_id, Subject(subject.kind, _id_of(known)))
        made = table.insert_request(
            connection,
            known.kind,
            reference=reference,
            requested_by=actor,
            due_at=now + _DUE_AFTER,
            not_before=now,
            **known.model_dump(exclude={"kind"}),
        )
        if made is None:
            raise ConflictError(
                f"There is a request to erase the {known.kind} {_id_of(known)} already.",
                hint="GET /v1/erasure-requests shows it.",
            )
        audit.record(
            connection,
            actor=actor,
            action=f"{known.kind}.erasure_requested",
            subject_kind=known.kind,
            subject_id=_id_of(known),
            detail={"request_id": str(made.request_id)},
        )
    return made


def request_tenant_erasure(
    connection: Connection, *, reference: str, now: datetime, actor: str, grace: timedelta = TENANT_GRACE
) -> ErasureRequest | None:
    """The bound tenant's end, not before the grace is over; None where it was asked for already."""
    return table.insert_request(
        connection,
        "tenant",
        reference=reference,
        requested_by=actor,
        due_at=now + _DUE_AFTER,
        not_before=now + grace,
    )


def order_tenant_erasure(
    engine: Engine, tenant_id: TenantId, *, reference: str, now: datetime, actor: str, grace: timedelta = TENANT_GRACE
) -> ErasureRequest:
    """Shuts the tenant and asks for its erasure, as DELETE /v1/tenants/{tenant_id} does; for the operator.

    Raises NotFoundError, ConflictError for a platform tenant, one that is erased or held, and where it was asked for.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        row = tenants.bound(connection, locked=True)
        if row is None:
            raise NotFoundError(f"There is no tenant {tenant_id}.")
        if row.platform or row.status == "erased":
            raise ConflictError("The home of system administrators, and what is erased, cannot be erased.")
        require_not_held(connection, tenant_id, Subject("tenant", tenant_id))
        tenants.update(connection, replace(row, status="deletion_requested"))
        made = request_tenant_erasure(connection, reference=reference, now=now, actor=actor, grace=grace)
        if made is None:
            raise ConflictError("The tenant's erasure was asked for already.", hint="`footfall purge status` shows it.")
        audit.record(
            connection,
            actor=actor,
            action="tenant.deletion_requested",
            subject_kind="tenant",
            subject_id=tenant_id,
            detail={"request_id": str(made.request_id)},
        )
    return made


def withdraw_tenant_erasure(connection: Connection) -> None:
    """Takes the request for the bound tenant's end back. Raises ConflictError once it was begun."""
    if not table.withdraw_for_tenant(connection):
        raise ConflictError("The tenant's erasure has begun, and cannot be taken back.")


def list_requests(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest,
    *,
    status: ErasureStatus | None = None,
    customer_id: UUID | None = None,
) -> ErasureRequestPage:
    """Requests in the page's order, without their steps. Raises InputError for a bad page."""
    order = choose_order("erasure-requests", table.SORTS, table.ID_COLUMN, page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_requests(
            connection, order, status=status, customer_id=customer_id, cursor=page.cursor, limit=page.rows
        )
    items, next_cursor = cut_page(order, found, page.limit, lambda request: request.request_id)
    return ErasureRequestPage(items=items, next_cursor=next_cursor)


def get_request(engine: Engine, tenant_id: TenantId, request_id: UUID) -> ErasureRequest:
    """With its steps. Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_request(connection, request_id)
        if found is None:
            raise NotFoundError(f"There is no erasure request {request_id}.")
        return with_steps(connection, found)


def tenant_erasure(engine: Engine, tenant_id: TenantId) -> TenantErasure:
    """What became of the last request for the tenant's end. Raises NotFoundError where there is none."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_latest_of_tenant(connection)
        if found is None:
            raise NotFoundError("The tenant's end was never asked for.")
        return TenantErasure(
            request=with_steps(connection, found),
            certificate=erasures.select_certificate(connection, found.request_id),
        )


def certificate_of(engine: Engine, tenant_id: TenantId, request_id: UUID) -> SignedCertificate:
    """Raises NotFoundError while there is none."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = erasures.select_certificate(connection, request_id)
        request = table.select_request(connection, request_id)
    if request is None:
        raise NotFoundError(f"There is no erasure request {request_id}.")
    if found is None:
        raise NotFoundError(
            f"There is no certificate: the request is {request.status}.", hint="It comes with the proof."
        )
    return found


def ready_requests(engine: Engine, tenant_ids: list[TenantId]) -> list[tuple[TenantId, ErasureRequest]]:
    """Those that can be carried out now, of these tenants, the first due first."""
    found = []
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            found += [(tenant_id, request) for request in table.select_unfinished(connection, now=datetime.now(UTC))]
    return sorted(found, key=lambda one: (one[1].due_at, one[1].request_id))


def with_steps(connection: Connection, request: ErasureRequest) -> ErasureRequest:
    """The request with its steps in their order."""
    steps: list[ErasureStep] = sorted(
        erasures.select_steps(connection, request.request_id).values(), key=lambda step: _ORDER.index(step.step)
    )
    return request.model_copy(update={"steps": tuple(steps)})


def _known(connection: Connection, tenant_id: TenantId, subject: ErasureSubject, now: datetime) -> ErasureSubject:
    """Raises as `request_erasure`."""
    match subject:
        case CustomerSubject():
            profile = read_profile(connection, tenant_id, CustomerId(subject.customer_id))
            return subject.model_copy(update={"customer_id": profile.customer_id})
        case StaffSubject():
            if staff.select_staff(connection, StaffId(subject.staff_id)) is None:
                raise NotFoundError(f"There is no staff member {subject.staff_id}.")
        case CameraSubject():
            if cameras.select_camera(connection, CameraId(subject.camera_id)) is None:
                raise NotFoundError(f"There is no camera {subject.camera_id}.")
            if not subject.since < subject.until <= now:
                raise InputError(
                    "The period must have a beginning before its end, and be over.",
                    hint="`since` is part of it, `until` is not.",
                )
    return subject


def _id_of(subject: ErasureSubject) -> UUID:
    match subject:
        case CustomerSubject():
            return subject.customer_id
        case StaffSubject():
            return subject.staff_id
        case CameraSubject():
            return subject.camera_id
