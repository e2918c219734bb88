"""Marts of stays, cameras and cohorts, and the sums of days: each against a record whose answer is plain."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from footfall.errors import ConflictError
from footfall.tenancy import unbound_transaction
from tests.integration.marts import Dbt, Place, Record, age_changes, new_tenant
from tests.servers import MigratedPostgres

MARTS = {
    "dwell": "bucket_start",
    "occupancy": "bucket_start",
    "staff_presence": "bucket_start, staff_id",
    "camera_health": "bucket_start, camera_id",
    "repeat_cohorts": "bucket_start, cohort_week",
    "visits_15min": "bucket_start",
    "visits_weekly": "bucket_start",
    "visits_monthly": "bucket_start",
    "site_traffic": "bucket_start",
}


def rows(record: Record, mart: str) -> list[Mapping[str, Any]]:
    """As the tenant reads them, without the time of building."""
    with record.transaction() as connection:
        found = connection.execute(text(f"select * from marts.{mart} order by site_id, {MARTS[mart]}")).mappings()
        return [{name: value for name, value in row.items() if name != "built_at"} for row in found]


def clock(rows_of_mart: list[Mapping[str, Any]], column: str) -> dict[str, Any]:
    """The column by the wall clock of its bucket."""
    return {row["bucket_local"].strftime("%d %H:%M"): row[column] for row in rows_of_mart}


def test_incremental_builds_tell_what_a_build_from_nothing_tells(dbt: Dbt, record: Record) -> None:
    """While visits come, grow over midnight, change hands as corrections change them, and are erased."""
    dice = random.Random(5)
    places = [record.site(zone) for zone in ("Europe/Vienna", "America/New_York", "Asia/Kolkata")]
    people, colleagues = [record.customer() for _ in range(8)], [record.staff() for _ in range(2)]
    for _ in range(3):
        for _ in range(25):
            at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=dice.randrange(20 * 24 * 60))
            minutes = dice.choice([0.5, 3, 10, 45, 200, 1500, 4000])
            if dice.random() < 0.2:
                record.visit(dice.choice(places), dice.choice(colleagues), at, kind="staff", minutes=minutes)
            else:
                record.visit(dice.choice(places), dice.choice(people), at, minutes=minutes)
            record.sighting(dice.choice(places), at, dice.choice(["unsure", "poor_quality", "stranger"]))
        for person in dice.sample(people, 2):
            record.execute("delete from footfall.visits where customer_id = :person and random() < 0.5", person=person)
        mark_first_visits(record)
        record.execute("update footfall.visits set ended_at = ended_at + interval '9 hours' where random() < 0.1")
        dbt.refresh()
    incremental = {mart: rows(record, mart) for mart in MARTS}
    dbt.refresh(from_nothing=True)
    for mart in MARTS:
        assert rows(record, mart) == incremental[mart], mart
        assert incremental[mart], mart


def mark_first_visits(record: Record) -> None:
    """As the domain keeps it: the earliest visit of a person is the first."""
    record.execute(
        """
        update footfall.visits as v set is_first_visit = not is_first_visit
        where is_first_visit is distinct from (not exists (
            select from footfall.visits as earlier
            where earlier.customer_id = v.customer_id
              and (earlier.started_at, earlier.visit_id) < (v.started_at, v.visit_id)
        ) and v.person_kind = 'customer')
        """
    )


def test_a_visit_is_inside_in_every_quarter_it_reaches_into_over_midnight_too(dbt: Dbt, record: Record) -> None:
    place = record.site("UTC")
    visit = record.visit(place, record.customer(), "2026-06-01 23:20", first=True, minutes=15)
    record.visit(place, record.staff(), "2026-06-01 23:44", kind="staff", minutes=2)
    dbt.refresh("occupancy")
    assert clock(rows(record, "occupancy"), "visitors_inside") == {"01 23:15": 1, "01 23:30": 1, "01 23:45": 0}
    record.execute("update footfall.visits set ended_at = ended_at + interval '1 hour' where visit_id = :v", v=visit)
    dbt.refresh("occupancy")
    inside = clock(rows(record, "occupancy"), "visitors_inside")
    assert inside == {f"{t}": 1 for t in ("01 23:15", "01 23:30", "01 23:45", "02 00:00", "02 00:15", "02 00:30")}
    assert clock(rows(record, "occupancy"), "staff_inside")["01 23:45"] == 1
    record.execute("delete from footfall.visits where visit_id = :v", v=visit)
    dbt.refresh("occupancy")
    assert clock(rows(record, "occupancy"), "visitors_inside") == {"01 23:30": 0, "01 23:45": 0}


def test_whoever_stays_longer_is_inside_for_two_days(dbt: Dbt, record: Record) -> None:
    record.visit(record.site("UTC"), record.customer(), "2026-06-01 12:00", minutes=5 * 24 * 60)
    dbt.refresh("occupancy")
    inside = list(clock(rows(record, "occupancy"), "visitors_inside"))
    assert (inside[0], inside[-1], len(inside)) == ("01 12:00", "03 12:00", 2 * 96 + 1)


def test_dwell_is_of_visitors_and_its_classes_make_up_the_whole(dbt: Dbt, record: Record) -> None:
    place = record.site()
    for minutes in (0.5, 1, 4.9, 5, 20, 60):
        record.visit(place, record.customer(), "2026-06-01 10:00", minutes=minutes)
    record.visit(place, record.staff(), "2026-06-01 10:00", kind="staff", minutes=500)
    dbt.refresh("dwell")
    [day] = rows(record, "dwell")
    classes = [day[name] for name in day if name.startswith(("under", "from", "over"))]
    assert classes == [1, 2, 1, 1, 1]
    assert (day["visitor_visits"], day["median_seconds"]) == (6, pytest.approx(4.95 * 60))
    assert day["p90_seconds"] == pytest.approx(40 * 60)


def test_staff_presence_is_one_row_a_person_and_day(dbt: Dbt, record: Record) -> None:
    place, ana, ben = record.site("UTC"), record.staff(), record.staff()
    for person, at in ((ana, "2026-06-01 08:00"), (ana, "2026-06-01 16:00"), (ben, "2026-06-01 09:00")):
        record.visit(place, person, at, kind="staff", minutes=30)
    record.visit(place, record.customer(), "2026-06-01 09:00")
    dbt.refresh("staff_presence")
    told = {row["staff_id"]: row for row in rows(record, "staff_presence")}
    assert set(told) == {ana, ben}
    assert (told[ana]["visits"], told[ana]["present_seconds"]) == (2, 3600)
    assert (told[ana]["first_seen_at"].hour, told[ana]["last_seen_at"].minute) == (8, 30)


def test_camera_health_tells_poor_late_and_early_sightings_apart(dbt: Dbt, record: Record) -> None:
    place = record.site("UTC")
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for delay, decision, score in ((1, "stranger", 0.8), (600, "poor_quality", 0.2), (-60, "unsure", 0.5)):
        event = record.sighting(place, at, decision)
        record.execute(
            "update footfall.face_events set received_at = :at, quality = cast(:quality as jsonb)"
            " where event_id = :event",
            at=at + timedelta(seconds=delay),
            quality=f'{{"score": {score}}}',
            event=event,
        )
    dbt.refresh("camera_health")
    [day] = rows(record, "camera_health")
    assert day["camera_id"] == place.camera_id
    assert (day["sightings"], day["poor_quality_sightings"], day["unsure_sightings"]) == (3, 1, 1)
    assert (day["late_sightings"], day["sightings_from_the_future"], day["median_delay_seconds"]) == (1, 1, 1)
    assert day["mean_quality_score"] == pytest.approx(0.5)


def test_cohorts_follow_customers_from_the_week_of_their_first_visit(
    dbt: Dbt, database: MigratedPostgres, record: Record
) -> None:
    place, other = record.site("UTC"), record.site("UTC")
    ana, ben = record.customer(), record.customer()
    first = record.visit(place, ana, "2026-06-01 10:00")  # a Monday
    record.visit(place, ben, "2026-06-07 23:00")  # the Sunday after it
    record.visit(other, ana, "2026-06-10 10:00")
    record.visit(other, ana, "2026-06-11 10:00")
    mark_first_visits(record)
    dbt.refresh("repeat_cohorts")
    assert cohorts(record, place) == {("2026-06-01", 0): 2}
    assert cohorts(record, other) == {("2026-06-01", 1): 1}
    # What was taken for the first visit was somebody else's: the cohort of the later ones is another now.
    age_changes(database, record.tenant_id, days=3)
    record.execute("delete from footfall.visits where visit_id = :v", v=first)
    mark_first_visits(record)
    dbt.refresh("repeat_cohorts")
    assert cohorts(record, place) == {("2026-06-01", 0): 1}
    assert cohorts(record, other) == {("2026-06-08", 0): 1}


def cohorts(record: Record, place: Place) -> dict[tuple[str, int], int]:
    return {
        (str(row["cohort_week"]), row["weeks_since"]): row["customers"]
        for row in rows(record, "repeat_cohorts")
        if row["site_id"] == place.site_id
    }


def test_weeks_and_months_are_the_sums_of_their_days(dbt: Dbt, record: Record) -> None:
    """By the site's wall clock: the Vienna week of 25 October 2026, a Sunday of 25 hours, has 169 hours."""
    place = record.site("Europe/Vienna")
    record.visit(place, record.customer(), "2026-10-18 22:30", first=True, minutes=10)  # Monday there
    for at in ("2026-10-25 22:30", "2026-10-25 21:30"):  # the last hours of that Sunday
        record.visit(place, record.customer(), at, minutes=40)
    record.visit(place, record.customer(), "2026-10-31 23:30", first=True)  # the first of November there
    dbt.refresh("visits_daily")
    weeks = rows(record, "visits_weekly")
    assert [row["visitor_visits"] for row in weeks] == [3, 1]
    assert weeks[0]["mean_dwell_seconds"] == pytest.approx((10 + 40 + 40) / 3 * 60)
    assert weeks[1]["bucket_start"] - weeks[0]["bucket_start"] == timedelta(hours=169)
    assert [row["visitor_visits"] for row in rows(record, "visits_monthly")] == [3, 1]


