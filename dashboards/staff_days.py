"""When staff were seen, day by day, on the staff page: a pure table of the mart's rows. No widget and no request."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from contracts.mart_reports import StaffDayRow
from dashboards.charts import duration_text


def staff_days_frame(rows: Sequence[StaffDayRow]) -> pd.DataFrame:
    """One row a person, day and site, the latest day first; times as the site's clock showed them."""
    latest_first = sorted(rows, key=lambda row: row.bucket_start.date(), reverse=True)
    return pd.DataFrame(
        [
            {
                "Day": row.bucket_start.date(),
                "Person": row.display_name,
                "Site": row.site_name,
                "First seen": f"{row.first_seen_at:%H:%M}",
                # A night shift that began in the day ends in the next.
                "Last seen": f"{row.last_seen_at:%H:%M}" + _days_later(row),
                "Visits": row.visits,
                "Present": duration_text(row.present_seconds),
            }
            for row in latest_first
        ],
        columns=["Day", "Person", "Site", "First seen", "Last seen", "Visits", "Present"],
    )


def _days_later(row: StaffDayRow) -> str:
    days = (row.last_seen_at.date() - row.bucket_start.date()).days
    return f" +{days}" if days > 0 else ""
