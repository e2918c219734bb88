"""Rows of the marts without counts of so few people that a site manager could tell who they are, and without what would
tell them. Pure. Other reports, and why, are `footfall.small_counts`'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from contracts.mart_reports import CameraDayRow, CohortRow, DailyDwellRow, DayRow, OccupancyRow, Row
from footfall.small_counts import is_small, not_told

_LENGTHS = (
    "under_1_minute", "from_1_to_5_minutes", "from_5_to_15_minutes", "from_15_to_60_minutes", "over_1_hour",
)  # fmt: skip
_STAYS = ("visitor_visits", "mean_seconds", "median_seconds", "p90_seconds", *_LENGTHS)
_FACES = ("poor_quality_sightings", "unsure_sightings", "late_sightings", "sightings_from_the_future")
_MOMENTS = ("first_sighting_at", "last_sighting_at")


def day_without_small_counts(row: DayRow, fewest_compared: int | None, least: int) -> DayRow:
    """The day without small counts and what would tell them. `fewest_compared`: the smallest count above nothing among
    the days that `usual_visits` is the mean of.

    A mean with a small count in it goes, for the other days of it are told. So every mean that is left is one of counts
    that are told as well, and means of several weeks held against each other tell nothing more.
    """
    hidden = _small(row, ("visitor_visits", "new_visitors", "returning_visitors", "visitor_visits_week_before"), least)
    if hidden & {"visitor_visits", "new_visitors", "returning_visitors"}:
        hidden |= {"new_visitors", "returning_visitors", "returning_share"}
    if hidden & {"visitor_visits", "visitor_visits_week_before"}:
        hidden.add("week_over_week")
    if is_small(fewest_compared, least):
        hidden.add("usual_visits")
    if hidden & {"visitor_visits", "usual_visits"}:
        # It says on which side of a bound the one lies that the other gives.
        hidden.add("anomaly")
    return _without(row, hidden)


def quarter_without_small_counts(row: OccupancyRow, least: int) -> OccupancyRow:
    return _without(row, _small(row, ("visitors_inside", "staff_inside"), least))


def stays_without_small_counts(row: DailyDwellRow, least: int) -> DailyDwellRow:
    """The mean and the percentiles rest on `least` visits or more, as those of the live report."""
    if is_small(row.visitor_visits, least):
        return _without(row, _STAYS)
    counts = [(getattr(row, name),) for name in _LENGTHS]
    return _without(row, [_LENGTHS[index] for index in not_told(counts, least)])


def cohorts_without_small_counts(rows: Sequence[CohortRow], least: int) -> tuple[CohortRow, ...]:
    """A site's cohorts of one week add up to its different customers of the week, whom another report tells."""
    weeks = defaultdict(list)
    for index, row in enumerate(rows):
        weeks[row.site_id, row.bucket_start].append(index)
    hidden = {
        week[position]
        for week in weeks.values()
        for position in not_told([(rows[index].customers or 0,) for index in week], least)
    }
    return tuple(_without(row, ["customers"] if index in hidden else ()) for index, row in enumerate(rows))


def camera_without_small_counts(row: CameraDayRow, least: int) -> CameraDayRow:
    """The first and the last sighting are one person's each, as the longest visit is, and never told to those who may
    not see all."""
    if least > 1:
        row = row.model_copy(update=dict.fromkeys(_MOMENTS))
    if is_small(row.sightings, least):
        return _without(row, ("sightings", "mean_quality_score", "median_delay_seconds", *_FACES))
    return _without(row, _small(row, _FACES, least))


def _small(row: Row, names: Collection[str], least: int) -> set[str]:
    return {name for name in names if is_small(getattr(row, name), least)}


def _without(row: Row, names: Collection[str]) -> Row:
    return row.model_copy(update={"suppressed": True, **dict.fromkeys(names)}) if names else row
