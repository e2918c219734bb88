"""API keys: what one may be, making, listing, changing, rotating and revoking them. Proving who one is by a key is
`footfall.access`'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID, uuid4

from pydantic import JsonValue
from sqlalchemy import Connection, Engine

from contracts.api_keys import ApiKey, ApiKeyCreate, ApiKeyPage, ApiKeyPatch, NewApiKey
from contracts.base import CameraId, Role, SiteId, TenantId
from footfall import audit
from footfall.credentials import KEY_PREFIX, credential_text, digest, new_secret
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.listing import OLDEST_FIRST, PageRequest, SortKey, choose_order
from footfall.stores.postgres import keys
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected

_SORTS = (
    SortKey("created_at", "created_at", "timestamptz"),
    SortKey("name", "name", "text"),
    SortKey("last_used_at", "coalesce(last_used_at, to_timestamp(0))", "timestamptz"),
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key to add, with what was checked already."""

    name: str
    role: Role
    camera_ids: tuple[CameraId, ...] | None
    site_ids: tuple[SiteId, ...] | None
    expires_at: datetime | None

    @classmethod
    def checked(
        cls,
        *,
        name: str,
        role: Role,
        camera_ids: Collection[CameraId] | None = None,
        site_ids: Collection[SiteId] | None = None,
        expires_at: datetime | None = None,
    ) -> Self:
        """`camera_ids` or `site_ids` None: every one of the tenant, those to come included. Raises InputError for a
        role that a key cannot have, sites for another role than site_manager, a name of other than 1 to 200
        characters, and an expiry without a time zone or in the past."""
        if role == "system_admin":
            raise InputError("An API key cannot have the role system_admin.", hint="Log in with a password instead.")
        if site_ids is not None and role != "site_manager":
            raise InputError(
                "Only a key with the role site_manager is limited to sites.", hint="Limit a worker's key to cameras."
            )
        if not 1 <= len(name) <= 200 or not name.isprintable():
            raise InputError("The key's name cannot be used.", hint="A name has 1 to 200 characters, on one line.")
        check_expiry(expires_at)
        return cls(
            name=name,
            role=role,
            camera_ids=None if camera_ids is None else tuple(sorted(set(camera_ids))),
            site_ids=None if site_ids is None else tuple(sorted(set(site_ids))),
            expires_at=expires_at,
        )


def check_expiry(expires_at: datetime | None) -> None:
    """Raises InputError for an expiry of a key that has no time zone or has passed."""
    if expires_at is None:
        return
    if expires_at.utcoffset() is None:
        raise InputError("The key's expiry has no time zone.", hint="Add an offset, as in 2027-01-01T00:00:00+00:00.")
    if expires_at <= datetime.now(UTC):
        raise InputError("The key's expiry has passed.", hint="Give a later one, or revoke the key to end it now.")


def add_api_key(connection: Connection, tenant_id: TenantId, key: NewKey, *, actor: str) -> tuple[UUID, str]:
    """Makes a key of the bound tenant; its id, and the key itself, this once: only the SHA-256 of its 256-bit secret is
    stored, which needs no slow hash because nobody can guess 256 bits. The form is `ffk_<tenant>_<key>_<secret>`, all
    in hex.

    Raises ConflictError when the name is taken, NotFoundError for a camera or site that is not the tenant's.
    """
    key_id, secret = uuid4(), new_secret()
    check_scope(connection, key.camera_ids, key.site_ids)
    added = keys.insert(
        connection,
        key_id=key_id,
        name=key.name,
        secret_sha256=digest(secret),
        role=key.role,
        camera_ids=key.camera_ids,
        site_ids=key.site_ids,
        expires_at=key.expires_at,
        created_by=actor,
    )
    if not added:
        raise ConflictError(f"There is an API key {key.name!r} already.", hint="Choose another name.")
    audit.record(
        connection,
        actor=actor,
        action="api_key.created",
        subject_kind="api_key",
        subject_id=key_id,
        detail={
            "name": key.name,
            "role": key.role,
            "cameras": None if key.camera_ids is None else len(key.camera_ids),
            "sites": None if key.site_ids is None else len(key.site_ids),
        },
    )
    return key_id, credential_text(KEY_PREFIX, tenant_id, key_id, secret)


def check_scope(
    connection: Connection, camera_ids: Collection[CameraId] | None, site_ids: Collection[SiteId] | None
) -> None:
    """Raises NotFoundError for a camera or site that the bound tenant does not have."""
    cameras = keys.unknown_cameras(connection, sorted(camera_ids or ()))
    if cameras:
        raise NotFoundError(f"The tenant has no camera {', '.join(str(camera) for camera in sorted(cameras))}.")
    sites = keys.unknown_sites(connection, sorted(site_ids or ()))
    if sites:
        raise NotFoundError(f"The tenant has no site {', '.join(str(site) for site in sorted(sites))}.")


def create_key(engine: Engine, tenant_id: TenantId, wanted: ApiKeyCreate, *, actor: str) -> NewApiKey:
    """Raises as NewKey.checked and add_api_key."""
    key = NewKey.checked(
        name=wanted.name,
        role=wanted.role,
        camera_ids=None if wanted.camera_ids is None else [CameraId(camera) for camera in wanted.camera_ids],
        site_ids=None if wanted.site_ids is None else [SiteId(site) for site in wanted.site_ids],
        expires_at=wanted.expires_at,
    )
    with tenant_transaction(engine, tenant_id) as connection:
        key_id, secret = add_api_key(connection, tenant_id, key, actor=actor)
        made = _found(connection, key_id)
    return NewApiKey(**_shown(made).model_dump(), api_key=secret)


