"""The customers' page over a real API: merging, undoing, splitting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from streamlit.testing.v1 import AppTest

from api.examples import FACE_EVENT
from contracts.events import Embedding, FaceDetectedV1, Track
from contracts.people import StaffCreate
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


def test_a_sighting_is_moved_to_the_one_it_shows(live_api: LiveApi) -> None:
    one = came(live_api, 1, hours_ago=2)
    came(live_api, 1, hours_ago=9, shot=1)
    other = came(live_api, 2, hours_ago=5)
    ada = live_api.client.create_staff(StaffCreate(display_name="Ada")).staff_id
    app = open_page(signed_in(live_api), "customers")
    app.checkbox[0].check().run()
    receivers = next(box for box in app.selectbox if box.label == "They show")
    assert receivers.options[-1].startswith("Ada · staff")
    receivers.select_index(0).run()
    press(app, "Move 1 there")
    assert app.success[0].value.startswith("1 sightings moved")
    assert len(live_api.client.sightings(one).items) == 1
    assert len(live_api.client.sightings(other).items) == 2
    [moved] = live_api.client.corrections().items
    assert (moved.kind, ada in {person.person_id for person in moved.people}) == ("move_sighting", False)


def test_opt_outs_are_listed_with_their_consent_and_withdrawn(live_api: LiveApi) -> None:
    gone = came(live_api, 1, hours_ago=2)
    app = open_page(signed_in(live_api), "customers")
    consent = next(field for field in app.text_input if field.label.startswith("Opts out"))
    consent.input("letter of 3 May").run()
    press(app, "Opt out")
    assert app.success[0].value.startswith("Opted out")
    assert "Consent: letter of 3 May" in [text.value for text in app.text]
    assert live_api.client.sightings(gone).items[0].in_gallery is False
    [entry] = live_api.client.opt_outs().items
    next(button for button in app.button if button.key == f"withdraw-{entry.opt_out_id}").click().run()
    assert app.success[0].value.startswith("Withdrawn")
    assert live_api.client.opt_outs().items[0].withdrawn_at is not None
    assert not [button for button in app.button if button.key == f"withdraw-{entry.opt_out_id}"]


def test_a_photograph_without_consent_is_not_registered(live_api: LiveApi) -> None:
    app = open_page(signed_in(live_api), "customers")
    press(app, "Register")
    assert "both needed" in app.warning[0].value
    assert live_api.client.opt_outs().items == ()


def test_a_number_is_kept_and_erasure_asked_for_and_nothing_said_to_be_erased(live_api: LiveApi) -> None:
    seen = came(live_api, 7, hours_ago=0)
    app = open_page(signed_in(live_api), "customers")
    next(one for one in app.text_input if one.label == "Customer number").set_value("L-7")
    press(app, "Save the number")
    assert live_api.client.customer(seen).external_ref == "L-7"

    press(app, "Ask for erasure")
    assert "Say where the request is recorded" in app.warning[0].value
    assert live_api.client.erasure_requests(customer_id=seen).items == ()
    next(one for one in app.text_input if one.label == "Where the request is recorded").set_value("Letter 1")
    next(one for one in app.checkbox if one.label == "The person has asked for it").check()
    press(app, "Ask for erasure")
    assert app.success[0].value == "The request is recorded. Nothing is erased yet."
    [request] = live_api.client.erasure_requests(customer_id=seen).items
    assert (request.status, request.reference) == ("open", "Letter 1")
    assert any("Status: open" in info.value for info in app.info)
    assert not [button for button in app.button if button.label.startswith("Ask for erasure")]
