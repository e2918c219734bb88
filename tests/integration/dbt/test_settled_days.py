"""Reports that read settled days from the marts: they tell what the visits themselves tell."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine, text

from contracts.analytics import Report, ReturnBucket, Whose
from footfall import analytics
from footfall.stores.postgres.analytics import ReportSpan
from footfall.tenancy import unbound_transaction
from tests.integration.dbt.told import SINCE, UNTIL, ZONES, some_instant
from tests.integration.marts import Dbt, Record, age_changes
from tests.servers import MigratedPostgres

_WHOSE: tuple[Whose, ...] = ("customer", "staff", "everyone")
_RETURN_BUCKETS: tuple[ReturnBucket, ...] = ("day", "week", "month")


def test_reports_read_settled_days_from_the_marts_and_tell_what_the_visits_tell(
    dbt: Dbt, record: Record, database: MigratedPostgres, transform: Engine
) -> None:
    """Through every change of clocks, with days that the span cuts into, days that changed after the build, and a mart
    whose settled days are read indeed."""
    dice = random.Random(11)
    places = [record.site(zone) for zone in ZONES]
    people, colleague = [record.customer() for _ in range(9)], record.staff()
    visits = [record.visit(dice.choice(places), dice.choice(people), some_instant(dice)) for _ in range(150)]
    visits += [record.visit(dice.choice(places), colleague, some_instant(dice), kind="staff") for _ in range(40)]
    record.execute("update footfall.visits set is_first_visit = customer_id is not null and random() < 0.4")
    age_changes(database, record.tenant_id, days=10)
    dbt.refresh("visits_hourly", from_nothing=True)
    for visit in dice.sample(visits, 25):
        record.execute("delete from footfall.visits where visit_id = :visit", visit=visit)
    for _ in range(25):
        record.visit(dice.choice(places), dice.choice(people), some_instant(dice))

    for since, until in (
        (SINCE, UNTIL),
        (datetime(2026, 3, 8, 5, 17, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ):
        for whose in _WHOSE:
            told = _reports(record, ReportSpan(since, until, whose, None, None))
            assert told == _reports(record, ReportSpan(since, until, whose, None, None, marts=False))
            assert told[0].visits > 20

    # A report that never looked into the mart would tell the same of a mart that is wrong.
    with unbound_transaction(transform) as connection:
        changed = text(
            "update marts.visits_hourly set visitor_visits = visitor_visits + 1, new_visitors = new_visitors + 1"
        )
        assert connection.execute(changed).rowcount
    span = ReportSpan(SINCE, UNTIL, "customer", None, None)
    wrong = _reports(record, span)[0].visits - _reports(record, replace(span, marts=False))[0].visits
    # Days that changed are counted from the visits, all others are the mart's.
    assert wrong > 0
    dbt.refresh("visits_hourly", from_nothing=True)


def _reports(record: Record, span: ReportSpan) -> list[Report]:
    """All that are sums of hours, without the moment at which they were asked for."""
    asked: list[Report] = [
        analytics.distribution(record.engine, record.tenant_id, span, by="hour_of_week"),
        analytics.distribution(record.engine, record.tenant_id, span, by="person_kind"),
        analytics.peak_hours(record.engine, record.tenant_id, span, limit=168),
        *(analytics.new_returning(record.engine, record.tenant_id, span, bucket=b) for b in _RETURN_BUCKETS),
    ]
    return [report.model_copy(update={"as_of": SINCE}) for report in asked]
