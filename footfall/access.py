"""Who a caller is: passwords and API keys, and the users behind them. Access tokens live in `footfall.tokens`."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Self
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine

from contracts.base import CameraId, Role, SiteId, TenantId, UserId
from footfall import audit
from footfall.errors import ConflictError, InputError, NotFoundError, UnauthenticatedError
from footfall.stores.postgres import keys, tenants, users
from footfall.tenancy import tenant_transaction, unbound_transaction

logger = logging.getLogger(__name__)

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1024  # as in contracts.access; bounds the work that a login can ask for
_KEY_PREFIX = "ffk"
_SECRET_BYTES = 32
_NOBODY = TenantId(UUID(int=0))
_REFUSED = "The credentials are not valid."
_REFUSED_HINT = "Check tenant, e-mail address and password, or the API key, which may have expired or been revoked."
_hasher = PasswordHasher()  # argon2id with the library's defaults, which follow RFC 9106


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `subject`: `user:<uuid>` or `key:<uuid>`. None for `site_ids` or `camera_ids` means
    every one of the tenant; an empty set means none."""

    tenant_id: TenantId
    subject: str
    role: Role
    site_ids: frozenset[SiteId] | None = None
    camera_ids: frozenset[CameraId] | None = None


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to add, with what was checked and hashed already."""

    email: str
    password_hash: str = field(repr=False)
    role: Role

    @classmethod
    def checked(cls, *, email: str, password: str, role: Role) -> Self:
        """Raises InputError for an e-mail address, password or role that a user cannot have."""
        address = email.strip().lower()
        name, at, host = address.rpartition("@")
        if not (at and name and host) or len(address) > 254 or not address.isprintable() or " " in address:
            raise InputError(f"{email!r} is not an e-mail address.", hint="Its form is name@host.")
        if role == "worker":
            raise InputError("A user cannot have the role worker.", hint="Workers use API keys.")
        return cls(email=address, password_hash=hash_password(password), role=role)


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt. Raises InputError outside 12 to 1024 characters."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise InputError(
            "The password cannot be used.",
            hint=f"Choose one of {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters.",
        )
    return _hasher.hash(_password_bytes(password))


def add_user(
    connection: Connection, user: NewUser, *, actor: str, site_ids: Collection[SiteId] = frozenset()
) -> UserId:
    """Adds a user of the bound tenant. Raises ConflictError when the e-mail address is taken or a site is not the
    tenant's."""
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
    decoy = _decoy_hash()
    with unbound_transaction(engine) as connection:
        tenant_id = tenants.id_for_slug(connection, _storable(tenant_slug))
    with tenant_transaction(engine, tenant_id or _NOBODY) as connection:
        user = users.by_email(connection, _storable(email.strip().lower()))
        site_ids = users.site_ids(connection, user.user_id if user else UserId(_NOBODY))
    # Outside the transaction: hashing takes tens of milliseconds, and a pooled connection should not wait for it.
    matches = _verify(user.password_hash if user else decoy, password)
    if tenant_id is None or user is None or not user.active or not matches:
        logger.info("refused a password login")
        raise _refusal()
    if _hasher.check_needs_rehash(user.password_hash):
        with tenant_transaction(engine, tenant_id) as connection:
            users.set_password_hash(connection, user.user_id, _hasher.hash(_password_bytes(password)))
    return Principal(
        tenant_id=tenant_id,
        subject=f"user:{user.user_id}",
        role=user.role,
        site_ids=site_ids if user.role == "site_manager" else None,
    )


