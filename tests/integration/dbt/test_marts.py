"""What the marts count, held against the record itself; and how they follow it when it changes."""

from __future__ import annotations

import os
import random
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, make_url, text

from assets.dbt_project import dbt_environment, dbt_executable
from contracts.analytics import Report, ReturnBucket, Whose
from contracts.base import SiteId
from contracts.reports import Bucket, TrafficRow
from footfall import analytics, reports
from footfall.stores.postgres.analytics import ReportSpan
from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.integration.marts import Dbt, Place, Record, age_changes
from tests.servers import MigratedPostgres

ZONES = ("Europe/Vienna", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "UTC")
# Around the days of 2026 on which the clocks of these zones change.
CHANGES = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25", "2026-11-01")
_WHOSE: tuple[Whose, ...] = ("customer", "staff", "everyone")
_RETURN_BUCKETS: tuple[ReturnBucket, ...] = ("day", "week", "month")
TRAFFIC = ("visits_hourly", "visits_daily")
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def marts(record: Record, bucket: Bucket = "day", place: Place | None = None) -> list[TrafficRow]:
    return _traffic(record, bucket, "marts", place)


def _traffic(record: Record, bucket: Bucket, source: str, place: Place | None = None) -> list[TrafficRow]:
    rows: list[TrafficRow] = []
    since = SINCE
    while since < UNTIL:  # a report of hours spans a hundred days at most
        until = min(since + timedelta(days=90), UNTIL)
        report = reports.traffic(
            record.engine,
            record.tenant_id,
            bucket=bucket,
            since=since,
            until=until,
            source="marts" if source == "marts" else "live",
            site_id=None if place is None else SiteId(place.site_id),
        )
        rows += report.rows
        since = until
    return sorted(rows, key=lambda row: (row.bucket_start, row.site_id))


def assert_marts_tell_the_record(record: Record) -> None:
    for bucket in ("hour", "day"):
        told, live = _traffic(record, bucket, "marts"), _traffic(record, bucket, "live")
        assert [_without_mean(row) for row in told] == [_without_mean(row) for row in live]
        assert [row.mean_dwell_seconds for row in told] == [
            None if row.mean_dwell_seconds is None else pytest.approx(row.mean_dwell_seconds) for row in live
        ]


def _without_mean(row: TrafficRow) -> TrafficRow:
    return row.model_copy(update={"mean_dwell_seconds": None})


def _some_instant(dice: random.Random) -> datetime:
    day = datetime.fromisoformat(dice.choice(CHANGES)).replace(tzinfo=UTC)
    return day + timedelta(minutes=dice.randrange(-24 * 60, 48 * 60))


def test_marts_are_what_the_record_says_live_through_every_change_of_clocks_and_of_the_record(
    dbt: Dbt, record: Record
) -> None:
    """Three times over, some hundred visits and sightings come, grow, move, are recognised late and are erased."""
    dice = random.Random(20261122)
    places = [record.site(zone) for zone in ZONES]
    people = [record.customer() for _ in range(20)]
    colleagues = [record.staff() for _ in range(3)]
    visits: list[UUID] = []
    sightings: list[UUID] = []
    for _ in range(3):
        for _ in range(60):
            place, at, minutes = dice.choice(places), _some_instant(dice), dice.uniform(0, 90)
            if dice.random() < 0.2:
                visits.append(record.visit(place, dice.choice(colleagues), at, kind="staff", minutes=minutes))
            else:
                first = dice.random() < 0.4
                visits.append(record.visit(place, dice.choice(people), at, first=first, minutes=minutes))
            decision = dice.choice(["unsure", "stranger", "counted", "poor_quality"])
            sightings.append(record.sighting(place, _some_instant(dice), decision))
        for visit in dice.sample(visits, 10):  # an earlier sighting arrived late
            record.execute(
                "update footfall.visits set started_at = started_at - :earlier where visit_id = :visit",
                visit=visit,
                earlier=timedelta(minutes=dice.randrange(1, 600)),
            )
        for visit in dice.sample(visits, 5):
            record.execute(
                "update footfall.visits set is_first_visit = not is_first_visit where visit_id = :visit", visit=visit
            )
        for event in dice.sample(sightings, 10):
            record.execute("delete from footfall.face_events where event_id = :event", event=event)
        for visit in dice.sample(visits, 10):
            record.execute("delete from footfall.visits where visit_id = :visit", visit=visit)
            visits.remove(visit)
        dbt.refresh(*TRAFFIC)
        assert_marts_tell_the_record(record)
    assert len(marts(record, "hour")) > 100
    dbt.build()


