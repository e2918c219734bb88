"""Periods of the pages in whole weeks and months of a site's own calendar."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from contracts.reports import Bucket
from dashboards.filters import whole_buckets

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("bucket", "begins"),
    [
        ("15min", datetime(2026, 3, 29, tzinfo=VIENNA)),
        ("day", datetime(2026, 3, 29, tzinfo=VIENNA)),
        ("week", datetime(2026, 3, 23, tzinfo=VIENNA)),
        ("month", datetime(2026, 3, 1, tzinfo=VIENNA)),
    ],
)
def test_a_period_begins_with_its_first_bucket(bucket: Bucket, begins: datetime) -> None:
    """Also on the day on which the clocks change."""
    assert whole_buckets(datetime(2026, 3, 29, tzinfo=VIENNA), bucket) == begins
