"""Users of a tenant as its administrators change them, and one's own password. Signing in is `footfall.access`'."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from contracts.base import Role, SiteId, TenantId, UserId
from contracts.users import User, UserCreate, UserPage, UserPatch, UserRole
from footfall import audit
from footfall.access import NewUser, Principal, add_user, check_role
from footfall.api_keys import check_scope
from footfall.errors import ConflictError, ForbiddenError, InputError, NotFoundError, WrongPasswordError
from footfall.listing import OLDEST_FIRST, PageRequest, SortKey, choose_order
from footfall.passwords import hash_password, password_matches
from footfall.sessions import subject_ids
from footfall.stores.postgres import sessions, tenants
from footfall.stores.postgres import users as table
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected

_ADMIN_ROLES: frozenset[UserRole] = frozenset({"tenant_admin", "system_admin"})
_SORTS = (
    SortKey("created_at", "created_at", "timestamptz"),
    SortKey("email", "email", "text"),
    SortKey("last_login_at", "coalesce(last_login_at, to_timestamp(0))", "timestamptz"),
)


def create(engine: Engine, caller: Principal, wanted: UserCreate) -> User:
    """Raises InputError for an e-mail address or role that a user here cannot have and for sites of an administrator,
    NotFoundError for a site, ConflictError for an e-mail address in use, ForbiddenError for a role above the caller's.
    """
    _check_reach(caller, wanted.role)
    user = NewUser.checked(email=wanted.email, password=wanted.password.get_secret_value(), role=wanted.role)
    sites = frozenset(SiteId(site) for site in wanted.site_ids)
    _check_sites(wanted.role, sites)
    with tenant_transaction(engine, caller.tenant_id) as connection:
        user_id = add_user(connection, user, actor=caller.subject, site_ids=sites)
        return _shown(_found(connection, user_id))


def list_users(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest = OLDEST_FIRST,
    *,
    role: UserRole | None = None,
    active: bool | None = None,
    email: str | None = None,
) -> UserPage:
    """`email`: a part of the address. Raises InputError for a bad page."""
    order = choose_order("users", _SORTS, "user_id", page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        rows, more = table.select(
            connection, order=order, cursor=page.cursor, limit=page.limit, role=role, active=active, email=email
        )
    return UserPage(items=tuple(_shown(row) for row in rows), next_cursor=more)


def get(engine: Engine, tenant_id: TenantId, user_id: UserId) -> User:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        return _shown(_found(connection, user_id))


def change(engine: Engine, caller: Principal, user_id: UserId, patch: UserPatch, *, expected: Expected) -> User:
    """A new role or password ends the user's sessions, and so does being made inactive.

    Raises as `create`, NotFoundError, StaleVersionError, and ConflictError for what would leave the tenant without an
    active administrator.
    """
    new_hash = None if patch.password is None else hash_password(patch.password.get_secret_value())
    with tenant_transaction(engine, caller.tenant_id) as connection:
        _lock_tenant(connection)
        row = _found(connection, user_id, locked=True)
        expected.check(row.version)
        role = row.role if patch.role is None else patch.role
        active = row.active if patch.active is None else patch.active
        _check_reach(caller, row.role)
        _check_reach(caller, role)
        check_role(connection, role)
        if row.role in _ADMIN_ROLES and row.active and not (role in _ADMIN_ROLES and active):
            _check_not_the_last(connection, user_id)
        sites = _sites_after(row, patch, role)
        check_scope(connection, None, sites)
        table.update(connection, user_id, role=role, active=active)
        if sites != row.site_ids:
            table.replace_sites(connection, user_id, sites)
        if new_hash is not None:
            table.set_password_hash(connection, user_id, new_hash)
            sessions.end_of_user(connection, user_id, "an administrator set a new password")
        if not active:
            sessions.end_of_user(connection, user_id, "the user was made inactive")
        _record(connection, "user.changed", user_id, caller.subject, sorted(patch.model_fields_set))
        return _shown(_found(connection, user_id))


def delete(engine: Engine, caller: Principal, user_id: UserId, *, expected: Expected) -> None:
    """With the user's sessions; the audit log keeps what they did. Raises as `change`."""
    with tenant_transaction(engine, caller.tenant_id) as connection:
        _lock_tenant(connection)
        row = _found(connection, user_id, locked=True)
        expected.check(row.version)
        _check_reach(caller, row.role)
        if row.role in _ADMIN_ROLES and row.active:
            _check_not_the_last(connection, user_id)
        table.delete(connection, user_id)
        _record(connection, "user.deleted", user_id, caller.subject, [])


def change_own_password(engine: Engine, caller: Principal, *, current: str, new: str) -> None:
    """Ends every other session of the user. Raises ForbiddenError for a caller who is no user of the tenant,
    WrongPasswordError, InputError for a new one that cannot be used."""
    user_id, _ = subject_ids(caller.subject)
    if user_id is None:
        raise ForbiddenError("Only a person has a password.", hint="An API key is rotated instead.")
    with tenant_transaction(engine, caller.tenant_id) as connection:
        row = _found(connection, user_id)
    # Outside the transaction: hashing takes tens of milliseconds.
    if not password_matches(row.password_hash, current):
        raise WrongPasswordError("The current password is not right.", hint="Nothing was changed.")
    new_hash = hash_password(new)
    with tenant_transaction(engine, caller.tenant_id) as connection:
        table.set_password_hash(connection, user_id, new_hash)
        sessions.end_of_user(connection, user_id, "the password was changed", but=caller.session_id)
        _record(connection, "user.password_changed", user_id, caller.subject, [])


def _sites_after(row: table.UserRow, patch: UserPatch, role: UserRole) -> frozenset[SiteId]:
    if patch.site_ids is not None:
        sites = frozenset(SiteId(site) for site in patch.site_ids)
        _check_sites(role, sites)
        return sites
    return row.site_ids if role == "site_manager" else frozenset()


def _check_sites(role: Role, sites: frozenset[SiteId]) -> None:
    if sites and role != "site_manager":
        raise InputError("Only a site_manager is limited to sites.", hint="Leave site_ids empty.")


def _check_reach(caller: Principal, role: UserRole) -> None:
    if role == "system_admin" and caller.role != "system_admin":
        raise ForbiddenError("Only a system administrator makes, changes or removes one.")


def _lock_tenant(connection: Connection) -> None:
    """Two administrators who remove each other at the same time must not both succeed."""
    tenants.bound(connection, locked=True)


def _check_not_the_last(connection: Connection, user_id: UserId) -> None:
    if table.administrators(connection, but=user_id) == 0:
        raise ConflictError(
            "The tenant would be left without an active administrator.", hint="Make somebody else one first."
        )


def _found(connection: Connection, user_id: UserId, *, locked: bool = False) -> table.UserRow:
    row = table.by_id(connection, user_id, locked=locked)
    if row is None:
        raise NotFoundError(f"There is no user {user_id}.")
    return row


def _record(connection: Connection, action: str, user_id: UserId, actor: str, changed: list[str]) -> None:
    # Names of fields, never what is in them.
    audit.record(
        connection,
        actor=actor,
        action=action,
        subject_kind="user",
        subject_id=user_id,
        detail={"changed": list(changed)} if changed else {},
    )


def _shown(row: table.UserRow) -> User:
    return User(
        user_id=row.user_id,
        email=row.email,
        role=row.role,
        active=row.active,
        site_ids=tuple(sorted(row.site_ids)),
        created_at=row.created_at,
        last_login_at=row.last_login_at,
        version=row.version,
    )
