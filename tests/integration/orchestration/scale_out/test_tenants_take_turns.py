"""Runs of one tenant follow each other while another tenant's goes on: Dagster's own queue and daemon, with the limits
of deploy/dagster, which are those of the one-machine stack."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from dagster import DagsterRunStatus, RunsFilter
from sqlalchemy import text

from cli.stack.parts.orchestrator import Orchestrator
from footfall.stores.postgres.engine import owner_engine
from tests.integration.marts import new_tenant
from tests.integration.orchestration.scale_out.conftest import Install
from tests.integration.orchestration.scale_out.installation import Installation, deployed
from tests.servers import MigratedPostgres

pytestmark = pytest.mark.e2e

HELD_SECONDS = 5


def tags(tenant_id: object, day: str) -> dict[str, str]:
    """As Dagster's page tags a run of one tenant's day."""
    return {
        "dagster/partition": f"{day}|{tenant_id}",
        "dagster/partition/day": day,
        "dagster/partition/tenant": str(tenant_id),
    }


def test_runs_of_one_tenant_take_turns_and_another_tenants_goes_beside(
    new_installation: Install, database: MigratedPostgres, tmp_path: Path
) -> None:
    one, other = new_tenant(database), new_tenant(database)
    # With what the files say, but processes: the queue is Dagster's, whatever executes a run.
    installation = new_installation(deployed("celery.yaml"), {})
    with installation.instance() as instance:
        instance.add_dynamic_partitions("tenants", [str(one), str(other)])
    # They wait in the queue for the daemon, which starts when all are there.
    first = installation.launch("count_days", tags(one, "2026-06-01"))
    second = installation.launch("count_days", tags(one, "2026-06-02"))
    others = installation.launch("count_days", tags(other, "2026-06-01"))
    with owner_engine(database.owner_dsn) as engine, installation.daemon():
        with engine.begin() as connection:
            # What each of them has to read is held, so that none ends before the others could have begun.
            connection.execute(text("lock table footfall.visits in access exclusive mode"))
            for run_id in (first, others):
                reached = installation.wait(run_id, until=frozenset({DagsterRunStatus.STARTED}), seconds=120)
                assert reached is DagsterRunStatus.STARTED
            time.sleep(HELD_SECONDS)  # the daemon looks at the queue every five seconds
            assert installation.status(second) is DagsterRunStatus.QUEUED
        for run_id in (first, second, others):
            assert installation.wait(run_id) is DagsterRunStatus.SUCCESS, installation.said(run_id)
    (_, first_ended), (second_began, _), (others_began, _) = (
        span(installation, run_id) for run_id in (first, second, others)
    )
    assert second_began >= first_ended
    assert others_began < first_ended


def span(installation: Installation, run_id: str) -> tuple[float, float]:
    with installation.instance() as instance:
        [record] = instance.get_run_records(RunsFilter(run_ids=[run_id]))
    assert record.start_time is not None
    assert record.end_time is not None
    return record.start_time, record.end_time


def test_the_one_machine_has_the_same_limits(tmp_path: Path) -> None:
    Orchestrator(tmp_path, tmp_path, 1, 2, "postgresql://nobody@127.0.0.1:1/none").write_files()
    written = json.loads((tmp_path / "dagster.yaml").read_text("utf-8"))
    for name in ("celery.yaml", "kubernetes.yaml"):
        there = deployed(name)["concurrency"]
        assert written["concurrency"]["runs"]["tag_concurrency_limits"] == there["runs"]["tag_concurrency_limits"]
        assert written["concurrency"]["pools"] == there["pools"]
