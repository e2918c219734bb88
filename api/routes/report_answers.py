"""What the routes of reports share: the span they are asked for, the smallest count that a caller is told, and JSON or
CSV. No route."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from api.csv_answers import CSV_CONTENT, csv_answer, wants_csv
from api.routes.paging import FormatQuery, Instant
from api.state import ApiState
from footfall.access import Principal
from footfall.export_tables import AnyReport, report_csv
from footfall.small_counts import sees_all
from footfall.tenant_records import smallest_count

EITHER: dict[int | str, dict[str, Any]] = {200: {"content": CSV_CONTENT}}
"""Of a route: JSON or CSV."""

Sent = TypeVar("Sent", bound=AnyReport)


class SpanQuery(FormatQuery):
    """A report says of its own `since` by what it counts and how far back it goes."""

    site_id: UUID | None = Field(default=None, description="This site alone.")
    since: Instant | None = None
    until: Instant | None = Field(default=None, description="What began before; by default now.")

    def ends(self, usual: timedelta) -> tuple[datetime, datetime]:
        """`usual`: how far back it goes for a caller who does not say."""
        until = self.until or datetime.now(UTC)
        return self.since or until - usual, until


def least_told(caller: Principal, state: ApiState) -> int:
    """The smallest count that reports tell the caller."""
    return 1 if sees_all(caller.role) else smallest_count(state.services.engine, caller.tenant_id)


def sent(request: Request, report: Sent, name: str) -> Sent | Response:
    return csv_answer(report_csv(report), f"{name}.csv") if wants_csv(request) else report