def test_a_day_that_stands_out_is_flagged_and_a_day_without_anybody_is_a_day(dbt: Dbt, record: Record) -> None:
    """Ten Mondays of fifty visits; then one with nobody, and one with a hundred and fifty."""
    place, person = record.site("UTC"), record.customer()
    monday = datetime(2026, 3, 2, 10, tzinfo=UTC)
    many(record, place, person, [(monday + timedelta(weeks=week), 50) for week in range(10)])
    many(record, place, person, [(monday + timedelta(weeks=11), 150)])
    dbt.refresh("visits_daily")
    days = [row for row in rows(record, "site_traffic") if row["bucket_local"].isoweekday() == 1]
    assert [row["visitor_visits"] for row in days] == [50] * 10 + [0, 150]
    assert [row["anomaly"] for row in days] == [None] * 10 + ["low", "high"]
    assert (days[1]["week_over_week"], days[10]["week_over_week"], days[11]["week_over_week"]) == (0, -1, None)
    assert [row["returning_share"] for row in days[9:11]] == [1.0, None]


def many(record: Record, place: Place, person: UUID, counts: list[tuple[datetime, int]]) -> None:
    for at, count in counts:
        record.execute(
            """
            insert into footfall.visits (
                tenant_id, visit_id, site_id, person_kind, customer_id, started_at, ended_at, sightings, camera_ids,
                is_first_visit
            )
            select :tenant, gen_random_uuid(), :site, 'customer', :person, cast(:at as timestamptz), :at, 1,
                   cast(:cameras as uuid[]), false
            from generate_series(1, :count)
            """,
            site=place.site_id,
            person=person,
            at=at,
            cameras=[place.camera_id],
            count=count,
        )


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("dwell_adds_up_with_visits_daily", "delete from marts.dwell"),
        (
            "dwell_adds_up_with_visits_daily",
            "update marts.dwell set visitor_visits = visitor_visits + 1, over_1_hour = over_1_hour + 1",
        ),
        ("occupancy_adds_up_with_visits_15min", "delete from marts.occupancy"),
        ("staff_presence_adds_up_with_visits_daily", "update marts.staff_presence set visits = visits + 1"),
        ("camera_health_adds_up_with_visits_daily", "delete from marts.camera_health"),
        ("repeat_cohorts_agrees_with_its_sites", "update marts.repeat_cohorts set site_name = 'Elsewhere'"),
    ],
)
def test_a_data_test_notices_a_wrong_row(
    settled: Record, data_tests: dict[str, str], transform: Engine, name: str, statement: str
) -> None:
    with unbound_transaction(transform) as connection, connection.begin_nested() as undone:
        assert connection.execute(text(data_tests[name])).all() == []
        connection.execute(
            text(f"{statement} where tenant_id = '{settled.tenant_id}'" if "where" not in statement else statement)
        )
        assert connection.execute(text(data_tests[name])).all() != []
        undone.rollback()


