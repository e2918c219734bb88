"""What is expected of the marts that dbt builds. Whether they agree with the record is for dbt's own tests."""

from __future__ import annotations

from contracts.expectations.suite import (
    Expected,
    Suite,
    between,
    in_order,
    names_one_row,
    never_empty,
    no_row_where,
    one_of,
)

_PLACE = ("tenant_id", "site_id", "site_name", "bucket_start", "bucket_local")
_COUNTS = ("staff_visits", "visitor_visits", "new_visitors", "returning_visitors", "unidentified_sightings")
_BUILT_LATELY = "built_at >= now() - interval '2 days'"
_ON_A_QUARTER = no_row_where(
    "bucket_start <> date_bin('15 minutes', bucket_start, 'epoch')", "A bucket begins on a quarter of an hour."
)
_WHOLE_DAYS = no_row_where("bucket_local <> date_trunc('day', bucket_local)", "A day is its own first moment.")


def _traffic(mart: str, *more: Expected) -> Suite:
    return Suite(
        asset=mart,
        table=f"marts.{mart}",
        columns=(*_PLACE, *_COUNTS, "mean_dwell_seconds"),
        latest=_BUILT_LATELY,
        expected=(
            *never_empty(*_PLACE),
            names_one_row("tenant_id", "site_id", "bucket_start"),
            *(between(column, 0) for column in (*_COUNTS, "mean_dwell_seconds")),
            no_row_where(
                "visitor_visits <> new_visitors + returning_visitors", "Visitors are the new and the returning ones."
            ),
            no_row_where(
                "staff_visits + visitor_visits + unidentified_sightings = 0", "A bucket without anybody has no row."
            ),
            *more,
        ),
    )


def _mart(mart: str, grain: tuple[str, ...], columns: tuple[str, ...], *more: Expected) -> Suite:
    return Suite(
        asset=mart,
        table=f"marts.{mart}",
        columns=(*_PLACE, *(column for column in (*grain, *columns))),
        latest=_BUILT_LATELY,
        expected=(
            *never_empty(*_PLACE, *grain),
            names_one_row("tenant_id", "site_id", "bucket_start", *grain),
            *more,
        ),
    )


_DWELL_CLASSES = (
    *("under_1_minute", "from_1_to_5_minutes", "from_5_to_15_minutes", "from_15_to_60_minutes", "over_1_hour"),
)

MARTS = (
    _traffic("visits_15min", _ON_A_QUARTER),
    _traffic("visits_hourly", _ON_A_QUARTER),
    _traffic("visits_daily", _WHOLE_DAYS),
    _traffic(
        "visits_weekly",
        no_row_where("bucket_local <> date_trunc('week', bucket_local)", "A week begins on Monday."),
    ),
    _traffic(
        "visits_monthly",
        no_row_where("bucket_local <> date_trunc('month', bucket_local)", "A month begins on its first day."),
    ),
    _mart(
        "dwell",
        (),
        ("visitor_visits", "mean_seconds", "median_seconds", "p90_seconds", *_DWELL_CLASSES),
        _WHOLE_DAYS,
        between("visitor_visits", 1),
        between("mean_seconds", 0),
        in_order("median_seconds", "p90_seconds"),
        no_row_where(f"visitor_visits <> {' + '.join(_DWELL_CLASSES)}", "The classes make up the visits."),
    ),
    _mart(
        "occupancy",
        (),
        ("visitors_inside", "staff_inside"),
        _ON_A_QUARTER,
        between("visitors_inside", 0),
        between("staff_inside", 0),
        no_row_where("visitors_inside + staff_inside = 0", "A quarter with nobody inside has no row."),
    ),
    _mart(
        "repeat_cohorts",
        ("cohort_week",),
        ("weeks_since", "customers"),
        between("weeks_since", 0),
        between("customers", 1),
        no_row_where("extract(isodow from cohort_week) <> 1", "A cohort is called by its Monday."),
    ),
    _mart(
        "staff_presence",
        ("staff_id",),
        ("first_seen_at", "last_seen_at", "visits", "present_seconds"),
        _WHOLE_DAYS,
        between("visits", 1),
        between("present_seconds", 0),
        in_order("first_seen_at", "last_seen_at"),
    ),
    _mart(
        "camera_health",
        ("camera_id",),
        (
            *("sightings", "poor_quality_sightings", "unsure_sightings", "late_sightings", "first_sighting_at"),
            *("last_sighting_at", "mean_quality_score"),
        ),
        _WHOLE_DAYS,
        between("sightings", 1),
        between("mean_quality_score", 0, 1),
        in_order("first_sighting_at", "last_sighting_at"),
        in_order("late_sightings", "sightings"),
        no_row_where(
            "poor_quality_sightings + unsure_sightings > sightings", "Poor and unsure sightings are among all of them."
        ),
    ),
    _mart(
        "site_traffic",
        (),
        ("visitor_visits", "new_visitors", "returning_visitors", "returning_share", "week_over_week", "anomaly"),
        _WHOLE_DAYS,
        between("visitor_visits", 0),
        between("returning_share", 0, 1),
        between("week_over_week", -1),
        one_of("anomaly", "high", "low"),
        no_row_where(
            "visitor_visits <> new_visitors + returning_visitors", "Visitors are the new and the returning ones."
        ),
    ),
)
