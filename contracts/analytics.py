"""API v1: reports on how visits are spread, how long they last, who comes again. Traffic is in `contracts.reports`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, PersonKind, Unit
from contracts.reports import Suppressed

Whose = Literal["customer", "staff", "everyone"]
DistributionBy = Literal["hour_of_week", "camera", "person_kind", "dwell"]
ReturnBucket = Literal["day", "week", "month"]
CohortBucket = Literal["week", "month"]

Weekday = Annotated[int, Field(ge=1, le=7, description="1 Monday to 7 Sunday, of the site's local time.")]
Hour = Annotated[int, Field(ge=0, le=23, description="Hour of the site's local time.")]
Seconds = Annotated[float, Field(ge=0)]

DWELL_EDGES_SECONDS = (0, 60, 300, 900, 3600)
"""Where the buckets of a dwell time begin; the last one has no end."""


class Report(Contract):
    """What every report says of itself: visits that began in [since, until), counted at `as_of`."""

    since: AwareDatetime
    until: AwareDatetime
    as_of: AwareDatetime
    visits: int = Field(ge=0, description="Visits that the report rests on.")
    suppressed: Suppressed = 0


class DistributionRow(Contract):
    """One cell; of the fields before `visits` those are set that the report is by."""

    weekday: Weekday | None = None
    hour: Hour | None = None
    camera_id: UUID | None = None
    camera_name: str | None = None
    person_kind: PersonKind | None = None
    from_seconds: int | None = Field(default=None, ge=0)
    to_seconds: int | None = Field(default=None, ge=0, description="None where the bucket has no end.")
    visits: int = Field(ge=0)
    share: Unit = Field(description="Of all visits. A visit that two cameras have seen is in the row of either.")


class DistributionReport(Report):
    """How visits are spread. Cells without a visit are there as well, but for cameras."""

    by: DistributionBy
    rows: tuple[DistributionRow, ...]


class NewReturningRow(Contract):
    """Customers' visits that began within one bucket of the site's local time."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime
    new_visitors: int = Field(ge=0, description="First visits to any site of the tenant.")
    returning_visitors: int = Field(ge=0)
    returning_share: Unit


class NewReturningReport(Report):
    bucket: ReturnBucket
    new_visitors: int = Field(ge=0)
    returning_visitors: int = Field(ge=0)
    customers: int | None = Field(
        ge=0, description="Different customers; one who came twice counts once. Null where it is suppressed."
    )
    rows: tuple[NewReturningRow, ...]


class DwellBucket(Contract):
    from_seconds: int = Field(ge=0)
    to_seconds: int | None = Field(default=None, description="None where the bucket has no end.")
    visits: int = Field(ge=0)
    share: Unit


class DwellStatistics(Contract):
    """Of visits' lengths, in seconds; none of the figures without a visit. `site_id` None: of all sites together."""

    site_id: UUID | None = None
    site_name: str | None = None
    visits: int = Field(ge=0)
    mean_seconds: Seconds | None
    median_seconds: Seconds | None
    p75_seconds: Seconds | None
    p90_seconds: Seconds | None
    p95_seconds: Seconds | None
    longest_seconds: Seconds | None
    histogram: tuple[DwellBucket, ...]


class DwellReport(Report):
    """How long visits last, from the first to the last sighting; one that is still open counts as long as it is."""

    overall: DwellStatistics
    sites: tuple[DwellStatistics, ...]


class TypicalHour(Contract):
    """An hour of the week and how many visits begin in it on average."""

    weekday: Weekday
    hour: Hour
    visits: int = Field(ge=1)
    occurrences: int = Field(ge=1, description="How often the period had that hour, over all its sites.")
    mean_visits: float = Field(ge=0)


class BusyHour(Contract):
    """One hour of one day at one site."""

    site_id: UUID
    site_name: str
    hour_start: AwareDatetime
    visits: int = Field(ge=1)


class PeakHoursReport(Report):
    """The busiest hours first: of the week on average, and of all single ones."""

    typical: tuple[TypicalHour, ...]
    busiest: tuple[BusyHour, ...]


class Cohort(Contract):
    """Customers whose first visit began in one week or month of its site's local time."""

    cohort_start: date = Field(description="First day of the week or month.")
    new_customers: int = Field(ge=0)
    observed: int = Field(ge=0, description="Those whose time to come again is over, and who can be judged.")
    returned: int = Field(ge=0, description="Of the observed, those who came again in that time.")
    rate: Unit | None = Field(description="None where nobody was observed for long enough.")


class RepeatRateReport(Report):
    """Who comes again: within the period, and within so many days of a first visit."""

    customers: int | None = Field(ge=0, description="Null where it is suppressed.")
    repeat_customers: int | None = Field(
        ge=0, description="Customers with two visits or more in the period; null where it is suppressed."
    )
    repeat_rate: Unit | None = Field(description="None without a customer.")
    visits_per_customer: float | None = Field(ge=0)
    within_days: int = Field(ge=1)
    cohort: CohortBucket
    cohorts: tuple[Cohort, ...]
