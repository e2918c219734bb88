"""Table sites: rows in and out, what hangs on one. No rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import SiteId, TenantId
from contracts.places import Archived, Site, SiteCreate
from footfall.listing import Listed, Order, SortKey

SORTS = (SortKey("created_at", "s.created_at", "timestamptz"), SortKey("name", "s.name", "text"))
ID_COLUMN = "s.site_id"

_COLUMNS = "s.site_id, s.name, s.timezone, s.visit_gap_minutes, s.created_at, s.version, s.archived_at"
ARCHIVED = "(cast(:archived as text) = 'include' or ({0}.archived_at is not null) = (cast(:archived as text) = 'only'))"
"""The condition on archived records; `{0}` is the table's alias."""

_SELECT_ONE = text(f"select {_COLUMNS} from footfall.sites as s where s.site_id = :site_id")  # noqa: S608 - constants
_SELECT_LOCKED = text(f"{_SELECT_ONE.text} for no key update")


@dataclass(frozen=True, slots=True)
class SiteHistory:
    """What would be lost with a site."""

    cameras: int
    events: int
    visits: int


def insert_site(connection: Connection, tenant_id: TenantId, site: SiteCreate) -> Site | None:
    """The new row; None where the tenant has a site of that name."""
    row = connection.execute(
        text(f"""
            insert into footfall.sites as s (tenant_id, name, timezone, visit_gap_minutes)
            values (:tenant_id, :name, :timezone, :visit_gap_minutes)
            on conflict (tenant_id, name) do nothing
            returning {_COLUMNS}
        """),  # noqa: S608 - constants of this module
        {"tenant_id": tenant_id, **site.model_dump()},
    )
    found = row.mappings().one_or_none()
    return None if found is None else Site.model_validate(dict(found))


def select_sites(
    connection: Connection,
    order: Order,
    *,
    allowed: Collection[UUID] | None,
    name_contains: str | None,
    archived: Archived,
    cursor: str | None,
    limit: int,
) -> list[Listed[Site]]:
    """Raises InputError for a cursor that is not this order's."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS}, {order.sql_key} as sort_key
            from footfall.sites as s
            where (cast(:allowed as uuid[]) is null or s.site_id = any(cast(:allowed as uuid[])))
              and (cast(:contained as text) is null or strpos(lower(s.name), lower(cast(:contained as text))) > 0)
              and {ARCHIVED.format("s")}
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),  # noqa: S608 - the order's fragments stand in the code
        {
            "allowed": None if allowed is None else list(allowed),
            "contained": name_contains,
            "archived": archived,
            "limit": limit,
            **order.parameters(cursor),
        },
    )
    return [
        Listed(row["sort_key"], Site.model_validate({name: row[name] for name in row if name != "sort_key"}))
        for row in rows.mappings()
    ]


def select_site(connection: Connection, site_id: SiteId, *, lock: bool = False) -> Site | None:
    """`lock`: held against change until the transaction ends."""
    row = connection.execute(_SELECT_LOCKED if lock else _SELECT_ONE, {"site_id": site_id})
    found = row.mappings().one_or_none()
    return None if found is None else Site.model_validate(dict(found))


def update_site(connection: Connection, site: Site) -> Site:
    """The row as it is now, with the next version. Raises ConflictError (through the session) for a name in use."""
    row = connection.execute(
        text(f"""
            update footfall.sites as s
            set name = :name, timezone = :timezone, visit_gap_minutes = :visit_gap_minutes,
                archived_at = :archived_at, version = version + 1
            where s.site_id = :site_id
            returning {_COLUMNS}
        """),  # noqa: S608 - constants of this module
        site.model_dump(include={"site_id", "name", "timezone", "visit_gap_minutes", "archived_at"}),
    )
    return Site.model_validate(dict(row.mappings().one()))


def name_taken(connection: Connection, name: str, *, by_other_than: SiteId) -> bool:
    found = connection.execute(
        text("select exists (select from footfall.sites where name = :name and site_id <> :site_id)"),
        {"name": name, "site_id": by_other_than},
    )
    return bool(found.scalar_one())


def select_history(connection: Connection, site_id: SiteId) -> SiteHistory:
    row = connection.execute(
        text("""
            select (select count(*) from footfall.cameras where site_id = :site_id) as cameras,
                   (select count(*) from footfall.face_events where site_id = :site_id) as events,
                   (select count(*) from footfall.visits where site_id = :site_id) as visits
        """),
        {"site_id": site_id},
    ).one()
    return SiteHistory(cameras=row.cameras, events=row.events, visits=row.visits)


def delete_site(connection: Connection, site_id: SiteId) -> None:
    """A site without history. API keys that were made for it alone are then for none."""
    connection.execute(
        text("update footfall.api_keys set site_ids = array_remove(site_ids, :id) where :id = any(site_ids)"),
        {"id": site_id},
    )
    connection.execute(text("delete from footfall.sites where site_id = :site_id"), {"site_id": site_id})
