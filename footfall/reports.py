"""Traffic by the bucket: live from the visits, or from the marts that dbt builds. Other reports are
`footfall.analytics`'."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import SiteId, TenantId
from contracts.reports import Bucket, ReportSource, TrafficReport
from footfall.report_spans import check_length
from footfall.stores.postgres import reports as table
from footfall.stores.postgres.mart_rows import SiteSpan
from footfall.tenancy import tenant_transaction

LONGEST: Mapping[Bucket, timedelta] = MappingProxyType(
    {
        "15min": timedelta(days=31),
        "hour": timedelta(days=100),
        "day": timedelta(days=3660),
        "week": timedelta(days=3660),
        "month": timedelta(days=3660),
    }
)
"""Of a report: the most that its rows stay few for."""


def traffic(
    engine: Engine,
    tenant_id: TenantId,
    *,
    bucket: Bucket,
    since: datetime,
    until: datetime,
    source: ReportSource,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> TrafficReport:
    """Visits by the bucket of each site's own time in which they began: whole buckets that start in [since, until),
    empty ones left out, in order of time. Weeks begin on Monday.

    `new_visitors` counts customers' first visits and `returning_visitors` their other ones, so rows can be added up;
    the mean dwell is that of visitors. `marts` answers no rows and no `as_of` until dbt has built them. Raises
    InputError for bounds without a time zone, the wrong way round, or further apart than LONGEST.
    """
    check_length(
        since,
        until,
        LONGEST[bucket],
        what=f"A report by the {bucket}",
        hint="Ask for a shorter span, or for longer buckets.",
    )
    span = SiteSpan(since, until, site_id, allowed_sites)
    with tenant_transaction(engine, tenant_id) as connection:
        if source == "marts":
            as_of, rows = table.select_mart_traffic(connection, bucket, span)
        else:
            as_of, rows = table.select_now(connection), table.select_live_traffic(connection, bucket, span)
    return TrafficReport(bucket=bucket, source=source, as_of=as_of, rows=tuple(rows))
