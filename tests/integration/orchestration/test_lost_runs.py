"""Runs whose process was killed: ended as failed, so that the queue goes on; and those that are left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from dagster import DagsterInstance, DagsterRunStatus, SkipReason, build_sensor_context
from dagster._core.events import EngineEventData
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.test_utils import create_run_for_test, instance_for_test

from orchestration.lost_runs import lives, lost_runs


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with instance_for_test() as own:
        yield own


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield started
    started.kill()
    started.wait()


def begun(instance: DagsterInstance, pid: int, job: str = "erase") -> DagsterRun:
    """A run as Dagster's own launcher leaves it."""
    run: DagsterRun = create_run_for_test(instance, job_name=job, status=DagsterRunStatus.STARTED)
    instance.report_engine_event(f"Started process for run (pid: {pid}).", run, EngineEventData({"pid": str(pid)}))
    return run


def look(instance: DagsterInstance) -> str:
    with build_sensor_context(instance=instance) as context:
        found = lost_runs(context)
    assert isinstance(found, SkipReason)
    return found.skip_message or ""


def status(instance: DagsterInstance, run: DagsterRun) -> DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def test_a_run_whose_process_was_killed_is_ended_and_another_is_not(
    instance: DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    mine, killed = begun(instance, os.getpid(), job="refresh_marts"), begun(instance, process.pid)
    assert look(instance) == "Every run that has begun has its process."
    process.kill()
    assert look(instance) == "1 runs were ended: their process is gone.", "killed, and nobody has taken note of it yet"
    process.wait()
    assert (status(instance, killed), status(instance, mine)) == (DagsterRunStatus.FAILURE, DagsterRunStatus.STARTED)
    said = [entry.message for entry in instance.all_logs(killed.run_id)]
    assert any(f"The process {process.pid} of this run is gone" in message for message in said)


def test_a_run_without_a_process_yet_and_one_that_ended_are_left_alone(instance: DagsterInstance) -> None:
    waiting = create_run_for_test(instance, job_name="erase", status=DagsterRunStatus.STARTING)
    ended = create_run_for_test(instance, job_name="erase", status=DagsterRunStatus.SUCCESS)
    look(instance)
    assert status(instance, waiting) is DagsterRunStatus.STARTING
    assert status(instance, ended) is DagsterRunStatus.SUCCESS


def test_a_stranger_who_was_given_the_number_is_not_the_process(process: subprocess.Popen[bytes]) -> None:
    now = time.time()
    assert lives(process.pid, now)
    assert not lives(process.pid, now - 3600)
