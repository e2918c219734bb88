"""dbt's own tests: that they pass on what is right, and that each fails on what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from assets.dbt_project import project_dir
from footfall import provisioning
from footfall.errors import ConflictError
from footfall.tenancy import unbound_transaction
from tests.databases import fresh_database
from tests.integration.marts import (
    Dbt,
    Place,
    Record,
    age_changes,
    failures,
    new_tenant,
    passed,
    settings_of,
)
from tests.servers import MigratedPostgres

COLUMNS = {
    "tenant_id": "uuid",
    "site_id": "uuid",
    "site_name": "text",
    "bucket_start": "timestamp with time zone",
    "bucket_local": "timestamp without time zone",
    "staff_visits": "integer",
    "visitor_visits": "integer",
    "new_visitors": "integer",
    "returning_visitors": "integer",
    "unidentified_sightings": "integer",
    "mean_dwell_seconds": "double precision",
    "built_at": "timestamp with time zone",
}


@pytest.mark.parametrize("mart", [f"visits_{bucket}" for bucket in ("15min", "hourly", "daily", "weekly", "monthly")])
def test_a_mart_has_the_columns_that_reports_read(dbt: Dbt, transform: Engine, mart: str) -> None:
    with unbound_transaction(transform) as connection:
        columns = connection.execute(
            text(
                "select column_name, data_type, coalesce(col_description(to_regclass('marts.' || table_name),"
                " ordinal_position), '') as told from information_schema.columns"
                " where table_schema = 'marts' and table_name = :mart"
            ),
            {"mart": mart},
        ).all()
    assert {column.column_name: column.data_type for column in columns} == COLUMNS
    assert [column.column_name for column in columns if not column.told] == []


def test_unit_tests_pass(dbt: Dbt) -> None:
    assert passed(dbt.run("test", "--select", "test_type:unit")) == {
        "a_visit_falls_into_the_hour_and_day_of_its_sites_wall_clock",
        "a_change_makes_a_local_day_stale",
        "staff_stand_apart_and_visitors_are_new_or_returning",
        "a_days_hours_are_one_row",
        "two_hours_of_one_wall_clock_stay_two_rows",
        "a_visit_is_inside_in_its_quarters_for_two_days_at_most",
        "staff_are_not_in_the_dwell",
    }


def test_sources_are_fresh_when_something_came_and_a_site_without_anybody_never_fails(dbt: Dbt, record: Record) -> None:
    """A closed door is no fault: at worst dbt warns."""
    record.sighting(record.site(), "2026-06-01 10:00")
    assert {"face_events", "traffic_changes"} <= passed(dbt.run("source", "freshness"))
    assert "error_after" not in (project_dir() / "models" / "staging" / "_sources.yml").read_text()


_BUCKETS = "macros/local_buckets.sql"
_TRAFFIC = "macros/traffic_by.sql"
_HOUR_START = "date_trunc('hour', {{ instant }}, {{ zone }}) as hour_start"
_WALL_CLOCK = "a_visit_falls_into_the_hour_and_day_of_its_sites_wall_clock"
_KINDS = "staff_stand_apart_and_visitors_are_new_or_returning"


@pytest.mark.parametrize(
    ("changes", "fail"),
    [
        pytest.param(
            [
                (_BUCKETS, _HOUR_START, "date_trunc('hour', {{ instant }}) as hour_start"),
                (_TRAFFIC, "avg(dwell_seconds) filter (where person_kind = 'customer')", "avg(dwell_seconds)"),
                ("models/intermediate/int_changed_days.sql", "left join", "inner join"),
            ],
            [_WALL_CLOCK, _KINDS, "a_change_makes_a_local_day_stale", "a_days_hours_are_one_row"],
            id="hours of UTC, staff in the dwell, sites that are gone forgotten",
        ),
        pytest.param(
            [
                (
                    _BUCKETS,
                    _HOUR_START,
                    "date_trunc('hour', {{ instant }} at time zone {{ zone }}) at time zone {{ zone }} as hour_start",
                ),
                (_TRAFFIC, "person_kind = 'customer' and is_first_visit", "is_first_visit"),
            ],
            [_WALL_CLOCK, _KINDS],
            id="an hour that comes twice taken for one, new staff for new visitors",
        ),
        pytest.param(
            [
                (
                    "models/intermediate/int_visits_local.sql",
                    "visits.tenant_id = sites.tenant_id and visits.site_id = sites.site_id",
                    "visits.site_id = sites.site_id",
                ),
                (_TRAFFIC, "visits.{{ bucket }}_start as bucket_start", "min(visits.{{ bucket }}_start) over () as b"),
            ],
            [_WALL_CLOCK, _KINDS, "a_days_hours_are_one_row", "two_hours_of_one_wall_clock_stay_two_rows"],
            id="another tenant's site, one bucket for all",
        ),
    ],
)
def test_unit_tests_notice_a_wrong_model(
    dbt: Dbt, tmp_path: Path, changes: list[tuple[str, str, str]], fail: list[str]
) -> None:
    shutil.copytree(project_dir(), tmp_path / "project")
    for file, right, wrong in changes:
        changed = tmp_path / "project" / file
        assert right in changed.read_text()
        changed.write_text(changed.read_text().replace(right, wrong))
    broken = Dbt(dbt.settings, tmp_path / "project")
    assert set(fail) <= set(failures(broken.run("test", "--select", "test_type:unit")))


@pytest.fixture(scope="module")
def settled(dbt: Dbt, app: Engine, database: MigratedPostgres) -> Record:
    """A visit and a sighting in the marts, whose changes lie so far back that their days count as settled."""
    record = Record(app, new_tenant(database))
    record.visit(record.site(), record.customer(), "2026-06-01 10:00", first=True)
    record.sighting(record.site(), "2026-06-02 10:00")
    age_changes(database, record.tenant_id, days=1)
    dbt.refresh(from_nothing=True)
    return record


@pytest.mark.parametrize("mart", ["visits_hourly", "visits_daily"])
@pytest.mark.parametrize(
    "change",
    [
        ("update marts.{mart} set staff_visits = staff_visits + 1 where {own}", "matches_the_record"),
        ("update marts.{mart} set unidentified_sightings = 7 where {own}", "matches_the_record"),
        ("update marts.{mart} set mean_dwell_seconds = -1 where {own}", "counts_nothing_below_zero"),
        ("update marts.{mart} set site_name = 'Elsewhere' where {own}", "agrees_with_its_sites"),
        ("update marts.{mart} set site_id = gen_random_uuid() where {own}", "agrees_with_its_sites"),
        ("update marts.{mart} set bucket_local = bucket_local + interval '1 day' where {own}", "agrees_with_its_sites"),
        (
            "do $$ begin execute 'alter table marts.{mart} drop constraint ' || (select conname from pg_constraint"
            " where conrelid = 'marts.{mart}'::regclass and contype = 'p'); end $$;"
            " insert into marts.{mart} select * from marts.{mart} where {own}",
            "grain_is_unique",
        ),
    ],
)
def test_a_data_test_notices_a_wrong_row(
    settled: Record, data_tests: dict[str, str], transform: Engine, mart: str, change: tuple[str, str]
) -> None:
    statement, fails = change
    query = text(data_tests[f"{mart}_{fails}"])
    with unbound_transaction(transform) as connection, connection.begin_nested() as undone:
        assert connection.execute(query).all() == []
        connection.exec_driver_sql(
            statement.format(mart=mart, own=f"tenant_id = '{settled.tenant_id}'"),
            execution_options={"no_parameters": True},
        )
        assert connection.execute(query).all() != []
        undone.rollback()


@pytest.mark.parametrize("mart", ["visits_hourly", "visits_daily"])
@pytest.mark.parametrize(
    "statement",
    [
        "update marts.{} set new_visitors = new_visitors + 1",
        "update marts.{} set built_at = null",
        "update marts.{} set site_name = null",
        "insert into marts.{0} select * from marts.{0}",
    ],
)
def test_the_contract_refuses_a_wrong_row_at_once(
    settled: Record, transform: Engine, mart: str, statement: str
) -> None:
    with pytest.raises(ConflictError), unbound_transaction(transform) as connection:
        connection.execute(text(statement.format(mart)))


def test_a_renamed_site_is_called_so_in_every_mart_after_the_next_build(
    dbt: Dbt, record: Record, database: MigratedPostgres, transform: Engine
) -> None:
    place = record.site(name="Old name")
    for day in ("2026-06-01", "2026-06-02"):
        record.visit(place, record.customer(), f"{day} 10:00", first=True)
    age_changes(database, record.tenant_id, days=3)
    dbt.refresh(from_nothing=True)
    record.execute("update footfall.sites set name = 'New name' where site_id = :site", site=place.site_id)
    dbt.build()
    for mart in ("dwell", "occupancy", "repeat_cohorts", "visits_15min", "visits_hourly", "visits_daily"):
        with unbound_transaction(transform) as connection:
            names = connection.execute(
                text(f"select distinct site_name from marts.{mart} where site_id = :site"), {"site": place.site_id}
            ).scalars()
            assert list(names) == ["New name"], mart


SUMS = ("visits_weekly", "visits_monthly", "site_traffic")
"""Views, which go with the table that they read when it is built from nothing."""
SITE_MARTS = ("dwell", "occupancy", "repeat_cohorts", "visits_15min", "visits_hourly", "visits_daily")


@pytest.mark.parametrize("timezone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_a_site_in_another_zone_is_what_building_it_anew_makes_of_it(
    dbt: Dbt, record: Record, database: MigratedPostgres, transform: Engine, timezone: str
) -> None:
    """Half a day to the east or to the west every row belongs to another day, or to another hour of it."""
    place, other = record.site(), record.site()
    for day in ("2026-06-01", "2026-06-02", "2026-06-09"):
        for at in (place, other):
            record.visit(at, record.customer(), f"{day} 09:50", first=True)
            record.sighting(at, f"{day} 22:30")
    age_changes(database, record.tenant_id, days=3)
    dbt.refresh(*SITE_MARTS, *SUMS, from_nothing=True)
    before = {mart: rows_of(transform, mart, other) for mart in SITE_MARTS}
    record.execute(
        "update footfall.sites set timezone = :zone where site_id = :site", zone=timezone, site=place.site_id
    )
    dbt.refresh(*SITE_MARTS)
    moved = {mart: rows_of(transform, mart, place) for mart in SITE_MARTS}
    assert {mart: rows_of(transform, mart, other) for mart in SITE_MARTS} == before
    dbt.refresh(*SITE_MARTS, *SUMS, from_nothing=True)
    assert moved == {mart: rows_of(transform, mart, place) for mart in SITE_MARTS}
    assert all(moved.values())


def rows_of(transform: Engine, mart: str, place: Place) -> list[str]:
    """The site's rows but for when they were built."""
    with unbound_transaction(transform) as connection:
        found = connection.execute(
            text(f"select (to_jsonb(m) - 'built_at')::text from marts.{mart} as m where site_id = :site order by 1"),
            {"site": place.site_id},
        )
        return list(found.scalars())