def test_an_erased_persons_only_visit_leaves_no_row(dbt: Dbt, record: Record) -> None:
    place, gone, stays = record.site(), record.customer(), record.customer()
    record.visit(place, gone, "2026-06-01 10:00", first=True)
    record.visit(place, gone, "2026-06-03 10:00")
    record.visit(place, stays, "2026-06-03 11:00", first=True)
    dbt.refresh(*TRAFFIC)
    assert [row.visitor_visits for row in marts(record)] == [1, 2]
    record.execute("delete from footfall.visits where customer_id = :gone", gone=gone)
    dbt.refresh(*TRAFFIC)
    [left] = marts(record)
    assert (left.visitor_visits, left.new_visitors, left.returning_visitors) == (1, 1, 0)
    assert len(marts(record, "hour")) == 1


def test_a_visit_that_begins_earlier_after_all_moves_to_the_day_before(dbt: Dbt, record: Record) -> None:
    """At the site's midnight, which is 22:00 UTC."""
    place = record.site("Europe/Vienna")
    visit = record.visit(place, record.customer(), "2026-06-10 22:05", first=True)
    dbt.refresh("visits_daily")
    [before] = marts(record)
    record.execute(
        "update footfall.visits set started_at = started_at - interval '10 minutes' where visit_id = :visit",
        visit=visit,
    )
    dbt.refresh("visits_daily")
    [after] = marts(record)
    assert before.bucket_start - after.bucket_start == timedelta(days=1)


def test_a_sighting_that_is_joined_to_a_visit_is_no_longer_unidentified(dbt: Dbt, record: Record) -> None:
    place = record.site()
    event = record.sighting(place, "2026-06-12 10:00", "unsure")
    visit = record.visit(place, record.customer(), "2026-06-12 10:00", first=True)
    dbt.refresh("visits_daily")
    assert [row.unidentified_sightings for row in marts(record)] == [1]
    record.execute(
        "update footfall.face_events set visit_id = :visit where event_id = :event", visit=visit, event=event
    )
    dbt.refresh("visits_daily")
    assert [row.unidentified_sightings for row in marts(record)] == [0]


def test_a_late_visit_reopens_its_day_and_no_other(dbt: Dbt, database: MigratedPostgres, record: Record) -> None:
    """Besides the latest one, whose new build says that the mart is up to date."""
    place, person = record.site("UTC"), record.customer()
    for day in ("2026-06-01", "2026-06-02", "2026-06-03"):
        record.visit(place, person, f"{day} 10:00")
    dbt.refresh("visits_daily")
    age_changes(database, record.tenant_id, days=3)
    first = _built(record, place)
    record.visit(place, person, "2026-06-02 09:00")
    dbt.refresh("visits_daily")
    second = _built(record, place)
    assert [day for day, built_at in second.items() if built_at != first[day]] == ["2026-06-02", "2026-06-03"]
    assert [row.visitor_visits for row in marts(record)] == [1, 2, 1]


def test_where_nothing_happened_the_report_is_of_the_last_build_all_the_same(
    dbt: Dbt, database: MigratedPostgres, record: Record
) -> None:
    place = record.site("UTC")
    record.visit(place, record.customer(), "2026-06-01 10:00")
    dbt.refresh("visits_daily")
    age_changes(database, record.tenant_id, days=3)
    before = reports.traffic(
        record.engine, record.tenant_id, bucket="day", since=SINCE, until=UNTIL, source="marts"
    ).as_of
    dbt.refresh("visits_daily")
    after = reports.traffic(
        record.engine, record.tenant_id, bucket="day", since=SINCE, until=UNTIL, source="marts"
    ).as_of
    assert before is not None
    assert after is not None
    assert after > before


