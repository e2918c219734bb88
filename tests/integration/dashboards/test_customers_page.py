"""The customers' page over a real API: merging, undoing, splitting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from streamlit.testing.v1 import AppTest

from api.examples import FACE_EVENT
from contracts.events import Embedding, FaceDetectedV1, Track
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in
from tests.vectors import as_base64, like, person

MODEL = "arcface-mbf-512-v1"


def came(api: LiveApi, who: int, *, hours_ago: int, shot: int = 0) -> UUID:
    """The customer whom the door's camera saw."""
    [camera] = api.client.cameras().items
    ended = datetime.now(UTC) - timedelta(hours=hours_ago)
    event: FaceDetectedV1 = FACE_EVENT.model_copy(
        update={
            "event_id": uuid4(),
            "camera_id": camera.camera_id,
            "captured_at": ended,
            "track": Track(started_at=ended, ended_at=ended, frames=9),
            "embedding": Embedding(model_version=MODEL, vector=as_base64(like(person(who), 0.97, shot=shot))),
        }
    )
    found = api.client.send_face_event(event).decision.person_id
    assert found is not None
    return found


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception
    return app


def test_customers_are_merged_undone_and_split_on_the_page(live_api: LiveApi) -> None:
    one = came(live_api, 1, hours_ago=2)
    other = came(live_api, 2, hours_ago=5)
    app = open_page(signed_in(live_api), "customers")
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Visits"] == "1"
    merging = next(box for box in app.selectbox if box.label == "Is the same person as")
    merging.select_index(0).run()
    press(app, "Merge")
    assert app.success[0].value.startswith("Merged into")
    [left] = live_api.client.customers().items
    assert (left.customer_id, left.visits) == (other, 2)

    app.checkbox[0].check().run()
    press(app, "Split off 1")
    assert len(live_api.client.customers().items) == 2

    [split, merge] = live_api.client.corrections().items
    assert (split.kind, merge.kind) == ("split", "merge")
    undo = next(button for button in app.button if button.key == f"undo-{merge.correction_id}")
    undo.click().run()
    assert "stands in the way" in app.error[0].value
    for entry in (split, merge):
        next(button for button in app.button if button.key == f"undo-{entry.correction_id}").click().run()
    assert {item.customer_id for item in live_api.client.customers().items} == {one, other}
