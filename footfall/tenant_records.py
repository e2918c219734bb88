"""Tenants as records: the own one with its privacy mode, and all of them for a platform's system administrators. What a
mode means for faces is decided where they are met."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.erasure import TenantErasure
from contracts.tenants import OwnTenantPatch, Tenant, TenantCreate, TenantPage, TenantPatch, TenantStatus
from footfall import audit, erasure_requests
from footfall.access import NewUser, Principal, add_user
from footfall.errors import ConflictError, ForbiddenError, LegalBasisMissingError, NotFoundError
from footfall.legal_hold import Subject, require_not_held
from footfall.listing import OLDEST_FIRST, PageRequest, SortKey, choose_order
from footfall.stores.postgres import tenants
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected

_SORTS = (
    SortKey("created_at", "created_at", "timestamptz"),
    SortKey("slug", "slug", "text"),
    SortKey("name", "name", "text"),
)


def check_basis(row: tenants.TenantRow) -> None:
    """Raises LegalBasisMissingError for `identify` without a legal basis or retention days."""
    if row.privacy_mode == "identify" and (not (row.legal_basis or "").strip() or row.retention_days is None):
        raise LegalBasisMissingError(
            "A tenant in privacy mode identify needs a recorded legal basis and retention days.",
            hint="Give legal_basis and retention_days, or choose staff_only or count_only.",
        )


def own(engine: Engine, tenant_id: TenantId) -> Tenant:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        row = tenants.bound(connection)
    if row is None:
        raise _missing(tenant_id)
    return _shown(row)


def smallest_count(engine: Engine, tenant_id: TenantId) -> int:
    """What a report tells the tenant's site managers at least. Raises NotFoundError."""
    return own(engine, tenant_id).smallest_count


def change_own(engine: Engine, caller: Principal, patch: OwnTenantPatch, *, expected: Expected) -> Tenant:
    """Raises StaleVersionError, and LegalBasisMissingError for `identify` without what it needs."""
    return _change(engine, caller.tenant_id, patch, expected=expected, actor=caller.subject)


def create(engine: Engine, caller: Principal, wanted: TenantCreate) -> Tenant:
    """A tenant with its first administrator, recorded in its own log and in the platform's.

    Raises ForbiddenError outside a platform tenant, ConflictError for a slug in use, LegalBasisMissingError, and
    InputError for an e-mail address or password that cannot be used.
    """
    _check_platform(engine, caller)
    tenant_id = TenantId(uuid4())
    row = tenants.TenantRow(
        tenant_id=tenant_id,
        slug=wanted.slug,
        name=wanted.name,
        privacy_mode=wanted.privacy_mode,
        legal_basis=wanted.legal_basis,
        retention_days=wanted.retention_days,
    )
    check_basis(row)
    admin = NewUser.checked(
        email=wanted.admin_email, password=wanted.admin_password.get_secret_value(), role="tenant_admin"
    )
    actor = _abroad(caller)
    with tenant_transaction(engine, tenant_id) as connection:
        if not tenants.add_for_platform(connection, caller.tenant_id, row):
            raise ConflictError(f"There is a tenant {wanted.slug!r} already.", hint="Choose another slug.")
        audit.record(
            connection,
            actor=actor,
            action="tenant.created",
            subject_kind="tenant",
            subject_id=tenant_id,
            detail={"privacy_mode": wanted.privacy_mode, "retention_days": wanted.retention_days},
        )
        add_user(connection, admin, actor=actor)
        made = tenants.bound(connection)
    _note_at_home(engine, caller, "tenant.created", tenant_id)
    if made is None:
        raise _missing(tenant_id)
    return _shown(made)


def list_tenants(
    engine: Engine,
    caller: Principal,
    page: PageRequest = OLDEST_FIRST,
    *,
    status: TenantStatus | None = None,
) -> TenantPage:
    """Raises ForbiddenError outside a platform tenant, InputError for a bad page."""
    order = choose_order("tenants", _SORTS, "tenant_id", page.sort)
    _check_platform(engine, caller)
    with tenant_transaction(engine, caller.tenant_id) as connection:
        rows, more = tenants.select_all(connection, order=order, cursor=page.cursor, limit=page.limit, status=status)
    return TenantPage(items=tuple(_shown(row) for row in rows), next_cursor=more)


def get(engine: Engine, caller: Principal, tenant_id: TenantId) -> Tenant:
    """The record, and nothing else of the tenant. Raises ForbiddenError outside a platform tenant, NotFoundError."""
    _check_platform(engine, caller)
    return own(engine, tenant_id)


def change(engine: Engine, caller: Principal, tenant_id: TenantId, patch: TenantPatch, *, expected: Expected) -> Tenant:
    """As `change_own`, and the status too. Raises ForbiddenError outside a platform tenant, NotFoundError,
    ConflictError for the suspension of a platform."""
    _check_platform(engine, caller)
    changed = _change(engine, tenant_id, patch, expected=expected, actor=_abroad(caller), status=patch.status)
    _note_at_home(engine, caller, "tenant.changed", tenant_id)
    return changed


