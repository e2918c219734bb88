"""The tables of users and of the sites they manage. Password rules live in `footfall.access`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from contracts.base import SiteId, UserId
from contracts.users import UserRole
from footfall.cursors import check_limit
from footfall.listing import Order

_NOT_YET = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class UserRow:
    """What follows `active` is the database's to fill."""

    user_id: UserId
    email: str
    password_hash: str = field(repr=False)
    role: UserRole
    active: bool
    site_ids: frozenset[SiteId] = frozenset()
    created_at: datetime = _NOT_YET
    last_login_at: datetime | None = None
    version: int = 1


_COLUMNS = (
    "user_id, email, password_hash, role, active, created_at, last_login_at, version,"
    " array(select m.site_id from footfall.user_sites as m where m.user_id = users.user_id) as site_ids"
)


def by_email(connection: Connection, email: str) -> UserRow | None:
    """The bound tenant's user; `email` in lower case."""
    row = connection.execute(
        text(f"select {_COLUMNS} from footfall.users where email = :email"),  # noqa: S608
        {"email": email},
    ).one_or_none()
    return None if row is None else _row(row)


def by_id(connection: Connection, user_id: UserId, *, locked: bool = False) -> UserRow | None:
    """A user of the bound tenant; `locked`: held until the transaction ends."""
    row = connection.execute(
        text(f"select {_COLUMNS} from footfall.users where user_id = :user_id{' for update' if locked else ''}"),  # noqa: S608
        {"user_id": user_id},
    ).one_or_none()
    return None if row is None else _row(row)


def select(
    connection: Connection,
    *,
    order: Order,
    cursor: str | None,
    limit: int,
    role: UserRole | None,
    active: bool | None,
    email: str | None,
) -> tuple[list[UserRow], str | None]:
    """Users of the bound tenant in that order, and the cursor of the next page; `email`: a part of the address.
    Raises InputError for a cursor that is not this list's."""
    found = connection.execute(
        text(
            f"select {_COLUMNS}, {order.sql_key} as sort_key from footfall.users"  # noqa: S608
            f" where {order.sql_after} and (cast(:role as text) is null or role = :role)"
            " and (cast(:active as boolean) is null or active = :active)"
            " and (cast(:email as text) is null or strpos(email, lower(:email)) > 0)"
            f" order by {order.sql_order} limit :rows"
        ),
        {**order.parameters(cursor), "role": role, "active": active, "email": email, "rows": check_limit(limit) + 1},
    ).all()
    shown = found[:limit]
    more = order.cursor(shown[-1].sort_key, shown[-1].user_id) if len(found) > limit else None
    return [_row(row) for row in shown], more


def administrators(connection: Connection, *, but: UserId) -> int:
    """How many active administrators the bound tenant has beside one user."""
    return int(
        connection.execute(
            text(
                "select count(*) from footfall.users where active and role in ('tenant_admin', 'system_admin')"
                " and user_id <> :but"
            ),
            {"but": but},
        ).scalar_one()
    )


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


def replace_sites(connection: Connection, user_id: UserId, sites: Iterable[SiteId]) -> None:
    """Raises ConflictError (through the session) for a site that the bound tenant does not have."""
    connection.execute(text("delete from footfall.user_sites where user_id = :user_id"), {"user_id": user_id})
    give_sites(connection, user_id, sites)


def update(connection: Connection, user_id: UserId, *, role: UserRole, active: bool) -> None:
    """Writes role and state, as one more version."""
    connection.execute(
        text(
            "update footfall.users set role = :role, active = :active, version = version + 1 where user_id = :user_id"
        ),
        {"user_id": user_id, "role": role, "active": active},
    )


def note_login(connection: Connection, user_id: UserId) -> None:
    connection.execute(
        text("update footfall.users set last_login_at = now() where user_id = :user_id"), {"user_id": user_id}
    )


def delete(connection: Connection, user_id: UserId) -> None:
    """With the user's sites, sessions and refresh tokens."""
    connection.execute(text("delete from footfall.users where user_id = :user_id"), {"user_id": user_id})


def _row(row: Row[Any]) -> UserRow:
    return UserRow(
        user_id=UserId(row.user_id),
        email=row.email,
        password_hash=row.password_hash,
        role=row.role,
        active=row.active,
        site_ids=frozenset(SiteId(site) for site in row.site_ids),
        created_at=row.created_at,
        last_login_at=row.last_login_at,
        version=row.version,
    )
