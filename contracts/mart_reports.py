"""API v1: reports that the marts alone tell, each rows by site and local time, and when dbt built them. Reports on the
visits themselves are in `contracts.analytics`, traffic in `contracts.reports`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Unit
from contracts.reports import SmallCount, Suppressed

Anomaly = Literal["high", "low"]
_Seconds = Annotated[float, Field(ge=0)] | None


class MartRow(Contract):
    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime


class DayRow(MartRow):
    """One day of a site, without anybody or not, beside what is usual there. `suppressed`: counts of so few people that
    the caller's role may not see them are null, and so is whatever would tell them."""

    visitor_visits: SmallCount
    new_visitors: SmallCount
    returning_visitors: SmallCount
    returning_share: Unit | None = Field(description="None on a day without visitors.")
    visitor_visits_week_before: SmallCount = Field(description="On that weekday a week before; none in a first week.")
    week_over_week: float | None = Field(
        ge=-1, description="Change against that weekday as a share of it; none where nobody came then."
    )
    usual_visits: float | None = Field(ge=0, description="Mean of that weekday in up to eight weeks before.")
    anomaly: Anomaly | None = Field(
        description="Busier or quieter than usual, by more than six square roots of the usual count; none before four "
        "such weekdays have passed, or while the day lasts."
    )
    suppressed: bool = False


class OccupancyRow(MartRow):
    """Who was inside at some time in one quarter of an hour of the site's clock, as long as they were seen."""

    visitors_inside: SmallCount
    staff_inside: SmallCount
    suppressed: bool = False


class DailyDwellRow(MartRow):
    """How long the visitors of one day stayed at a site. Of too few visits nothing is told; of a length that too few
    stayed for the count is null, and with it that of another length, which their sum would tell."""

    visitor_visits: SmallCount
    mean_seconds: _Seconds
    median_seconds: _Seconds
    p90_seconds: _Seconds = Field(description="Nine of ten stayed for less.")
    under_1_minute: SmallCount
    from_1_to_5_minutes: SmallCount
    from_5_to_15_minutes: SmallCount
    from_15_to_60_minutes: SmallCount
    over_1_hour: SmallCount = Field(description="An hour or more.")
    suppressed: bool = False


class CohortRow(MartRow):
    """Customers who came to a site in one week, of those who came to any site of the tenant for the first time in
    another or the same one. Each counts once a week."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime = Field(description="Monday of the week in which they came.")
    cohort_week: date = Field(description="Monday of the week in which they came for the first time.")
    weeks_since: int = Field(ge=0, description="Weeks between the two; 0 in the first.")
    customers: SmallCount
    suppressed: bool = False


class StaffDayRow(MartRow):
    """One member of staff on one day at a site. For administrators alone, so nothing of it is ever suppressed."""

    staff_id: UUID
    display_name: str
    first_seen_at: AwareDatetime
    last_seen_at: AwareDatetime = Field(description="Of the visits that began in the day; it may lie in the next.")
    visits: int = Field(ge=1)
    present_seconds: float = Field(ge=0, description="Lengths of these visits, added up.")
    suppressed: bool = False


class CameraDayRow(MartRow):
    """What one camera delivered on one day on which it saw anyone. Counts are of sightings, not of people."""

    camera_id: UUID
    camera_name: str | None = Field(description="None of a camera that is gone.")
    sightings: SmallCount
    poor_quality_sightings: SmallCount = Field(description="Faces under the quality floor.")
    unsure_sightings: SmallCount = Field(description="Faces between the thresholds.")
    first_sighting_at: AwareDatetime | None = Field(description="One person's: never told to a site manager.")
    last_sighting_at: AwareDatetime | None = Field(description="One person's: never told to a site manager.")
    mean_quality_score: Unit | None
    median_delay_seconds: float | None = Field(
        description="From the best shot to the server; below 0 where a worker's clock runs ahead."
    )
    late_sightings: SmallCount = Field(description="More than five minutes on their way: kept in an outbox.")
    sightings_from_the_future: SmallCount = Field(
        description="More than five seconds ahead of the server: a worker's clock is wrong."
    )
    suppressed: bool = False


Row = TypeVar("Row", bound=MartRow)


class MartReport(Contract, Generic[Row]):
    """Rows as dbt built them last. `as_of` says when; it is null, without rows, until it has."""

    as_of: AwareDatetime | None
    rows: tuple[Row, ...]
    suppressed: Suppressed = 0


class DaysReport(MartReport[DayRow]):
    """Each day from a site's first to its latest, as dbt built them last (`as_of` says when)."""


class OccupancyReport(MartReport[OccupancyRow]):
    """Quarters of an hour in which somebody was inside, as dbt built them last (`as_of` says when)."""


class DailyDwellReport(MartReport[DailyDwellRow]):
    """Days on which somebody came and how long they stayed, as dbt built them last (`as_of` says when)."""


class CohortsReport(MartReport[CohortRow]):
    """Weeks and how many of which earlier week's new customers came in them, as dbt built them last (`as_of` says
    when)."""


class StaffPresenceReport(MartReport[StaffDayRow]):
    """Days on which staff were seen, as dbt built them last (`as_of` says when)."""


class CameraHealthReport(MartReport[CameraDayRow]):
    """Days on which cameras saw anyone, as dbt built them last (`as_of` says when)."""
