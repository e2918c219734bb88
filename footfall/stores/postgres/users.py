"""The tables of users and of the sites they manage. Password rules live in `footfall.access`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from contracts.base import Role, SiteId, UserId


@dataclass(frozen=True, slots=True)
class UserRow:
    user_id: UserId
    email: str
    password_hash: str = field(repr=False)
    role: Role
    active: bool


def by_email(connection: Connection, email: str) -> UserRow | None:
    """The bound tenant's user; `email` in lower case."""
    row = connection.execute(
        text("select user_id, email, password_hash, role, active from footfall.users where email = :email"),
        {"email": email},
    ).one_or_none()
    if row is None:
        return None
    return UserRow(
        user_id=UserId(row.user_id),
        email=row.email,
        password_hash=row.password_hash,
        role=row.role,
        active=row.active,
    )


def site_ids(connection: Connection, user_id: UserId) -> frozenset[SiteId]:
    """The sites that a site manager was given."""
    found = connection.execute(
        text("select site_id from footfall.user_sites where user_id = :user_id"), {"user_id": user_id}
    )
    return frozenset(SiteId(site) for site in found.scalars())


def insert(connection: Connection, user: UserRow) -> bool:
    """Adds a user of the bound tenant; False when the e-mail address is taken."""
    added = connection.execute(
        text(
            "insert into footfall.users (tenant_id, user_id, email, password_hash, role, active)"
            " values (footfall.current_tenant(), :user_id, :email, :password_hash, :role, :active)"
            " on conflict (tenant_id, email) do nothing"
        ),
        {
            "user_id": user.user_id,
            "email": user.email,
            "password_hash": user.password_hash,
            "role": user.role,
            "active": user.active,
        },
    )
    return added.rowcount == 1


def give_sites(connection: Connection, user_id: UserId, sites: Iterable[SiteId]) -> None:
    """Raises IntegrityError for a site that the bound tenant does not have."""
    rows = [{"user_id": user_id, "site_id": site} for site in sites]
    if rows:
        connection.execute(
            text(
                "insert into footfall.user_sites (tenant_id, user_id, site_id)"
                " values (footfall.current_tenant(), :user_id, :site_id)"
            ),
            rows,
        )


def set_password_hash(connection: Connection, user_id: UserId, password_hash: str) -> None:
    connection.execute(
        text("update footfall.users set password_hash = :password_hash where user_id = :user_id"),
        {"user_id": user_id, "password_hash": password_hash},
    )