def request_deletion(engine: Engine, caller: Principal, tenant_id: TenantId, *, expected: Expected) -> Tenant:
    """From now on nobody of the tenant gets in, and the erasure of all it has is asked for; until that begins PATCH
    with the status `active` takes the request back. Raises as `change`."""
    _check_platform(engine, caller)
    changed = _change(
        engine, tenant_id, TenantPatch(), expected=expected, actor=_abroad(caller), status="deletion_requested"
    )
    _note_at_home(engine, caller, "tenant.deletion_requested", tenant_id)
    return changed


def erasure(engine: Engine, caller: Principal, tenant_id: TenantId) -> TenantErasure:
    """The request for the tenant's end, and its certificate. Raises ForbiddenError outside a platform tenant,
    NotFoundError."""
    _check_platform(engine, caller)
    return erasure_requests.tenant_erasure(engine, tenant_id)


def _change(
    engine: Engine,
    tenant_id: TenantId,
    patch: OwnTenantPatch,
    *,
    expected: Expected,
    actor: str,
    status: TenantStatus | None = None,
) -> Tenant:
    given = patch.model_fields_set
    with tenant_transaction(engine, tenant_id) as connection:
        row = tenants.bound(connection, locked=True)
        if row is None:
            raise _missing(tenant_id)
        expected.check(row.version)
        wanted = replace(
            row,
            name=row.name if patch.name is None else patch.name,
            privacy_mode=row.privacy_mode if patch.privacy_mode is None else patch.privacy_mode,
            legal_basis=patch.legal_basis if "legal_basis" in given else row.legal_basis,
            retention_days=patch.retention_days if "retention_days" in given else row.retention_days,
            smallest_count=row.smallest_count if patch.smallest_count is None else patch.smallest_count,
            status=row.status if status is None else status,
        )
        check_basis(wanted)
        if row.platform and wanted.status != "active":
            raise ConflictError("The home of system administrators can be neither suspended nor deleted.")
        _follow_status(connection, row.status, wanted.status, tenant_id, actor)
        tenants.update(connection, wanted)
        audit.record(
            connection,
            actor=actor,
            action="tenant.changed" if status != "deletion_requested" else "tenant.deletion_requested",
            subject_kind="tenant",
            subject_id=tenant_id,
            detail={
                "privacy_mode": {"from": row.privacy_mode, "to": wanted.privacy_mode},
                "legal_basis": wanted.legal_basis,
                "retention_days": {"from": row.retention_days, "to": wanted.retention_days},
                "smallest_count": {"from": row.smallest_count, "to": wanted.smallest_count},
                "status": {"from": row.status, "to": wanted.status},
                "renamed": row.name != wanted.name,
            },
        )
        made = tenants.bound(connection)
    if made is None:
        raise _missing(tenant_id)
    return _shown(made)


def _follow_status(
    connection: Connection, before: TenantStatus, after: TenantStatus, tenant_id: TenantId, actor: str
) -> None:
    """The request for the tenant's erasure comes with the request for its end, and goes with it. Raises ConflictError
    for a tenant whose erasure has begun, and for one that a legal hold keeps."""
    if before == "erased":
        raise ConflictError("The tenant is erased.")
    if after == "deletion_requested" and before != after:
        require_not_held(connection, tenant_id, Subject("tenant", tenant_id))
        erasure_requests.request_tenant_erasure(
            connection, reference="The tenant's end", now=datetime.now(UTC), actor=actor
        )
    elif before == "deletion_requested" and before != after:
        erasure_requests.withdraw_tenant_erasure(connection)


def _check_platform(engine: Engine, caller: Principal) -> None:
    """The access table lets no other role in; this holds the place to it, too."""
    if caller.role == "system_admin" and caller.acting is None:
        with tenant_transaction(engine, caller.tenant_id) as connection:
            home = tenants.bound(connection)
        if home is not None and home.platform:
            return
    raise ForbiddenError(
        "Tenants are administered from a system administrator's own tenant.",
        hint="End the switch with POST /v1/auth/revoke, and use your own access token.",
    )


def _abroad(caller: Principal) -> str:
    """How another tenant's log names a system administrator."""
    return f"system_admin:{caller.subject.partition(':')[2]}"


def _note_at_home(engine: Engine, caller: Principal, action: str, tenant_id: TenantId) -> None:
    with tenant_transaction(engine, caller.tenant_id) as connection:
        audit.record(connection, actor=caller.subject, action=action, subject_kind="tenant", subject_id=tenant_id)


def _missing(tenant_id: TenantId) -> NotFoundError:
    return NotFoundError(f"There is no tenant {tenant_id}.")


def _shown(row: tenants.TenantRow) -> Tenant:
    return Tenant(
        tenant_id=row.tenant_id,
        slug=row.slug,
        name=row.name,
        privacy_mode=row.privacy_mode,
        legal_basis=row.legal_basis,
        retention_days=row.retention_days,
        smallest_count=row.smallest_count,
        platform=row.platform,
        status=row.status,
        status_since=row.status_since,
        created_at=row.created_at,
        version=row.version,
    )