@pytest.mark.parametrize("mart", ["dwell", "occupancy", "staff_presence", "visits_daily", "visits_15min"])
def test_a_day_that_one_mart_alone_built_again_is_no_fault(
    settled: Record, data_tests: dict[str, str], transform: Engine, mart: str
) -> None:
    """A site's latest day is built every time, and the latest with staff may lie days before the latest with visits."""
    compared = [name for name in data_tests if "_adds_up_with_" in name]
    assert len(compared) == 4
    with unbound_transaction(transform) as connection, connection.begin_nested() as undone:
        aged = f"update marts.{mart} set built_at = built_at - interval '10 days' where tenant_id = :tenant_id"
        assert connection.execute(text(aged), {"tenant_id": settled.tenant_id}).rowcount > 0
        assert {name: connection.execute(text(data_tests[name])).all() for name in compared} == {
            name: [] for name in compared
        }
        undone.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "update marts.dwell set under_1_minute = under_1_minute + 1",
        "update marts.occupancy set visitors_inside = -1",
        "update marts.staff_presence set last_seen_at = first_seen_at - interval '1 second'",
        "update marts.camera_health set sightings = 0",
        "update marts.repeat_cohorts set weeks_since = -1",
    ],
)
def test_the_contract_refuses_a_wrong_row_at_once(settled: Record, transform: Engine, statement: str) -> None:
    with pytest.raises(ConflictError), unbound_transaction(transform) as connection:
        connection.execute(text(statement))


@pytest.fixture(scope="module")
def settled(dbt: Dbt, app: Engine, database: MigratedPostgres) -> Record:
    """A visit of each kind and a sighting in the marts, whose changes lie so far back that their days are settled."""

    record = Record(app, new_tenant(database))
    place = record.site()
    record.visit(place, record.customer(), "2026-06-01 10:00", first=True)
    record.visit(place, record.staff(), "2026-06-01 10:00", kind="staff")
    record.sighting(place, "2026-06-01 10:00")
    age_changes(database, record.tenant_id, days=1)
    dbt.refresh(from_nothing=True)
    return record
