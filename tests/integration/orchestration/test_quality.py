"""The checks of incoming events as Dagster runs them, over a real record of several tenants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity
from sqlalchemy import Engine

from footfall.settings import Settings
from tests.databases import fresh_database
from tests.integration.marts import Record, engine_of, new_tenant, settings_of
from tests.integration.orchestration.conftest import RunJob
from tests.servers import MigratedPostgres

QUALITY = '{"score": 0.7, "size_px": 80, "sharpness": 120, "yaw_deg": 3, "roll_deg": -2, "detection_score": 0.9}'
PIPELINE = '{"detector": "yuface", "embedder": "arcface-mbf-512-v1", "backend": "openvino"}'
NAMES = {
    "no_camera_is_silent",
    "no_camera_floods",
    "clocks_agree",
    "scores_do_not_drift",
    "events_keep_their_contract",
}


@pytest.fixture(scope="module")
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    """Of these tests' own: the checks look at every tenant, and others' tests write events of their own kind."""
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


def sight(
    record: Record, at: datetime, *, count: int = 1, box: str = '{"x": 1, "y": 1, "width": 80, "height": 80}'
) -> None:
    """Sightings at the record's one camera, each received at its own time."""
    record.execute(
        """
        insert into footfall.face_events (
            tenant_id, event_id, site_id, camera_id, worker, captured_at, started_at, ended_at, frames, box, landmarks,
            quality, pipeline, decision, reason, threshold_low, threshold_high, threshold_source, received_at
        )
        select
            tenant_id, gen_random_uuid(), site_id, camera_id, 'w', :at, :at, :at, 1, cast(:box as jsonb), '[]',
            cast(:quality as jsonb), cast(:pipeline as jsonb), 'counted', 'a test', 0.3, 0.5, 'a test', :at
        from footfall.cameras, generate_series(1, :count)
        """,
        at=at,
        box=box,
        count=count,
        quality=QUALITY,
        pipeline=PIPELINE,
    )


def verdicts(run_job: RunJob, settings: Settings) -> dict[str, AssetCheckEvaluation]:
    result = run_job("check_events", settings)
    assert result.success
    return {told.check_name: told for told in result.get_asset_check_evaluations()}


def test_tenants_whose_data_are_as_usual_pass_and_one_that_is_not_is_named(
    run_job: RunJob, settings: Settings, record: Record, app: Engine, database: MigratedPostgres
) -> None:
    now = datetime.now(UTC)
    other = Record(app, new_tenant(database))
    for own in (record, other):
        own.site()
        for hours in range(30, 80):
            sight(own, now - timedelta(hours=hours))
    sight(record, now - timedelta(hours=1))
    fine = verdicts(run_job, settings)
    # Nobody stood before the other tenant's camera for thirty hours, and never for more than one before.
    assert set(fine) == NAMES
    assert [name for name, told in fine.items() if not told.passed] == ["no_camera_is_silent"]
    assert fine["no_camera_is_silent"].severity is AssetCheckSeverity.WARN

    sight(record, now - timedelta(hours=1), count=600)
    sight(other, now - timedelta(minutes=5))
    sight(other, now + timedelta(minutes=5), box='{"x": "left"}')
    other.execute("update footfall.face_events set received_at = :now where captured_at > :now", now=now)
    wrong = verdicts(run_job, settings)
    assert {name for name, told in wrong.items() if not told.passed} == {
        "no_camera_floods",
        "clocks_agree",
        "events_keep_their_contract",
    }
    assert wrong["events_keep_their_contract"].severity is AssetCheckSeverity.ERROR
    assert "does not parse in 1 of" in (wrong["events_keep_their_contract"].description or "")


def test_the_names_that_are_told_are_those_of_tenants_and_cameras(
    run_job: RunJob, settings: Settings, record: Record
) -> None:
    record.site(name="Lobby")
    for hours in range(30, 80):
        sight(record, datetime.now(UTC) - timedelta(hours=hours))
    told = verdicts(run_job, settings)["no_camera_is_silent"]
    listed = str(told.metadata["list"].value)
    assert re.search("camera Lobby / entrance saw nobody for 3[01] hours", listed)