def test_a_site_that_is_gone_takes_its_rows_with_it(dbt: Dbt, record: Record) -> None:
    going, staying, person = record.site(), record.site(), record.customer()
    for place in (going, staying):
        record.visit(place, person, "2026-06-20 10:00")
    dbt.refresh("visits_daily")
    assert len(marts(record)) == 2
    for table in ("visits", "cameras", "sites"):
        record.execute(f"delete from footfall.{table} where site_id = :site", site=going.site_id)
    dbt.refresh("visits_daily")
    assert {row.site_id for row in marts(record)} == {staying.site_id}


def test_a_full_refresh_and_an_incremental_build_tell_the_same(dbt: Dbt, record: Record) -> None:
    place, person = record.site(), record.customer()
    record.visit(place, person, "2026-10-25 00:30", first=True)
    record.visit(place, person, "2026-10-25 01:30")
    record.sighting(place, "2026-10-25 01:31")
    dbt.refresh("visits_hourly")
    built = marts(record, "hour")
    dbt.refresh("visits_hourly", from_nothing=True)
    assert marts(record, "hour") == built
    instants = [row.bucket_start.astimezone(UTC).isoformat() for row in built]
    assert instants == ["2026-10-25T00:00:00+00:00", "2026-10-25T01:00:00+00:00"]


def test_a_burst_of_changes_to_one_quarter_of_an_hour_is_noted_once(record: Record) -> None:
    place = record.site("UTC")
    visit = record.visit(place, record.customer(), "2026-06-01 10:01")
    for _ in range(20):
        record.execute("update footfall.visits set ended_at = ended_at + interval '1 s' where visit_id = :v", v=visit)
    with record.transaction() as connection:
        noted = connection.execute(text("select touched_at from footfall.traffic_changes")).scalars().all()
    assert noted == [datetime(2026, 6, 1, 10, 0, tzinfo=UTC)]


def test_a_change_after_an_older_note_is_noted_again(database: MigratedPostgres, record: Record) -> None:
    place = record.site("UTC")
    visit = record.visit(place, record.customer(), "2026-06-01 10:01")
    age_changes(database, record.tenant_id, days=1)
    record.execute("delete from footfall.visits where visit_id = :v", v=visit)
    assert _count_notes(record) == 2


def test_one_statement_over_many_rows_notes_every_quarter_it_touched(record: Record) -> None:
    place, person = record.site("UTC"), record.customer()
    for minute in (0, 14, 15, 59):
        record.visit(place, person, f"2026-06-01 10:{minute:02}")
    record.execute(
        "update footfall.visits set started_at = started_at - interval '1 day', ended_at = ended_at - interval '1 day'"
    )
    with record.transaction() as connection:
        noted = connection.execute(text("select distinct touched_at from footfall.traffic_changes order by 1"))
        quarters = [at.strftime("%d %H:%M") for at in noted.scalars()]
    assert quarters == ["31 10:00", "31 10:15", "31 10:45", "01 10:00", "01 10:15", "01 10:45"]


def test_notes_that_every_mart_took_up_long_ago_are_dropped(
    dbt: Dbt, database: MigratedPostgres, record: Record, transform: Engine
) -> None:
    place = record.site("UTC")
    record.visit(place, record.customer(), "2026-06-01 10:00")
    age_changes(database, record.tenant_id, days=31)
    record.visit(place, record.customer(), "2026-06-02 10:00")
    dbt.refresh()
    with record.transaction() as connection:
        noted = connection.execute(text("select touched_at from footfall.traffic_changes")).scalars().all()
    assert noted == [datetime(2026, 6, 2, 10, 0, tzinfo=UTC)]


