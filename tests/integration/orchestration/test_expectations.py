"""The expectations as Dagster runs them: verdicts on the tables they are about, and pages as an asset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, AssetKey
from sqlalchemy import Engine

from contracts.expectations import SUITES
from contracts.expectations.marts import MARTS
from contracts.expectations.record import RECORD
from footfall.settings import Settings
from tests.databases import fresh_database
from tests.integration.marts import Record, engine_of, settings_of
from tests.integration.orchestration.conftest import RunJob
from tests.servers import MigratedPostgres


@pytest.fixture(scope="module")
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    """Of these tests' own: the suites look at every tenant, and here nobody has built a mart."""
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture(scope="module")
def app(database: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(database.app_dsn)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def settings(database: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of(database, tmp_path_factory.mktemp("home"))


def test_the_record_is_judged_where_it_lies_and_the_pages_are_an_asset(
    run_job: RunJob, settings: Settings, record: Record
) -> None:
    place = record.site(name="Lobby")
    record.sighting(place, "2026-06-01 10:00")
    record.execute("update footfall.sites set timezone = 'Mars/Olympus'")
    result = run_job("check_expectations", settings)
    assert result.success
    verdicts = {told.asset_key.to_user_string(): told for told in result.get_asset_check_evaluations()}
    assert set(verdicts) == {suite.asset for suite in SUITES}

    wrong = verdicts["sites"]
    assert not wrong.passed
    assert wrong.severity is AssetCheckSeverity.ERROR
    assert wrong.description == "1 of 7 do not hold: The database knows the zone of every site."
    assert "Mars" not in str(wrong.metadata)
    for suite in RECORD[1:]:
        assert verdicts[suite.asset].passed, suite.asset
    for suite in MARTS:
        assert not verdicts[suite.asset].passed
        assert verdicts[suite.asset].severity is AssetCheckSeverity.WARN
        assert "no such table yet" in (verdicts[suite.asset].description or "")

    [pages] = result.asset_materializations_for_node("expectations")
    assert pages.asset_key == AssetKey("data_docs")
    index = Path(str(pages.metadata["page"].value))
    assert index == settings.home.absolute() / "data_docs" / "index.html"
    assert "sites" in index.read_text(encoding="utf-8")
    assert pages.metadata["broken"].value == 1


def test_without_a_dsn_the_run_fails_and_says_which(run_job: RunJob, settings: Settings) -> None:
    unset = settings.model_copy(
        update={"postgres": settings.postgres.model_copy(update={"transform_dsn": None})}, deep=True
    )
    result = run_job("check_expectations", unset)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "footfall_transform" in str(failure.step_failure_data.error or failure.message)


@pytest.mark.e2e
def test_dbt_writes_its_pages_about_the_marts(run_job: RunJob, settings: Settings) -> None:
    result = run_job("document_marts", settings)
    assert result.success
    page = settings.home.absolute() / "dbt" / "docs" / "index.html"
    told = page.read_text(encoding="utf-8")
    assert "repeat_cohorts" in told
    assert 'src="http' not in told
