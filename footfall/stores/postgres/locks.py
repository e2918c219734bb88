"""The lock that makes the steps of one tenant's gallery follow each other. No table."""

from __future__ import annotations

from sqlalchemy import Connection, text

from contracts.base import TenantId


def lock_gallery(connection: Connection, tenant_id: TenantId) -> None:
    """Waits until no other transaction holds the tenant's gallery, and holds it until this one ends.
    Why one at a time: docs/adr/one-sighting-at-a-time.md.

    Raises PostgresUnavailableError (through the session) when the statement timeout passes first.
    """
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended('footfall.gallery:' || cast(:tenant as text), 0))"),
        {"tenant": str(tenant_id)},
    )
