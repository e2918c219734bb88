"""Sites of a tenant: making, listing, reading, changing, deleting. Cameras are `footfall.cameras`'. Who may see which
is decided by the caller's arguments."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import JsonValue
from sqlalchemy import Connection, Engine

from contracts.base import SiteId, TenantId
from contracts.places import Archived, Site, SiteCreate, SitePage, SitePatch
from footfall import audit
from footfall.errors import ConflictError, HistoryError, InputError, NotFoundError
from footfall.listing import OLDEST_FIRST, PageRequest, choose_order, cut_page
from footfall.stores.postgres import sites as table
from footfall.stores.postgres.locks import lock_gallery
from footfall.stores.postgres.places import timezone_known
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected
from footfall.visit_gaps import recut_visits


def create_site(engine: Engine, tenant_id: TenantId, site: SiteCreate, *, actor: str) -> Site:
    """Raises InputError for a time zone that Python or Postgres does not know, ConflictError for a name in use."""
    with tenant_transaction(engine, tenant_id) as connection:
        _check_timezone(connection, site.timezone)
        made = table.insert_site(connection, tenant_id, site)
        if made is None:
            raise _name_taken(site.name)
        audit.record(
            connection,
            actor=actor,
            action="site.created",
            subject_kind="site",
            subject_id=made.site_id,
            detail={"timezone": made.timezone, "visit_gap_minutes": made.visit_gap_minutes},
        )
    return made


def list_sites(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest = OLDEST_FIRST,
    *,
    allowed_sites: Collection[UUID] | None = None,
    name_contains: str | None = None,
    archived: Archived = "exclude",
) -> SitePage:
    """Sites in the page's order; of `allowed_sites` alone, where given. Raises InputError for a bad page."""
    order = choose_order("sites", table.SORTS, table.ID_COLUMN, page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_sites(
            connection,
            order,
            allowed=allowed_sites,
            name_contains=name_contains,
            archived=archived,
            cursor=page.cursor,
            limit=page.rows,
        )
    items, next_cursor = cut_page(order, found, page.limit, lambda site: site.site_id)
    return SitePage(items=items, next_cursor=next_cursor)


def get_site(engine: Engine, tenant_id: TenantId, site_id: SiteId) -> Site:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_site(connection, site_id)
    if found is None:
        raise missing_site(site_id)
    return found


def change_site(
    engine: Engine, tenant_id: TenantId, site_id: SiteId, patch: SitePatch, expected: Expected, *, actor: str
) -> Site:
    """The site with the changes; without any, as it is.

    A new visit gap cuts the site's visits anew, in the same transaction; a new name or time zone has dbt rebuild the
    site's days in the marts at its next run. Raises NotFoundError, StaleVersionError, InputError for an unknown time
    zone, ConflictError for a name in use.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        current = table.select_site(connection, site_id, lock=True)
        if current is None:
            raise missing_site(site_id)
        expected.check(current.version)
        wanted = _patched(current, patch)
        if wanted == current:
            return current
        if wanted.timezone != current.timezone:
            _check_timezone(connection, wanted.timezone)
        if wanted.name != current.name and table.name_taken(connection, wanted.name, by_other_than=site_id):
            raise _name_taken(wanted.name)
        recuts = wanted.visit_gap_minutes != current.visit_gap_minutes
        if recuts:
            lock_gallery(connection, tenant_id)
        made = table.update_site(connection, wanted)
        if recuts:
            recut_visits(connection, tenant_id, site_id, timedelta(minutes=made.visit_gap_minutes))
        audit.record(
            connection,
            actor=actor,
            action="site.changed",
            subject_kind="site",
            subject_id=site_id,
            detail=_changes(current, made),
        )
    return made


def delete_site(engine: Engine, tenant_id: TenantId, site_id: SiteId, expected: Expected, *, actor: str) -> None:
    """Deletes a site that has no cameras and has counted nothing. Raises NotFoundError, StaleVersionError, and
    HistoryError for any other site, which can be archived."""
    with tenant_transaction(engine, tenant_id) as connection:
        current = table.select_site(connection, site_id, lock=True)
        if current is None:
            raise missing_site(site_id)
        expected.check(current.version)
        history = table.select_history(connection, site_id)
        if history.events or history.visits:
            raise HistoryError(
                f"The site has {history.events} events and {history.visits} visits, which reports count.",
                hint='Archive it: PATCH with {"archived": true}. It then takes no events and is no longer listed.',
            )
        if history.cameras:
            raise ConflictError(f"The site has {history.cameras} cameras.", hint="Delete its cameras first.")
        table.delete_site(connection, site_id)
        audit.record(connection, actor=actor, action="site.deleted", subject_kind="site", subject_id=site_id)


def missing_site(site_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no site {site_id}.")


def archived_since(current: datetime | None, wanted: object) -> datetime | None:
    """The moment of archiving after a change: what it was, where nothing changes."""
    if wanted is None or wanted == (current is not None):
        return current
    return datetime.now(UTC) if wanted else None


def _patched(current: Site, patch: SitePatch) -> Site:
    changes = patch.changes()
    archived_at = archived_since(current.archived_at, changes.pop("archived", None))
    return current.model_copy(update={**changes, "archived_at": archived_at})


def _changes(before: Site, after: Site) -> dict[str, JsonValue]:
    """Before and after of each field that changed."""
    found: dict[str, JsonValue] = {}
    for name in ("name", "timezone", "visit_gap_minutes", "archived_at"):
        values = [getattr(site, name) for site in (before, after)]
        if values[0] != values[1]:
            found[name] = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return found


def _name_taken(name: str) -> ConflictError:
    return ConflictError(f"There is a site named {name!r} already.", hint="Choose another name.")


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_timezone(connection: Connection, name: str) -> None:
    if name not in _timezones():
        raise InputError(f"{name!r} is no time zone.", hint="Use an IANA name, for instance Europe/Vienna.")
    if not timezone_known(connection, name):
        raise InputError(f"The database does not know the time zone {name!r}.")