def list_keys(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest = OLDEST_FIRST,
    *,
    role: Role | None = None,
    live: bool | None = None,
) -> ApiKeyPage:
    """Revoked and expired keys too, unless `live` says which. Raises InputError for a bad page."""
    order = choose_order("api-keys", _SORTS, "key_id", page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        rows, more = keys.select(connection, order=order, cursor=page.cursor, limit=page.limit, role=role, live=live)
    return ApiKeyPage(items=tuple(_shown(row) for row in rows), next_cursor=more)


def get_key(engine: Engine, tenant_id: TenantId, key_id: UUID) -> ApiKey:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        return _shown(_found(connection, key_id))


def change_key(
    engine: Engine, tenant_id: TenantId, key_id: UUID, patch: ApiKeyPatch, *, expected: Expected, actor: str
) -> ApiKey:
    """Raises NotFoundError for an unknown key, camera or site; ConflictError for a name in use and a revoked key;
    StaleVersionError; InputError for an expiry that has passed and sites of a key that is not a site manager's."""
    changed = patch.model_fields_set
    with tenant_transaction(engine, tenant_id) as connection:
        row = _found(connection, key_id, locked=True)
        expected.check(row.version)
        if row.revoked_at is not None:
            raise ConflictError("The key was revoked, which cannot be undone.", hint="Make a new one.")
        if patch.name is not None and keys.name_taken(connection, patch.name, but=key_id):
            raise ConflictError(f"There is an API key {patch.name!r} already.", hint="Choose another name.")
        cameras = row.camera_ids if "camera_ids" not in changed else _cameras(patch)
        sites = row.site_ids if "site_ids" not in changed else _sites(patch)
        if sites is not None and row.role != "site_manager":
            raise InputError("Only a key with the role site_manager is limited to sites.")
        if "expires_at" in changed:
            check_expiry(patch.expires_at)
        check_scope(connection, cameras, sites)
        keys.update(
            connection,
            key_id,
            name=row.name if patch.name is None else patch.name,
            expires_at=patch.expires_at if "expires_at" in changed else row.expires_at,
            camera_ids=cameras,
            site_ids=sites,
        )
        _record(connection, "api_key.changed", key_id, actor, changed=sorted(changed))
        return _shown(_found(connection, key_id))


def rotate_key(
    engine: Engine, tenant_id: TenantId, key_id: UUID, *, overlap_seconds: int, expected: Expected, actor: str
) -> NewApiKey:
    """A new secret under the same id, shown this once; the one before works on for so long. Raises NotFoundError,
    ConflictError for a key that is revoked or expired, StaleVersionError."""
    secret = new_secret()
    with tenant_transaction(engine, tenant_id) as connection:
        row = _found(connection, key_id, locked=True)
        expected.check(row.version)
        if not row.live:
            raise ConflictError("The key is revoked or has expired.", hint="Make a new one.")
        keys.replace_secret(connection, key_id, digest(secret), overlap_seconds=overlap_seconds)
        audit.record(
            connection,
            actor=actor,
            action="api_key.rotated",
            subject_kind="api_key",
            subject_id=key_id,
            detail={"overlap_seconds": overlap_seconds},
        )
        shown = _shown(_found(connection, key_id))
    return NewApiKey(**shown.model_dump(), api_key=credential_text(KEY_PREFIX, tenant_id, key_id, secret))


def revoke_key(engine: Engine, tenant_id: TenantId, key_id: UUID, *, expected: Expected, actor: str) -> None:
    """The key and its tokens are refused from now on; its record stays. Raises NotFoundError, StaleVersionError, and
    ConflictError for a key that was revoked before."""
    with tenant_transaction(engine, tenant_id) as connection:
        row = _found(connection, key_id, locked=True)
        expected.check(row.version)
        if not keys.revoke(connection, key_id):
            raise ConflictError("The key was revoked before.")
        _record(connection, "api_key.revoked", key_id, actor)


def _found(connection: Connection, key_id: UUID, *, locked: bool = False) -> keys.KeyRow:
    row = keys.by_id(connection, key_id, locked=locked)
    if row is None:
        raise NotFoundError(f"There is no API key {key_id}.")
    return row


def _record(
    connection: Connection, action: str, key_id: UUID, actor: str, *, changed: Collection[str] | None = None
) -> None:
    detail: dict[str, JsonValue] = {} if changed is None else {"changed": list(changed)}
    audit.record(connection, actor=actor, action=action, subject_kind="api_key", subject_id=key_id, detail=detail)


def _cameras(patch: ApiKeyPatch) -> frozenset[CameraId] | None:
    return None if patch.camera_ids is None else frozenset(CameraId(camera) for camera in patch.camera_ids)


def _sites(patch: ApiKeyPatch) -> frozenset[SiteId] | None:
    return None if patch.site_ids is None else frozenset(SiteId(site) for site in patch.site_ids)


def _shown(row: keys.KeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        role=row.role,
        camera_ids=None if row.camera_ids is None else tuple(sorted(row.camera_ids)),
        site_ids=None if row.site_ids is None else tuple(sorted(row.site_ids)),
        live=row.live,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        version=row.version,
    )
