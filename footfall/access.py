"""Who a caller is: proving it by a password or an API key, and making the users and keys behind them. Sessions are
`footfall.sessions`', changing users and keys `footfall.users`' and `footfall.api_keys`'."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine

from contracts.base import CameraId, Role, SiteId, TenantId, UserId
from contracts.users import UserRole
from footfall import audit
from footfall.api_keys import NewKey, add_api_key, check_scope
from footfall.credentials import KEY_PREFIX, NOBODY, digest, secret_parts
from footfall.errors import ConflictError, InputError, NotFoundError, UnauthenticatedError
from footfall.passwords import hash_password, password_matches, renewed_hash
from footfall.stores.postgres import keys, tenants, users
from footfall.tenancy import tenant_transaction, unbound_transaction

logger = logging.getLogger(__name__)

_REFUSED = "The credentials are not valid."
_REFUSED_HINT = "Check tenant, e-mail address and password, or the API key, which may have expired or been revoked."


@dataclass(frozen=True, slots=True)
class Acting:
    """The system administrator behind a principal of another tenant: their home, and who they are there."""

    tenant_id: TenantId
    subject: str


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `subject`: `user:<uuid>`, `key:<uuid>`, or `system_admin:<uuid>` of a system
    administrator who switched into the tenant (`acting` says from where). None for `site_ids` or `camera_ids` means
    every one of the tenant; an empty set means none. `session_id`: None until a session has begun."""

    tenant_id: TenantId
    subject: str
    role: Role
    site_ids: frozenset[SiteId] | None = None
    camera_ids: frozenset[CameraId] | None = None
    session_id: UUID | None = None
    acting: Acting | None = None


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to add, with what was checked and hashed already."""

    email: str
    password_hash: str = field(repr=False)
    role: UserRole

    @classmethod
    def checked(cls, *, email: str, password: str, role: Role) -> Self:
        """Raises InputError for an e-mail address, password or role that a user cannot have."""
        address = email.strip().lower()
        name, at, host = address.rpartition("@")
        if not (at and name and host) or len(address) > 254 or not address.isprintable() or " " in address:
            raise InputError("That is not an e-mail address.", hint="Its form is name@host.")
        if role == "worker":
            raise InputError("A user cannot have the role worker.", hint="Workers use API keys.")
        return cls(email=address, password_hash=hash_password(password), role=role)


def add_user(
    connection: Connection, user: NewUser, *, actor: str, site_ids: Collection[SiteId] = frozenset()
) -> UserId:
    """Adds a user of the bound tenant. Raises ConflictError when the e-mail address is taken, NotFoundError for a site
    that is not the tenant's, InputError for a system administrator outside a platform tenant."""
    check_role(connection, user.role)
    check_scope(connection, None, site_ids)
    user_id = UserId(uuid4())
    row = users.UserRow(
        user_id=user_id, email=user.email, password_hash=user.password_hash, role=user.role, active=True
    )
    if not users.insert(connection, row):
        raise ConflictError(f"There is a user {user.email} already.")
    users.give_sites(connection, user_id, site_ids)
    audit.record(
        connection,
        actor=actor,
        action="user.created",
        subject_kind="user",
        subject_id=user_id,
        detail={"role": user.role, "sites": len(site_ids)},
    )
    return user_id


def check_role(connection: Connection, role: UserRole) -> None:
    """Raises InputError when the bound tenant's users cannot have the role."""
    tenant = tenants.bound(connection)
    if role == "system_admin" and (tenant is None or not tenant.platform):
        raise InputError(
            "A system administrator belongs to a platform tenant, which this one is not.",
            hint="`footfall tenant create --platform` makes one.",
        )


def create_user(
    engine: Engine,
    tenant_id: TenantId,
    *,
    email: str,
    password: str,
    role: Role,
    site_ids: Collection[SiteId] = frozenset(),
    actor: str,
) -> UserId:
    """As add_user, in a transaction of its own. Raises InputError too, for what a user cannot have."""
    user = NewUser.checked(email=email, password=password, role=role)
    with tenant_transaction(engine, tenant_id) as connection:
        return add_user(connection, user, actor=actor, site_ids=site_ids)


