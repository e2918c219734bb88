"""The marts built by Dagster: what a run tells, what it says when something is wrong, and a run started from here."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus, ExecuteInProcessResult, TableMetadataValue
from pydantic import SecretStr
from sqlalchemy import make_url, text

from assets.sources import TABLES
from footfall.environment import settings_environment
from footfall.settings import Settings
from footfall.stores.postgres.engine import owner_engine
from footfall.tenancy import tenant_transaction
from orchestration.local import materialise
from orchestration.run_job import run
from tests.integration.marts import Dbt, Record, age_changes
from tests.integration.orchestration.conftest import RunJob
from tests.servers import MigratedPostgres


def failure(result: ExecuteInProcessResult) -> str:
    [failed] = [event for event in result.all_events if event.is_step_failure]
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    return told.description or ""


def mart_rows(record: Record, mart: str = "visits_daily") -> int:
    with record.transaction() as connection:
        return int(connection.execute(text(f"select count(*) from marts.{mart}")).scalar_one())


def with_transform_dsn(settings: Settings, dsn: str | None) -> Settings:
    secret = None if dsn is None else SecretStr(dsn)
    return settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"transform_dsn": secret})})


def holds_a_password(path: Path, settings: Settings) -> bool:
    """Artifacts, logs and Dagster's own storage alike."""
    dsns = (settings.postgres.transform_dsn, settings.postgres.operator_dsn)
    passwords = [str(make_url(dsn.get_secret_value()).password).encode() for dsn in dsns if dsn is not None]
    assert len(passwords) == 2
    content = path.read_bytes()
    return any(password in content for password in passwords)


def test_a_job_run_from_here_leaves_its_run_in_dagsters_storage_and_tells_the_marts_rows(
    settings: Settings, record: Record
) -> None:
    place = record.site("UTC")
    record.visit(place, record.customer(), "2026-06-01 10:00", first=True)
    record.visit(place, record.customer(), "2026-06-01 11:00", first=True)
    outcome = materialise("refresh_marts", settings)
    assert outcome.failure is None
    assert outcome.success
    assert outcome.failed_checks == ()
    assert outcome.seconds > 0
    assert mart_rows(record) == 1
    assert mart_rows(record, "visits_hourly") == 2
    assert outcome.rows["visits_hourly"] >= 2
    assert outcome.rows["visits_daily"] >= 1
    with DagsterInstance.from_config(str(settings.home / "dagster")) as instance:
        run = instance.get_run_by_id(outcome.run_id)
        assert run is not None
        assert (run.job_name, run.status) == ("refresh_marts", DagsterRunStatus.SUCCESS)
        assert instance.get_latest_materialization_event(AssetKey("visits_daily")) is not None
    assert [path for path in settings.home.rglob("*") if path.is_file() and holds_a_password(path, settings)] == []


@pytest.mark.e2e
def test_a_failed_run_is_an_outcome_in_a_sentence(settings: Settings) -> None:
    nowhere = "postgresql://footfall_transform:nothing-but-a-password@127.0.0.1:1/none"
    environment = settings_environment(with_transform_dsn(settings, nowhere), secrets=True)
    with patch.dict(os.environ, environment), DagsterInstance.ephemeral() as instance:
        outcome = run("refresh_marts", instance)
    assert not outcome.success
    assert outcome.rows == {}
    assert outcome.failure is not None
    assert outcome.failure.startswith("traffic_marts: dbt could not build the marts: ")
    assert 'connection to server at "127.0.0.1", port 1 failed' in outcome.failure


def test_everything_is_made_and_checked_by_one_job(run_job: RunJob, settings: Settings, record: Record) -> None:
    record.visit(record.site(), record.customer(), "2026-06-01 10:00", first=True)
    result = run_job("refresh_all", settings)
    assert result.success
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    assert {AssetKey(name) for name in ("staff_gallery", "gallery_index", "visits_hourly", "visits_daily")} <= made
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert {f"visits_{bucket}_matches_the_record" for bucket in ("15min", "hourly", "daily")} <= set(checks)
    assert checks["gallery_matches_record"]
    assert [name for name, passed in checks.items() if name.startswith("visits_") and not passed] == []


