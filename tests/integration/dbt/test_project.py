"""dbt's own tests: that they pass on what is right, and that each fails on what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from assets.dbt_project import project_dir
from footfall.tenancy import unbound_transaction
from tests.integration.marts import Dbt, Record, age_changes, failures, passed
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


@pytest.mark.parametrize("mart", ["visits_hourly", "visits_daily"])
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
    }


@pytest.mark.parametrize(
    ("file", "change", "fails"),
    [
        pytest.param(
            "macros/local_buckets.sql",
            (
                "date_trunc('hour', {{ instant }}, {{ zone }}) as hour_start",
                "date_trunc('hour', {{ instant }}) as hour_start",
            ),
            "a_visit_falls_into_the_hour_and_day_of_its_sites_wall_clock",
            id="hours of UTC",
        ),
        pytest.param(
            "macros/local_buckets.sql",
            (
                "date_trunc('hour', {{ instant }}, {{ zone }}) as hour_start",
                "date_trunc('hour', {{ instant }} at time zone {{ zone }}) at time zone {{ zone }} as hour_start",
            ),
            "a_visit_falls_into_the_hour_and_day_of_its_sites_wall_clock",
            id="an hour that comes twice taken for one",
        ),
        pytest.param(
            "macros/traffic_by.sql",
            (
                "avg(dwell_seconds) filter (where person_kind = 'customer')",
                "avg(dwell_seconds)",
            ),
            "staff_stand_apart_and_visitors_are_new_or_returning",
            id="staff in the dwell",
        ),
        pytest.param(
            "macros/traffic_by.sql",
            (
                "where person_kind = 'customer' and is_first_visit",
                "where is_first_visit",
            ),
            "staff_stand_apart_and_visitors_are_new_or_returning",
            id="new staff taken for new visitors",
        ),
        pytest.param(
            "models/intermediate/int_visits_local.sql",
            (
                "visits.tenant_id = sites.tenant_id and visits.site_id = sites.site_id",
                "visits.site_id = sites.site_id",
            ),
            "a_visit_falls_into_the_hour_and_day_of_its_sites_wall_clock",
            id="another tenant's site",
        ),
        pytest.param(
            "models/intermediate/int_changed_days.sql",
            (
                "left join",
                "inner join",
            ),
            "a_change_makes_a_local_day_stale",
            id="a site that is gone forgotten",
        ),
    ],
)
def test_a_unit_test_notices_a_wrong_model(
    dbt: Dbt, tmp_path: Path, file: str, change: tuple[str, str], fails: str
) -> None:
    shutil.copytree(project_dir(), tmp_path / "project")
    changed = tmp_path / "project" / file
    right, wrong = change
    assert right in changed.read_text()
    changed.write_text(changed.read_text().replace(right, wrong))
    broken = Dbt(dbt.settings, tmp_path / "project")
    assert fails in failures(broken.run("test", "--select", "test_type:unit"))


@pytest.fixture
def tampered(dbt: Dbt, record: Record, database: MigratedPostgres) -> Iterator[Dbt]:
    """A mart with a row, whose changes lie so far back that the day counts as settled."""
    record.visit(record.site(), record.customer(), "2026-06-01 10:00", first=True)
    record.sighting(record.site(), "2026-06-02 10:00")
    age_changes(database, record.tenant_id, days=1)
    dbt.refresh("--full-refresh")
    assert failures(dbt.run("test", "--select", "test_type:data")) == []
    yield dbt
    dbt.build("--full-refresh")


@pytest.mark.parametrize(
    ("statement", "fails"),
    [
        ("delete from marts.visits_daily where false", None),
        ("update marts.visits_daily set staff_visits = staff_visits + 1", "visits_daily_matches_the_record"),
        ("update marts.visits_hourly set unidentified_sightings = 7", "visits_hourly_matches_the_record"),
        ("update marts.visits_daily set mean_dwell_seconds = -1", "visits_daily_counts_nothing_below_zero"),
        ("update marts.visits_hourly set site_name = 'Elsewhere'", "visits_hourly_agrees_with_its_sites"),
        ("update marts.visits_daily set site_id = gen_random_uuid()", "visits_daily_agrees_with_its_sites"),
        (
            "update marts.visits_daily set bucket_local = bucket_local + interval '1 day'",
            "visits_daily_agrees_with_its_sites",
        ),
        (
            "do $$ begin alter table marts.visits_daily drop constraint visits_daily_pkey;"
            " exception when undefined_object then"
            " alter table marts.visits_daily drop constraint visits_daily__dbt_tmp_pkey; end $$;"
            " insert into marts.visits_daily select * from marts.visits_daily",
            "visits_daily_grain_is_unique",
        ),
    ],
)
def test_a_data_test_notices_a_wrong_row(tampered: Dbt, transform: Engine, statement: str, fails: str | None) -> None:
    with unbound_transaction(transform) as connection:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    found = failures(tampered.run("test", "--select", "test_type:data"))
    assert found == [] if fails is None else fails in found


def test_a_renamed_site_fails_its_test_until_a_full_refresh(
    dbt: Dbt, record: Record, database: MigratedPostgres
) -> None:
    place = record.site(name="Old name")
    for day in ("2026-06-01", "2026-06-02"):
        record.visit(place, record.customer(), f"{day} 10:00", first=True)
    age_changes(database, record.tenant_id, days=3)
    dbt.refresh("--full-refresh")
    record.execute("update footfall.sites set name = 'New name' where site_id = :site", site=place.site_id)
    dbt.refresh()
    assert failures(dbt.run("test", "--select", "test_type:data")) == [
        "visits_daily_agrees_with_its_sites",
        "visits_hourly_agrees_with_its_sites",
    ]
    dbt.refresh("--full-refresh")
    assert failures(dbt.run("test", "--select", "test_type:data")) == []


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