def authenticate_password(engine: Engine, *, tenant_slug: str, email: str, password: str) -> Principal:
    """Raises UnauthenticatedError, with one message and after the same work, whatever of the three was wrong."""
    with unbound_transaction(engine) as connection:
        tenant_id = tenants.id_for_slug(connection, _storable(tenant_slug))
    with tenant_transaction(engine, tenant_id or NOBODY) as connection:
        tenant = tenants.bound(connection)
        user = users.by_email(connection, _storable(email.strip().lower()))
    # Outside the transaction: hashing takes tens of milliseconds, and a pooled connection should not wait for it.
    matches = password_matches(user.password_hash if user else None, password)
    if tenant is None or tenant.status != "active" or user is None or not user.active or not matches:
        logger.info("refused a password login")
        raise _refusal()
    renewed = renewed_hash(user.password_hash, password)
    if renewed is not None:
        with tenant_transaction(engine, tenant.tenant_id) as connection:
            users.set_password_hash(connection, user.user_id, renewed)
    return Principal(
        tenant_id=tenant.tenant_id,
        subject=f"user:{user.user_id}",
        role=user.role,
        site_ids=user.site_ids if user.role == "site_manager" else None,
    )


def create_api_key(
    engine: Engine,
    tenant_id: TenantId,
    *,
    name: str,
    role: Role,
    camera_ids: Collection[CameraId] | None = None,
    site_ids: Collection[SiteId] | None = None,
    expires_at: datetime | None = None,
    actor: str = "provisioning",
) -> str:
    """As add_api_key, in a transaction of its own; the key alone."""
    wanted = NewKey.checked(name=name, role=role, camera_ids=camera_ids, site_ids=site_ids, expires_at=expires_at)
    with tenant_transaction(engine, tenant_id) as connection:
        _, key = add_api_key(connection, tenant_id, wanted, actor=actor)
    return key


def authenticate_api_key(engine: Engine, key: str) -> Principal:
    """Raises UnauthenticatedError, with one message and after the same work, for a key that is malformed, unknown,
    wrong, expired or revoked."""
    tenant_id, key_id, secret = secret_parts(KEY_PREFIX, key)
    offered = digest(secret)
    with tenant_transaction(engine, tenant_id) as connection:
        row = keys.by_id(connection, key_id)
        tenant = tenants.bound(connection)
        current = hmac.compare_digest(row.secret_sha256 if row else bytes(32), offered)
        previous = hmac.compare_digest((row and row.previous_sha256) or bytes(32), offered)
        if row is None or not row.live or not (current or previous) or not _admits(tenant, row.role):
            logger.info("refused an API key")
            raise _refusal()
        keys.note_use(connection, key_id)
    return Principal(
        tenant_id=tenant_id,
        subject=f"key:{key_id}",
        role=row.role,
        site_ids=row.site_ids,
        camera_ids=row.camera_ids,
    )


def revoke_api_key(engine: Engine, tenant_id: TenantId, key_id: UUID, *, actor: str) -> None:
    """The key's next use is refused, and so are the tokens made from it. Raises NotFoundError for a key that is not
    the tenant's or was revoked before."""
    with tenant_transaction(engine, tenant_id) as connection:
        if not keys.revoke(connection, key_id):
            raise NotFoundError(f"The tenant has no live API key {key_id}.")
        audit.record(connection, actor=actor, action="api_key.revoked", subject_kind="api_key", subject_id=key_id)


def tenant_name(engine: Engine, tenant_id: TenantId) -> str:
    """What people call the tenant. Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        tenant = tenants.bound(connection)
    if tenant is None:
        raise NotFoundError(f"There is no tenant {tenant_id}.")
    return tenant.name


def _admits(tenant: tenants.TenantRow | None, role: Role) -> bool:
    """Whether keys of the role still open the tenant. Workers of one that is to go are told to forget, and answer."""
    if tenant is None:
        return False
    return tenant.status == "active" or (tenant.status == "deletion_requested" and role == "worker")


def _refusal() -> UnauthenticatedError:
    return UnauthenticatedError(_REFUSED, hint=_REFUSED_HINT)


def _storable(value: str) -> str:
    """The value, or an empty one, which nobody has, where Postgres could not even take it as text (NUL, surrogates)."""
    return value if value.isprintable() else ""
