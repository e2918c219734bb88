"""What the marts count, held against the record itself; and how they follow it when it changes."""

from __future__ import annotations

import os
import random
import subprocess
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, make_url, text

from assets.dbt_project import dbt_environment, dbt_executable
from footfall import reports
from footfall.tenancy import tenant_transaction
from tests.integration.dbt.told import (
    SINCE,
    TRAFFIC,
    UNTIL,
    ZONES,
    assert_marts_tell_the_record,
    marts,
    some_instant,
)
from tests.integration.marts import Dbt, Place, Record, age_changes
from tests.servers import MigratedPostgres


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
            place, at, minutes = dice.choice(places), some_instant(dice), dice.uniform(0, 90)
            if dice.random() < 0.2:
                visits.append(record.visit(place, dice.choice(colleagues), at, kind="staff", minutes=minutes))
            else:
                first = dice.random() < 0.4
                visits.append(record.visit(place, dice.choice(people), at, first=first, minutes=minutes))
            decision = dice.choice(["unsure", "stranger", "counted", "poor_quality"])
            sightings.append(record.sighting(place, some_instant(dice), decision))
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
    dbt.build("--full-refresh")  # all of them: tests before this one built some marts alone


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
