"""Each tenant sees its own marts' rows alone, after every kind of build; and a build that forgets it is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from assets.dbt_project import project_dir
from footfall.tenancy import unbound_transaction
from tests.integration.marts import Dbt, Record, failures, new_tenant
from tests.isolation.catalogue import open_relations
from tests.servers import MigratedPostgres

MARTS = (
    *("visits_15min", "visits_hourly", "visits_daily"),
    *("dwell", "occupancy", "staff_presence", "camera_health", "repeat_cohorts"),
)
SUMS = ("visits_weekly", "visits_monthly", "site_traffic")
GUARDS = sorted(
    [f"{mart}_shows_each_tenant_its_own" for mart in MARTS] + [f"{view}_reads_as_its_reader" for view in SUMS]
)


@pytest.fixture
def neighbours(database: MigratedPostgres, app: Engine) -> tuple[Record, Record]:
    """Two tenants with a visit of a customer and of staff each, and a sighting of nobody."""
    records = Record(app, new_tenant(database)), Record(app, new_tenant(database))
    for record in records:
        place = record.site()
        record.visit(place, record.customer(), "2026-06-01 10:00", first=True)
        record.visit(place, record.staff(), "2026-06-01 10:00", kind="staff")
        record.sighting(place, "2026-06-01 10:00")
    return records


@pytest.mark.parametrize("from_nothing", [False, True], ids=["incremental", "rebuilt"])
def test_a_tenant_reads_its_own_rows_and_no_others(
    dbt: Dbt, neighbours: tuple[Record, Record], *, from_nothing: bool
) -> None:
    dbt.refresh(from_nothing=from_nothing)
    for record in neighbours:
        for mart in (*MARTS, *SUMS):
            with record.transaction() as connection:
                tenants = connection.execute(text(f"select distinct tenant_id from marts.{mart}")).scalars().all()
            assert tenants == [record.tenant_id], mart


def test_without_a_tenant_there_are_no_rows(dbt: Dbt, neighbours: tuple[Record, Record], app: Engine) -> None:
    dbt.refresh()
    for mart in (*MARTS, *SUMS):
        with unbound_transaction(app) as connection:
            assert connection.execute(text(f"select count(*) from marts.{mart}")).scalar_one() == 0, mart


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize(
    "statement", ["delete from marts.{}", "update marts.{} set site_name = 'mine'", "truncate marts.{}"]
)
def test_the_application_writes_no_mart(dbt: Dbt, record: Record, mart: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), record.transaction() as connection:
        connection.execute(text(statement.format(mart)))


@pytest.mark.parametrize(
    "view",
    [
        *("stg_visits", "stg_sightings", "stg_unidentified_sightings", "stg_sites"),
        *("int_visits_local", "int_sightings_local", "int_presence_local", "int_camera_sightings_local"),
    ],
)
def test_the_application_reads_nothing_that_the_marts_are_made_from(dbt: Dbt, record: Record, view: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), record.transaction() as connection:
        connection.execute(text(f"select * from marts.{view}"))


def test_the_catalogue_shows_every_relation_of_the_marts_protected(dbt: Dbt, record: Record, transform: Engine) -> None:
    dbt.build("--full-refresh")
    with unbound_transaction(transform) as connection:
        relations = set(connection.execute(text("select relname from pg_class where relkind in ('r', 'v')")).scalars())
        assert {*MARTS, *SUMS, "stg_visits", "int_changed_days"} <= relations
        assert open_relations(connection) == {}


OPENINGS = [
    "alter table {} disable row level security",
    "alter table {} no force row level security",
    "drop policy tenant_isolation on {}",
    "alter policy tenant_isolation on {} using (true)",
    "alter policy tenant_isolation on {} with check (true)",
    "alter policy transform_builds on {} to public",
    "create policy wide on {} for select to footfall_app using (true)",
    "grant select on {} to public",
    "grant delete on {} to footfall_app",
    "alter table {} rename to elsewhere",
]


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("opening", OPENINGS)
def test_a_mart_that_is_opened_fails_its_test(
    data_tests: dict[str, str], transform: Engine, mart: str, opening: str
) -> None:
    guard = text(data_tests[f"{mart}_shows_each_tenant_its_own"])
    with unbound_transaction(transform) as connection, connection.begin_nested() as undone:
        assert connection.execute(guard).all() == []
        connection.execute(text(opening.format(f"marts.{mart}")))
        assert connection.execute(guard).all() != []
        undone.rollback()


@pytest.mark.parametrize("view", SUMS)
@pytest.mark.parametrize(
    "opening",
    [
        "alter view {} set (security_invoker = false)",
        "grant select on {} to public",
        "grant update on {} to footfall_app",
        "alter view {} rename to elsewhere",
    ],
)
def test_a_sum_that_is_opened_fails_its_test(
    data_tests: dict[str, str], transform: Engine, view: str, opening: str
) -> None:
    guard = text(data_tests[f"{view}_reads_as_its_reader"])
    with unbound_transaction(transform) as connection, connection.begin_nested() as undone:
        assert connection.execute(guard).all() == []
        connection.execute(text(opening.format(f"marts.{view}")))
        assert connection.execute(guard).all() != []
        undone.rollback()


def test_the_next_build_closes_what_was_opened(dbt: Dbt, transform: Engine, record: Record) -> None:
    """Without a full refresh, too."""
    for opening in OPENINGS[:3]:
        with unbound_transaction(transform) as connection:
            connection.execute(text(opening.format("marts.visits_daily")))
    assert failures(dbt.run("test", "--select", *GUARDS)) == ["visits_daily_shows_each_tenant_its_own"]
    dbt.build("--select", "visits_daily")


def test_without_the_hook_every_mart_fails_its_test(
    dbt: Dbt, neighbours: tuple[Record, Record], transform: Engine, tmp_path: Path
) -> None:
    """And whoever is granted the table reads every tenant, which is what the test is there to prevent."""
    shutil.copytree(project_dir(), tmp_path / "project")
    settings = tmp_path / "project" / "dbt_project.yml"
    lines = settings.read_text().splitlines(keepends=True)
    kept = [line for line in lines if "protect_tenant_rows" not in line]
    assert len(kept) == len(lines) - 1
    settings.write_text("".join(kept))
    careless = Dbt(dbt.settings, tmp_path / "project")
    try:
        assert failures(careless.run("run", "--full-refresh")) == []
        assert failures(careless.run("test", "--select", "test_type:data")) == GUARDS
        with unbound_transaction(transform) as connection:
            assert set(open_relations(connection)) == {f"marts.{mart}" for mart in (*MARTS, *SUMS)}
            connection.execute(text("grant select on marts.visits_daily to footfall_app"))
        mine, other = neighbours
        with mine.transaction() as connection:
            seen = set(connection.execute(text("select tenant_id from marts.visits_daily")).scalars())
        assert {mine.tenant_id, other.tenant_id} <= seen
    finally:
        dbt.refresh(from_nothing=True)
