"""What reports leave out for those who may not see counts of few people: no count below the least, and none that would
follow from those that are left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.analytics import (
    BusyHour,
    Cohort,
    DistributionReport,
    DistributionRow,
    DwellBucket,
    DwellReport,
    DwellStatistics,
    NewReturningReport,
    NewReturningRow,
    PeakHoursReport,
    RepeatRateReport,
    TypicalHour,
)
from contracts.base import Role
from contracts.reports import TrafficReport, TrafficRow
from footfall.export_tables import report_csv
from footfall.small_counts import not_told, sees_all, shown, without_small_counts

SITE = UUID("c4a3c0de-0000-4000-8000-000000000001")
AT = datetime(2026, 6, 1, tzinfo=UTC)
SAID: Mapping[str, Any] = {"since": AT, "until": AT.replace(month=7), "as_of": AT}


def traffic(staff: int, new: int, returning: int, nobody: int) -> TrafficReport:
    row = TrafficRow(
        site_id=SITE,
        site_name="Lobby",
        bucket_start=AT,
        staff_visits=staff,
        visitor_visits=new + returning,
        new_visitors=new,
        returning_visitors=returning,
        unidentified_sightings=nobody,
        mean_dwell_seconds=60,
    )
    return TrafficReport(bucket="day", source="live", as_of=AT, rows=(row,))


def cells(report: TrafficReport) -> tuple[int | None, ...]:
    [row] = report.rows
    return row.staff_visits, row.visitor_visits, row.new_visitors, row.returning_visitors, row.unidentified_sightings


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((0, 10, 20, 7), (0, 30, 10, 20, 7)),
        ((4, 10, 20, 1), (None, 30, 10, 20, None)),
        # Thirteen less ten returning would be the three new ones.
        ((0, 3, 10, 0), (0, 13, None, None, 0)),
        ((9, 2, 2, 5), (9, None, None, None, 5)),
        ((0, 0, 5, 0), (0, 5, 0, 5, 0)),
    ],
)
def test_a_row_of_traffic_keeps_what_is_not_few(
    counts: tuple[int, int, int, int], told: tuple[int | None, ...]
) -> None:
    report = without_small_counts(traffic(*counts), 5)
    assert cells(report) == told
    assert report.rows[0].suppressed is (None in told)
    assert report.suppressed == int(None in told)
    assert (report.rows[0].mean_dwell_seconds is None) is (told[1] is None)
    assert without_small_counts(traffic(*counts), 1) == traffic(*counts)


@given(some.lists(some.integers(0, 30), max_size=12), some.integers(2, 8))
def test_what_is_left_out_does_not_follow_from_the_sum(counts: list[int], least: int) -> None:
    left = shown(counts, lambda count: (count,), least)
    assert not [count for count in left if 0 < count < least]
    somebody = sum(map(bool, left))
    # One alone, or few together, are left out only where there is no other to go with them.
    assert sum(map(bool, counts)) - somebody != 1 or not somebody
    assert not 0 < sum(counts) - sum(left) < least or not somebody


@pytest.mark.parametrize(
    ("counts", "left_out"),
    [
        ([(18,), (9,), (7,)], set[int]()),
        ([(18,), (9,), (2,), (0,)], {2, 1}),
        # Two ones come to two, which says what either is.
        ([(18,), (9,), (1,), (1,)], {1, 2, 3}),
        ([(18,), (9,), (4,), (1,)], {2, 3}),
        # New and returning: the first two are one new visitor, whom the sum of the new ones would tell.
        ([(1, 9), (0, 3), (6, 8), (9, 9)], {0, 1, 2}),
        ([(3,), (0,)], {0}),
    ],
)
def test_rows_that_would_tell_a_small_one_go_with_it(counts: list[tuple[int, ...]], left_out: set[int]) -> None:
    assert not_told(counts, 5) == left_out


def distribution(*counts: int) -> DistributionReport:
    total = sum(counts)
    rows = tuple(
        DistributionRow(camera_id=uuid4(), camera_name=f"{n}", visits=n, share=n / total if total else 0)
        for n in counts
    )
    return DistributionReport(**SAID, visits=total, by="camera", rows=rows)


def test_a_distribution_leaves_out_small_cells_and_one_beside_a_single_one() -> None:
    report = without_small_counts(distribution(50, 3, 9, 0), 5)
    assert [row.visits for row in report.rows] == [50, 0]
    assert report.suppressed == 2
    few = without_small_counts(distribution(3, 0), 5)
    assert (few.visits, few.rows, few.suppressed) == (0, (), 1)


def statistics(site: UUID | None, visits: int, histogram: tuple[int, ...]) -> DwellStatistics:
    return DwellStatistics(
        site_id=site,
        site_name=None if site is None else "Lobby",
        visits=visits,
        mean_seconds=60,
        median_seconds=50,
        p75_seconds=70,
        p90_seconds=90,
        p95_seconds=95,
        longest_seconds=500,
        histogram=tuple(DwellBucket(from_seconds=60 * n, visits=v, share=v / visits) for n, v in enumerate(histogram)),
    )


def test_lengths_leave_out_small_sites_small_buckets_and_the_longest_visit() -> None:
    report = DwellReport(
        **SAID,
        visits=45,
        overall=statistics(None, 45, (20, 20, 5)),
        sites=(statistics(uuid4(), 30, (20, 8, 2)), statistics(uuid4(), 12, (0, 12, 0)), statistics(uuid4(), 3, (3,))),
    )
    told = without_small_counts(report, 5)
    # The second site goes with the third, which would follow from the sum.
    assert [site.visits for site in told.sites] == [30]
    assert [bucket.visits for bucket in told.sites[0].histogram] == [20]
    assert told.overall.longest_seconds is None
    assert told.overall.median_seconds == 50
    assert told.suppressed == 4
    nothing = without_small_counts(report.model_copy(update={"visits": 4}), 5)
    assert (nothing.overall.visits, nothing.overall.median_seconds, nothing.sites) == (0, None, ())


def test_new_and_returning_peaks_and_cohorts() -> None:
    def row(new: int, returning: int) -> NewReturningRow:
        return NewReturningRow(
            site_id=SITE,
            site_name="Lobby",
            bucket_start=AT,
            new_visitors=new,
            returning_visitors=returning,
            returning_share=returning / (new + returning),
        )

    rows = (row(3, 10), row(6, 7), row(9, 9))
    both = NewReturningReport(
        **SAID, visits=44, bucket="day", new_visitors=18, returning_visitors=26, customers=3, rows=rows
    )
    told = without_small_counts(both, 5)
    assert (told.rows, told.customers, told.suppressed) == ((rows[2],), None, 3)
    assert (told.new_visitors, told.returning_visitors) == (18, 26)

    hours = PeakHoursReport(
        **SAID,
        visits=20,
        typical=(TypicalHour(weekday=1, hour=9, visits=16, occurrences=4, mean_visits=4.0),),
        busiest=(BusyHour(site_id=SITE, site_name="Lobby", hour_start=AT, visits=4),),
    )
    peaks = without_small_counts(hours, 5)
    assert (len(peaks.typical), peaks.busiest, peaks.suppressed) == (1, (), 1)

    def cohort(new: int, observed: int, returned: int) -> Cohort:
        return Cohort(cohort_start=date(2026, 6, 1), new_customers=new, observed=observed, returned=returned, rate=None)

    again = RepeatRateReport(
        **SAID,
        visits=40,
        customers=20,
        repeat_customers=2,
        repeat_rate=0.1,
        visits_per_customer=2.0,
        within_days=30,
        cohort="month",
        cohorts=(cohort(9, 9, 0), cohort(9, 9, 2), cohort(4, 0, 0)),
    )
    rate = without_small_counts(again, 5)
    assert (rate.customers, rate.repeat_customers, rate.repeat_rate) == (20, None, None)
    assert rate.cohorts == (again.cohorts[0],)


@pytest.mark.parametrize(
    ("role", "all_of_it"), [("tenant_admin", True), ("system_admin", True), ("site_manager", False)]
)
def test_administrators_see_everything(role: Role, all_of_it: bool) -> None:
    assert sees_all(role) is all_of_it


def test_a_table_says_that_a_row_was_suppressed() -> None:
    header, row, *_ = report_csv(without_small_counts(traffic(1, 10, 10, 0), 5)).decode().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["suppressed"] in {"true", "True"}
