"""What Dagster watches, on an instance of its own: who is told of which runs, and when a gallery is rebuilt."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar
from unittest.mock import patch

import pytest
from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SensorResult,
    SkipReason,
    build_run_status_sensor_context,
    build_sensor_context,
    job,
    op,
)
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.test_utils import create_run_for_test, instance_for_test
from pydantic import SecretStr

from footfall.environment import settings_environment
from footfall.errors import ConfigurationError
from footfall.settings import AlertSettings, Settings
from orchestration.resources import RecordResource
from orchestration.schedules import SCHEDULES
from orchestration.sensors import alert_on_failure, staff_changed, watch_runs
from tests.integration.marts import Record
from tests.integration.orchestration.test_gallery import enrol

NIGHTLY, HOURLY = (
    next(schedule for schedule in SCHEDULES if schedule.name == name) for name in ("nightly_retention", "hourly_marts")
)
REPOSITORY = RemoteRepositoryOrigin(
    GrpcServerCodeLocationOrigin(host="127.0.0.1", port=1, location_name="footfall"), "__repository__"
)


class Hook(BaseHTTPRequestHandler):
    received: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def alerted(settings: Settings) -> Iterator[Settings]:
    """Settings whose alerts go to a server that keeps them; they are those of the environment meanwhile."""
    Hook.received.clear()
    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    alerts = AlertSettings(
        webhook_url=SecretStr(f"http://127.0.0.1:{server.server_address[1]}"), link="http://dagster.example"
    )
    told = settings.model_copy(update={"alerts": alerts})
    with patch.dict(os.environ, settings_environment(told, secrets=True)):
        yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with instance_for_test() as own:
        yield own


@op
def breaks() -> None:
    raise ConfigurationError("The shelf is empty.")


@job
def breaking() -> None:
    breaks()


def test_a_failed_run_is_told_with_its_sentence_and_a_link(alerted: Settings, instance: DagsterInstance) -> None:
    result = breaking.execute_in_process(instance=instance, raise_on_error=False)
    [failure] = [event for event in result.all_events if event.event_type is DagsterEventType.RUN_FAILURE]
    assert isinstance(failure, DagsterEvent)
    context = build_run_status_sensor_context(
        "alert_on_failure", failure, instance, result.dagster_run
    ).for_run_failure()
    alert_on_failure(context)
    [told] = Hook.received
    assert told["title"] == "A run of breaking failed"
    assert "The shelf is empty." in told["body"]
    assert told["link"] == f"http://dagster.example/runs/{result.run_id}"


def test_a_run_that_does_not_begin_is_told_once(alerted: Settings, instance: DagsterInstance) -> None:
    run = create_run_for_test(instance, job_name="refresh_marts", status=DagsterRunStatus.STARTING)
    with build_sensor_context(instance=instance) as context:
        waited_shortly = watch_runs(context)
    assert isinstance(waited_shortly, SensorResult)
    assert Hook.received == []
    cursor = waited_shortly.cursor
    with patch("orchestration.run_watch.LONGEST_QUEUE", timedelta(0)):
        for _ in range(2):
            with build_sensor_context(instance=instance, cursor=cursor) as context:
                looked = watch_runs(context)
            assert isinstance(looked, SensorResult)
            cursor = looked.cursor
    [told] = Hook.received
    assert told["title"] == "A run of refresh_marts does not begin"
    assert told["link"].endswith(run.run_id)


def test_a_schedule_that_missed_a_day_is_told_once(alerted: Settings, instance: DagsterInstance) -> None:
    """The daemon was away, or stood still; its schedules had run until then."""
    now = datetime.now(UTC)
    for schedule, ticked in ((NIGHTLY, now - timedelta(days=2)), (HOURLY, now)):
        origin = RemoteInstigatorOrigin(REPOSITORY, schedule.name)
        state = InstigatorState(
            origin,
            InstigatorType.SCHEDULE,
            InstigatorStatus.RUNNING,
            ScheduleInstigatorData(str(schedule.cron_schedule), (now - timedelta(days=9)).timestamp()),
        )
        instance.add_instigator_state(state)
        instance.create_tick(
            TickData(
                state.instigator_origin_id,
                schedule.name,
                InstigatorType.SCHEDULE,
                TickStatus.SUCCESS,
                ticked.timestamp(),
                selector_id=state.selector_id,
                run_ids=[],
            )
        )
    cursor = None
    for _ in range(2):
        with build_sensor_context(instance=instance, cursor=cursor) as context:
            looked = watch_runs(context)
        assert isinstance(looked, SensorResult)
        cursor = looked.cursor
    [told] = Hook.received
    assert told["title"] == f"The schedule {NIGHTLY.name} missed its time"
    assert f"last ticked at {now - timedelta(days=2):%Y-%m-%d %H:%M} UTC" in told["body"]


def test_staff_that_changed_ask_for_a_rebuild_and_others_do_not(
    settings: Settings, instance: DagsterInstance, record: Record, services: object
) -> None:
    def look(cursor: str | None) -> tuple[object, str | None]:
        with (
            patch.dict(os.environ, settings_environment(settings, secrets=True)),
            build_sensor_context(instance=instance, cursor=cursor, resources={"record": RecordResource()}) as context,
        ):
            return staff_changed(context), context.cursor

    first, seen = look(None)
    assert isinstance(first, SkipReason)
    record.visit(record.site(), record.customer(), "2026-06-01 10:00")
    assert isinstance(look(seen)[0], SkipReason)
    face = enrol(record, record.staff(), 1, "arcface-mbf-512-v1")
    asked, then = look(seen)
    assert isinstance(asked, RunRequest)
    assert isinstance(look(then)[0], SkipReason)
    record.execute("delete from footfall.staff_face_images where face_id = :face", face=face)
    assert isinstance(look(then)[0], RunRequest)
    create_run_for_test(instance, job_name="rebuild_gallery", status=DagsterRunStatus.STARTED)
    skipped, cursor = look(then)
    assert isinstance(skipped, SkipReason)
    assert cursor == then, "what changed is looked at again once the rebuild under way is over"
