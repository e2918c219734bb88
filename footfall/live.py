"""The live stream of a tenant: what is kept of it, and who may see what. Writing to it is
`footfall.stores.postgres.live`', handing it out is the API's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import TenantId
from contracts.live import LiveEvent
from footfall.stores.postgres import live as table
from footfall.tenancy import tenant_transaction

PAGE_EVENTS = 500
CHANNEL = "footfall_live"
"""On which Postgres notifies with a tenant's id, and nothing more: notifications know no row-level security."""


@dataclass(frozen=True, slots=True)
class Span:
    """`head`: the latest event's position, 0 before the first. `oldest`: of the oldest that is kept, None of none."""

    head: int
    oldest: int | None

    def holds_all_after(self, position: int) -> bool:
        """Whether every event after `position` is still kept. A position ahead of the head was never given by this
        database: what follows it cannot be known."""
        if position == self.head:
            return True
        return position < self.head and self.oldest is not None and self.oldest <= position + 1


def kept_span(engine: Engine, tenant_id: TenantId) -> Span:
    """Raises PostgresUnavailableError."""
    with tenant_transaction(engine, tenant_id) as connection:
        # In this order: what is committed between the two questions only moves the oldest on.
        head = table.head(connection)
        return Span(head, table.oldest(connection))


def read_after(engine: Engine, tenant_id: TenantId, position: int) -> list[LiveEvent]:
    """Up to PAGE_EVENTS events after the position, in the order in which they were committed. Raises
    PostgresUnavailableError."""
    with tenant_transaction(engine, tenant_id) as connection:
        return table.select_after(connection, position, limit=PAGE_EVENTS)


def visible(event: LiveEvent, sites: frozenset[UUID] | None) -> bool:
    """Whether a caller of these sites may see the event; None: of every site. What belongs to no site in particular is
    for those alone who may see all."""
    return sites is None or (event.site_ids is not None and not sites.isdisjoint(event.site_ids))