def create_api_key(
    engine: Engine,
    tenant_id: TenantId,
    *,
    name: str,
    role: Role,
    camera_ids: Collection[CameraId] | None = None,
    expires_at: datetime | None = None,
    actor: str = "provisioning",
) -> str:
    """Makes a key and answers it, this once: only the SHA-256 of its 256-bit secret is stored, which needs no slow
    hash because nobody can guess 256 bits. The form is `ffk_<tenant>_<key>_<secret>`, all in hex.

    `camera_ids` None: every camera of the tenant, those to come included. Raises ConflictError when the name is
    taken, NotFoundError for a camera that is not the tenant's, InputError for a role that a key cannot have, a name
    of other than 1 to 200 characters, and an `expires_at` without a time zone.
    """
    if role == "system_admin":
        raise InputError("An API key cannot have the role system_admin.", hint="Log in with a password instead.")
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise InputError("The key's name cannot be used.", hint="A name has 1 to 200 characters, on one line.")
    if expires_at is not None and expires_at.utcoffset() is None:
        raise InputError("The key's expiry has no time zone.", hint="Add an offset, as in 2027-01-01T00:00:00+00:00.")
    key_id, secret = uuid4(), secrets.token_hex(_SECRET_BYTES)
    cameras = None if camera_ids is None else sorted(camera_ids)
    with tenant_transaction(engine, tenant_id) as connection:
        unknown = keys.unknown_cameras(connection, cameras or ())
        if unknown:
            raise NotFoundError(f"The tenant has no camera {', '.join(str(camera) for camera in sorted(unknown))}.")
        added = keys.insert(
            connection,
            key_id=key_id,
            name=name,
            secret_sha256=_digest(secret),
            role=role,
            camera_ids=cameras,
            expires_at=expires_at,
        )
        if not added:
            raise ConflictError(f"There is an API key {name!r} already.", hint="Choose another name.")
        audit.record(
            connection,
            actor=actor,
            action="api_key.created",
            subject_kind="api_key",
            subject_id=key_id,
            detail={"name": name, "role": role, "cameras": None if cameras is None else len(cameras)},
        )
    return f"{_KEY_PREFIX}_{tenant_id.hex}_{key_id.hex}_{secret}"


def authenticate_api_key(engine: Engine, key: str) -> Principal:
    """Raises UnauthenticatedError, with one message and after the same work, for a key that is malformed, unknown,
    wrong, expired or revoked."""
    tenant_id, key_id, secret = _parts(key)
    with tenant_transaction(engine, tenant_id) as connection:
        row = keys.by_id(connection, key_id)
        matches = hmac.compare_digest(row.secret_sha256 if row else bytes(32), _digest(secret))
        if row is None or not row.live or not matches:
            logger.info("refused an API key")
            raise _refusal()
        keys.note_use(connection, key_id)
    return Principal(tenant_id=tenant_id, subject=f"key:{key_id}", role=row.role, camera_ids=row.camera_ids)


def revoke_api_key(engine: Engine, tenant_id: TenantId, key_id: UUID, *, actor: str) -> None:
    """The key's next use is refused; tokens made from it live on for their minutes. Raises NotFoundError for a key
    that is not the tenant's or was revoked before."""
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


def _refusal() -> UnauthenticatedError:
    return UnauthenticatedError(_REFUSED, hint=_REFUSED_HINT)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, _password_bytes(password))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy_hash() -> str:
    """What an unknown user's password is checked against, so that the answer takes as long as a known user's."""
    return _hasher.hash(secrets.token_bytes(_SECRET_BYTES))


def _password_bytes(password: str) -> bytes:
    # NFKC, so that one password typed on two keyboards is one password (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _storable(value: str) -> str:
    """The value, or an empty one, which nobody has, where Postgres could not even take it as text (NUL, surrogates)."""
    return value if value.isprintable() else ""


def _parts(key: str) -> tuple[TenantId, UUID, str]:
    """Tenant, key and secret; those of nobody for a malformed key."""
    prefix, _, rest = key.partition("_")
    parts = rest.split("_")
    if prefix == _KEY_PREFIX and len(parts) == 3:
        tenant_hex, key_hex, secret = parts
        try:
            return TenantId(UUID(hex=tenant_hex)), UUID(hex=key_hex), secret
        except ValueError:
            pass
    return _NOBODY, UUID(_NOBODY.hex), key