def test_a_decision_that_nobody_explained_is_noticed(
    dbt: Dbt, record: Record, database: MigratedPostgres, tmp_path: Path
) -> None:
    """The list of decisions that make an unidentified sighting is spelled out; a new one must be thought about."""
    shutil.copytree(project_dir(), tmp_path / "project")
    model = tmp_path / "project" / "models" / "staging" / "_staging.yml"
    model.write_text(model.read_text().replace("[unsure, stranger, counted, poor_quality]", "[unsure, stranger]"))
    place = record.site()
    with record.transaction() as connection:
        now = connection.execute(text("select now()")).scalar_one()
    record.sighting(place, now, "counted")
    narrower = Dbt(dbt.settings, tmp_path / "project")
    name = "unidentified_sightings_have_known_decisions"
    assert failures(narrower.run("test", "--select", name)) == [name]
    assert failures(dbt.run("test", "--select", name)) == []


@pytest.mark.e2e
def test_the_schema_goes_back_and_forth_under_marts_that_were_built(postgres: MigratedPostgres, tmp_path: Path) -> None:
    """dbt's views read the record's tables, which must not keep a migration from changing them."""
    with fresh_database(postgres) as database:
        project = Dbt(settings_of(database, tmp_path))
        project.build()
        provisioning.downgrade_schema(database.owner_dsn, "0001")
        provisioning.upgrade_schema(database.owner_dsn)
        project.build("--full-refresh")
