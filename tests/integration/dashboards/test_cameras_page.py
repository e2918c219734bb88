"""The cameras' page over a real API: who watches what, how it is, and telling a worker what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import cv2
import numpy as np
from streamlit.testing.v1 import AppTest

from client import FootfallClient
from client.registration import register_worker
from contracts.commands import CommandReport, SnapshotResult
from contracts.workers import CameraHealth, Heartbeat, OutboxHealth, WorkerCreate
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in


def page(api: LiveApi) -> AppTest:
    return open_page(signed_in(api), "cameras")


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def a_worker(api: LiveApi) -> tuple[UUID, UUID, FootfallClient]:
    """Its id, its camera's, and the worker as a caller."""
    camera_id = api.client.cameras().items[0].camera_id
    offer = api.client.create_worker(WorkerCreate(name="entrance-1", camera_ids=(camera_id,)))
    given = register_worker(api.url, offer.registration_token)
    return given.worker_id, camera_id, FootfallClient(api.url, api_key=given.api_key)


def beat(worker: FootfallClient, worker_id: UUID, camera_id: UUID, *, occluded: bool = False) -> list[UUID]:
    health = CameraHealth(
        camera_id=camera_id, running=True, connected=True, fps=12.4, frames_dropped=0,
        last_frame_at=datetime.now(UTC), last_frame_age_seconds=0.1, occluded=occluded,
    )  # fmt: skip
    answer = worker.send_heartbeat(
        worker_id,
        Heartbeat(
            release="0.1.0",
            started_at=datetime.now(UTC),
            cameras=(health,),
            outbox=OutboxHealth(pending=3, pending_bytes=2048, dropped=1, dead=0),
        ),
    )
    return [order.command_id for order in answer.commands]


def jpeg() -> bytes:
    return cv2.imencode(".jpg", np.full((90, 160, 3), 90, np.uint8))[1].tobytes()


def test_a_camera_without_a_worker_says_so_and_one_can_be_added(live_api: LiveApi) -> None:
    app = page(live_api)
    assert not app.exception
    assert metrics(app)["Cameras seeing"] == "0 of 1"
    assert app.dataframe[0].value["State"].tolist() == ["⚪ No worker"]

    app.text_input[0].input("entrance-1")
    app.multiselect[0].select(app.multiselect[0].options[0])
    press(app, "Add")

    assert not app.exception
    assert "footfall worker register" in app.code[0].value
    assert "ffw_" in app.code[0].value
    assert [worker.name for worker in live_api.client.workers().items] == ["entrance-1"]
    press(app, "Done")
    assert not app.code, "the token is shown once"


def test_what_a_worker_says_is_on_the_page(live_api: LiveApi) -> None:
    worker_id, camera_id, worker = a_worker(live_api)
    with worker:
        beat(worker, worker_id, camera_id, occluded=True)
    app = page(live_api)
    assert not app.exception
    assert metrics(app) == {
        "Workers online": "1 of 1", "Cameras seeing": "1 of 1", "Events waiting": "3", "Events dropped": "1",
    }  # fmt: skip
    row = app.dataframe[0].value.iloc[0]
    assert (row["State"], row["Worker"], row["Frames a second"]) == ("🟢 Online", "entrance-1", 12.4)
    assert row["Trouble"] == "covered or black"
    assert any("3 events (2.0 kB) wait, 1 dropped" in caption.value for caption in app.caption)


def test_a_snapshot_is_asked_for_followed_and_shown(live_api: LiveApi) -> None:
    worker_id, camera_id, worker = a_worker(live_api)
    with worker:
        beat(worker, worker_id, camera_id)
        app = press(page(live_api), "Snapshot")
        assert "next heartbeat" in app.success[0].value
        assert app.dataframe[1].value["State"].tolist() == ["⏳ queued"]

        (command_id,) = beat(worker, worker_id, camera_id)
        result = SnapshotResult(
            kind="snapshot", width=160, height=90, captured_at=datetime.now(UTC), masks=1, faces_hidden=2
        )
        worker.report_command(worker_id, command_id, CommandReport(state="succeeded", result=result), jpeg())
        app.run()

    assert not app.exception
    row = app.dataframe[1].value.iloc[0]
    assert (row["Command"], row["State"], row["Result"]) == ("snapshot", "✅ succeeded", "160 x 90, 2 faces hidden")
    assert app.session_state["snapshot"]["jpeg"] == jpeg(), "the picture was fetched, and stays while it is shown"


def test_a_command_that_cannot_be_given_says_why(live_api: LiveApi) -> None:
    worker_id, camera_id, worker = a_worker(live_api)
    with worker:
        beat(worker, worker_id, camera_id)
    app = page(live_api)
    live_api.client.delete_worker(worker_id)
    press(app, "Stop")
    assert not app.exception
