"""The tables of sessions and refresh tokens. When one begins, ends or is renewed is decided in `footfall.sessions`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CameraId, Role, SiteId, TenantId, UserId


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of the bound tenant as it stands now, with what its user or key may do now. `live`: nothing has ended
    it, nor the one it belongs to; its user is active or its key good; its tenant is active. `until`: when the clock
    alone ends it."""

    session_id: UUID
    user_id: UserId | None
    key_id: UUID | None
    entered_tenant_id: TenantId | None
    role: Role
    site_ids: frozenset[SiteId] | None
    camera_ids: frozenset[CameraId] | None
    live: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """`used`: it was exchanged before. `expired`: by the server's clock."""

    session_id: UUID
    secret_sha256: bytes = field(repr=False)
    used: bool
    expired: bool


_STANDING = text("""
    select
        s.session_id, s.user_id, s.key_id, s.entered_tenant_id,
        coalesce(u.role, k.role) as role,
        case
            when u.role = 'site_manager' then array(
                select m.site_id from footfall.user_sites as m where m.user_id = u.user_id
            )
            when k.key_id is not null then k.site_ids
        end as site_ids,
        k.camera_ids,
        least(s.expires_at, p.expires_at, k.expires_at) as until,
        -- Workers of a tenant that is to go are still told to forget, and say that they did.
        (t.status = 'active' or (t.status = 'deletion_requested' and k.role = 'worker'))
        and s.ended_at is null
        and p.ended_at is null
        and least(s.expires_at, p.expires_at, k.expires_at) > now()
        and coalesce(u.active, k.revoked_at is null) as live
    from footfall.sessions as s
    inner join footfall.tenants as t on t.tenant_id = s.tenant_id
    left join footfall.sessions as p on p.tenant_id = s.tenant_id and p.session_id = s.parent_id
    left join footfall.users as u on u.tenant_id = s.tenant_id and u.user_id = s.user_id
    left join footfall.api_keys as k on k.tenant_id = s.tenant_id and k.key_id = s.key_id
    where s.session_id = :session_id
""")


def standing(connection: Connection, session_id: UUID) -> SessionRow | None:
    """A session of the bound tenant."""
    row = connection.execute(_STANDING, {"session_id": session_id}).one_or_none()
    if row is None:
        return None
    return SessionRow(
        session_id=row.session_id,
        user_id=None if row.user_id is None else UserId(row.user_id),
        key_id=row.key_id,
        entered_tenant_id=None if row.entered_tenant_id is None else TenantId(row.entered_tenant_id),
        role=row.role,
        site_ids=None if row.site_ids is None else frozenset(SiteId(site) for site in row.site_ids),
        camera_ids=None if row.camera_ids is None else frozenset(CameraId(camera) for camera in row.camera_ids),
        live=row.live,
        until=row.until,
    )


def insert(
    connection: Connection,
    *,
    user_id: UserId | None = None,
    key_id: UUID | None = None,
    seconds: int,
    parent_id: UUID | None = None,
    entered_tenant_id: TenantId | None = None,
    reason: str | None = None,
) -> UUID:
    """Begins a session of the bound tenant. One of `user_id` and `key_id` is given."""
    made: UUID = connection.execute(
        text(
            "insert into footfall.sessions"
            " (tenant_id, user_id, key_id, expires_at, parent_id, entered_tenant_id, reason)"
            " values (footfall.current_tenant(), :user_id, :key_id, now() + make_interval(secs => :seconds),"
            " :parent_id, :entered_tenant_id, :reason)"
            " returning session_id"
        ),
        {
            "user_id": user_id,
            "key_id": key_id,
            "seconds": seconds,
            "parent_id": parent_id,
            "entered_tenant_id": entered_tenant_id,
            "reason": reason,
        },
    ).scalar_one()
    return made


def forget_expired(connection: Connection, *, user_id: UserId | None = None, key_id: UUID | None = None) -> None:
    """Deletes the sessions of one user or key that expired a day ago, and their refresh tokens."""
    connection.execute(
        text(
            "delete from footfall.sessions where (user_id = :user_id or key_id = :key_id)"
            " and expires_at < now() - interval '1 day'"
        ),
        {"user_id": user_id, "key_id": key_id},
    )


def end(connection: Connection, session_id: UUID, reason: str) -> bool:
    """False when the bound tenant has no such session that goes on."""
    ended = connection.execute(
        text(
            "update footfall.sessions set ended_at = now(), end_reason = :reason"
            " where session_id = :session_id and ended_at is null"
        ),
        {"session_id": session_id, "reason": reason},
    )
    return ended.rowcount == 1


def end_of_user(connection: Connection, user_id: UserId, reason: str, *, but: UUID | None = None) -> int:
    """Ends every session of the user but one; how many."""
    ended = connection.execute(
        text(
            "update footfall.sessions set ended_at = now(), end_reason = :reason"
            " where user_id = :user_id and ended_at is null and session_id is distinct from :but"
        ),
        {"user_id": user_id, "reason": reason, "but": but},
    )
    return ended.rowcount


def insert_refresh(
    connection: Connection, *, token_id: UUID, session_id: UUID, secret_sha256: bytes, seconds: int
) -> None:
    """A refresh token of the session, which expires with it at the latest."""
    connection.execute(
        text(
            "insert into footfall.refresh_tokens (tenant_id, token_id, session_id, secret_sha256, expires_at)"
            " select s.tenant_id, :token_id, s.session_id, :secret_sha256,"
            " least(s.expires_at, now() + make_interval(secs => :seconds))"
            " from footfall.sessions as s where s.session_id = :session_id"
        ),
        {"token_id": token_id, "session_id": session_id, "secret_sha256": secret_sha256, "seconds": seconds},
    )


def lock_refresh(connection: Connection, token_id: UUID) -> RefreshRow | None:
    """A refresh token of the bound tenant, held until the transaction ends: of two who bring it, one waits."""
    row = connection.execute(
        text(
            "select session_id, secret_sha256, used_at is not null as used, expires_at <= now() as expired"
            " from footfall.refresh_tokens where token_id = :token_id for update"
        ),
        {"token_id": token_id},
    ).one_or_none()
    if row is None:
        return None
    return RefreshRow(row.session_id, bytes(row.secret_sha256), row.used, row.expired)


def use_refresh(connection: Connection, token_id: UUID) -> None:
    connection.execute(
        text("update footfall.refresh_tokens set used_at = now() where token_id = :token_id"), {"token_id": token_id}
    )