def test_a_mart_that_is_empty_has_taken_up_nothing_so_the_notes_stay(
    dbt: Dbt, database: MigratedPostgres, record: Record, transform: Engine
) -> None:
    dbt.refresh()
    with unbound_transaction(transform) as connection:
        connection.execute(text("delete from marts.visits_daily"))
    record.visit(record.site("UTC"), record.customer(), "2026-06-01 10:00")
    age_changes(database, record.tenant_id, days=31)
    dbt.run("test", "--select", "visits_hourly_grain_is_unique")  # whose end comes without a build
    assert _count_notes(record) == 1
    dbt.refresh()
    assert [row.visitor_visits for row in marts(record)] == [1]


@pytest.mark.e2e
def test_two_builds_of_a_mart_take_turns(
    dbt: Dbt, database: MigratedPostgres, record: Record, transform: Engine
) -> None:
    """Of the marts alone, for Dagster's pool keeps two whole runs apart. Held until both are there."""
    record.visit(record.site("UTC"), record.customer(), "2026-06-01 10:00")
    dbt.refresh(*TRAFFIC)
    name = make_url(database.transform_dsn).database
    lock = {"mart": f'"{name}"."marts"."visits_hourly"'}
    environment = {**os.environ, **dbt_environment(dbt.settings)}
    command = [str(dbt_executable()), "--quiet", "--log-level-file", "none", "run", "--select", "visits_hourly"]
    with transform.connect() as connection:
        connection.execute(text("select pg_advisory_lock(hashtext(:mart))"), lock)
        builds = [
            subprocess.Popen(command, env={**environment, "DBT_TARGET_PATH": str(dbt.settings.home / f"turn-{number}")})
            for number in range(2)
        ]
        for _ in range(600):
            waiting = text(
                "select count(*) from pg_locks as l inner join pg_database as d on d.oid = l.database"
                " where l.locktype = 'advisory' and not l.granted and d.datname = current_database()"
            )
            if connection.execute(waiting).scalar_one() == 2 or any(build.poll() is not None for build in builds):
                break
            time.sleep(0.1)
        connection.execute(text("select pg_advisory_unlock(hashtext(:mart))"), lock)
    assert [build.wait(60) for build in builds] == [0, 0]
    assert_marts_tell_the_record(record)


def _count_notes(record: Record) -> int:
    with record.transaction() as connection:
        return int(connection.execute(text("select count(*) from footfall.traffic_changes")).scalar_one())


def _built(record: Record, place: Place) -> dict[str, datetime]:
    with tenant_transaction(record.engine, record.tenant_id) as connection:
        rows = connection.execute(
            text(
                "select bucket_local::date::text as day, built_at from marts.visits_daily"
                " where site_id = :site order by 1"
            ),
            {"site": place.site_id},
        )
        return {row.day: row.built_at for row in rows}


def test_reports_read_settled_days_from_the_marts_and_tell_what_the_visits_tell(
    dbt: Dbt, record: Record, database: MigratedPostgres, transform: Engine
) -> None:
    """Through every change of clocks, with days that the span cuts into, days that changed after the build, and a mart
    whose settled days are read indeed."""
    dice = random.Random(11)
    places = [record.site(zone) for zone in ZONES]
    people, colleague = [record.customer() for _ in range(9)], record.staff()
    visits = [record.visit(dice.choice(places), dice.choice(people), _some_instant(dice)) for _ in range(150)]
    visits += [record.visit(dice.choice(places), colleague, _some_instant(dice), kind="staff") for _ in range(40)]
    record.execute("update footfall.visits set is_first_visit = customer_id is not null and random() < 0.4")
    age_changes(database, record.tenant_id, days=10)
    dbt.refresh("visits_hourly", from_nothing=True)
    for visit in dice.sample(visits, 25):
        record.execute("delete from footfall.visits where visit_id = :visit", visit=visit)
    for _ in range(25):
        record.visit(dice.choice(places), dice.choice(people), _some_instant(dice))

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