def test_every_mart_tells_rows_bytes_seconds_and_what_was_built_last(
    run_job: RunJob, settings: Settings, record: Record
) -> None:
    site = record.site("UTC", name="Told")
    record.visit(site, record.staff(), "2026-06-01 10:00", kind="staff")
    record.visit(site, record.customer(), "2026-06-01 10:00", first=True)
    told = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in run_job("refresh_marts", settings).get_asset_materialization_events()
        if event.asset_key
    }
    assert [name for name, metadata in told.items() if "seconds" not in metadata] == []
    daily, weekly, people = (told[name] for name in ("visits_daily", "visits_weekly", "staff_presence"))
    for metadata in (daily, weekly, people):
        rows, built = metadata["dagster/row_count"].value, metadata["rows of the latest build"].value
        assert isinstance(rows, int)
        assert isinstance(built, int)
        assert rows >= built >= 1
    size = daily["bytes"].value
    assert isinstance(size, int)
    assert size > 0
    preview = daily["preview"]
    assert isinstance(preview, TableMetadataValue)
    assert {"site_name", "visitor_visits"} <= set(preview.records[0].data)
    assert not {"tenant_id", "site_id"} & set(preview.records[0].data)
    assert "preview" not in people, "nobody is looked up on Dagster's page"


def test_the_tables_of_the_record_are_looked_at(run_job: RunJob, settings: Settings, record: Record) -> None:
    record.site()
    result = run_job("look_at_record", settings)
    assert result.success
    seen = {
        observed.asset_key.to_user_string(): observed.metadata
        for event in result.get_asset_observation_events()
        for observed in [event.asset_observation_data.asset_observation]
    }
    assert set(seen) == {spec.key.to_user_string() for spec in TABLES}
    for metadata in seen.values():
        size = metadata["bytes"].value
        assert isinstance(size, int)
        assert size > 0


@pytest.mark.e2e
def test_a_failing_dbt_test_fails_the_run_and_a_full_refresh_mends_it(
    run_job: RunJob, settings: Settings, record: Record, database: MigratedPostgres
) -> None:
    """As after a restore without triggers: a day of the record that no note tells of."""
    place = record.site("UTC")
    for day in ("2026-06-01", "2026-06-02"):
        record.visit(place, record.customer(), f"{day} 10:00", first=True)
    Dbt(settings).build("--full-refresh")
    age_changes(database, record.tenant_id, days=3)
    with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, record.tenant_id) as connection:
        connection.execute(text("alter table footfall.sites disable trigger site_changed"))
        connection.execute(
            text("update footfall.sites set name = 'New name' where site_id = :site"), {"site": place.site_id}
        )
        connection.execute(text("alter table footfall.sites enable trigger site_changed"))
    result = run_job("refresh_marts", settings)
    assert not result.success
    assert "visits_daily_agrees_with_its_sites" in failure(result)
    failed = {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}
    assert {"visits_daily_agrees_with_its_sites", "visits_hourly_agrees_with_its_sites"} <= failed
    assert {name.partition("_agrees_with_")[2] for name in failed} == {"its_sites"}
    full = {"ops": {"traffic_marts": {"config": {"full_refresh": True}}}}
    assert run_job("refresh_marts", settings, full).success


def test_a_missing_dsn_fails_the_run_and_says_which(run_job: RunJob, settings: Settings) -> None:
    told = failure(run_job("refresh_marts", with_transform_dsn(settings, None)))
    assert "footfall_transform" in told


@pytest.mark.e2e
def test_runs_leave_nothing_in_the_project_and_old_ones_are_forgotten(
    run_job: RunJob, settings: Settings, tmp_path: Path
) -> None:
    apart = settings.model_copy(update={"home": tmp_path})
    earlier = [tmp_path / "dbt" / "target" / f"traffic_marts-{number:02}" for number in range(25)]
    for age, folder in enumerate(reversed(earlier), start=1):
        folder.mkdir(parents=True)
        os.utime(folder, (1_700_000_000 - age, 1_700_000_000 - age))
    project = Path(__file__).parents[3] / "dbt"
    before = sorted(project.rglob("*"))
    assert run_job("refresh_marts", apart).success
    assert sorted(project.rglob("*")) == before
    left = {path for path in (tmp_path / "dbt" / "target").iterdir() if path.is_dir()}
    assert left & set(earlier) == set(earlier[5:])
    assert len(left) == 21  # twenty earlier ones, and this one
