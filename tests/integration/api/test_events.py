"""Face events: recorded once however often they come, matched, filed under visits, and refused with a reason."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import CROP, NOW, face_event, parts, send
from tests.integration.api.harness import Caller, Json, photograph, slug_of


@pytest.fixture
def door(tenant: Tenant) -> str:
    camera_id: str = tenant.camera(tenant.site()["site_id"])["camera_id"]
    return camera_id


@pytest.fixture
def worker(tenant: Tenant, door: str) -> Caller:
    return tenant.caller("worker", cameras=[door])


@pytest.fixture(scope="module")
def quiet_door(quiet: Tenant) -> str:
    camera_id: str = quiet.camera(quiet.site("Quiet site")["site_id"])["camera_id"]
    return camera_id


@pytest.fixture(scope="module")
def quiet_worker(quiet: Tenant, quiet_door: str) -> Caller:
    return quiet.caller("worker", cameras=[quiet_door])


def test_a_stranger_becomes_a_customer_and_is_known_the_second_time(tenant: Tenant, door: str, worker: Caller) -> None:
    first = send(worker, face_event(door, who=1, seen_at=NOW - timedelta(minutes=5)), CROP)
    second = send(worker, face_event(door, who=1), CROP)
    assert (first["decision"]["kind"], second["decision"]["kind"]) == ("new_customer", "customer")
    assert first["decision"]["person_id"] == second["decision"]["person_id"]
    assert first["visit_id"] == second["visit_id"]
    [visit] = tenant.admin.get("/v1/visits")["items"]
    assert (visit["visit_id"], visit["sightings"], visit["person_kind"]) == (first["visit_id"], 2, "customer")


def test_an_event_without_a_template_is_counted_and_makes_no_visit(tenant: Tenant, door: str, worker: Caller) -> None:
    receipt = send(worker, face_event(door))
    assert (receipt["decision"]["kind"], receipt["visit_id"]) == ("poor_quality", None)
    assert tenant.admin.get("/v1/visits")["items"] == []


def test_a_repeated_event_gets_the_first_answer_again(tenant: Tenant, door: str, worker: Caller) -> None:
    event = face_event(door, who=2)
    first = send(worker, event, CROP)
    again = send(worker, event, CROP)
    assert first["duplicate"] is False
    assert again == {**first, "duplicate": True}
    [visit] = tenant.admin.get("/v1/visits")["items"]
    assert visit["sightings"] == 1


def test_the_whole_span_replaces_the_first_one(tenant: Tenant, door: str, worker: Caller) -> None:
    event = face_event(door, who=3, seen_at=NOW - timedelta(minutes=1))
    first = send(worker, event)
    track = {**event["track"], "ended_at": NOW.isoformat()}
    receipt = send(worker, {**event, "revision": 1, "track": track})
    assert (receipt["duplicate"], receipt["visit_id"]) == (False, first["visit_id"])
    [visit] = tenant.admin.get("/v1/visits")["items"]
    assert (visit["dwell_seconds"], visit["sightings"]) == (63.0, 1)


def test_a_staff_member_is_recognised_from_a_photograph(tenant: Tenant, door: str, worker: Caller) -> None:
    from footfall.vision.pipeline import open_vision

    ada = tenant.staff("Ada")
    tenant.admin.post(f"/v1/staff/{ada['staff_id']}/faces", files={"image": ("a.jpg", photograph(1815))})
    [face] = open_vision(tenant.running.settings).analyse_bytes(photograph(1815))
    assert face.vector is not None
    vector = base64.b64encode(face.vector.astype("<f4").tobytes()).decode()
    event = face_event(door, embedding={"model_version": "mock-1", "vector": vector})
    receipt = send(worker, event)
    assert (receipt["decision"]["kind"], receipt["decision"]["person_id"]) == ("staff", ada["staff_id"])
    [visit] = tenant.admin.get("/v1/visits", person_kind="staff")["items"]
    assert visit["display_name"] == "Ada"


def refused(worker: Caller, event: Json | bytes, image: bytes | None = None) -> tuple[int, str]:
    found = worker.refused("POST", "/v1/events/face", files=parts(event, image))
    return found.status, slug_of(found)


def test_an_unknown_camera_is_not_found(tenant: Tenant) -> None:
    everywhere = tenant.caller("worker")
    found = everywhere.refused("POST", "/v1/events/face", files=parts(face_event(str(uuid4()))))
    assert (found.status, slug_of(found)) == (404, "not-found")
    assert "Create the camera first" in (found.hint or "")


def test_another_tenants_camera_is_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = other_tenant.camera(other_tenant.site(f"Site {uuid4()}")["site_id"])["camera_id"]
    assert refused(tenant.caller("worker"), face_event(theirs)) == (404, "not-found")


def test_a_worker_sends_for_its_cameras_alone(tenant: Tenant, worker: Caller) -> None:
    other = tenant.camera(tenant.site("Elsewhere")["site_id"])["camera_id"]
    assert refused(worker, face_event(other)) == (403, "forbidden")


def vector_of(values: np.ndarray[Any, Any]) -> Json:
    return {"model_version": "mock-1", "vector": base64.b64encode(values.astype("<f4").tobytes()).decode()}


BAD_TEMPLATES: dict[str, tuple[Json, int, str]] = {
    "no norm": (vector_of(np.zeros(512)), 422, "embedding-invalid"),
    "a norm of 512": (vector_of(np.ones(512)), 422, "embedding-invalid"),
    "not a number": (vector_of(np.full(512, np.nan)), 422, "embedding-invalid"),
    "infinite": (vector_of(np.full(512, np.inf)), 422, "embedding-invalid"),
    "no base64": ({"model_version": "mock-1", "vector": "*" * 2732}, 422, "embedding-invalid"),
    "another model": ({**vector_of(np.eye(512)[0]), "model_version": "other-1"}, 409, "model-version-mismatch"),
}


@pytest.mark.parametrize("case", BAD_TEMPLATES)
def test_a_template_that_is_none_is_refused(quiet: Tenant, quiet_door: str, quiet_worker: Caller, case: str) -> None:
    embedding, status, slug = BAD_TEMPLATES[case]
    assert refused(quiet_worker, face_event(quiet_door, embedding=embedding)) == (status, slug)


def test_an_event_of_tomorrow_is_refused(quiet_door: str, quiet_worker: Caller) -> None:
    assert refused(quiet_worker, face_event(quiet_door, seen_at=NOW + timedelta(days=1))) == (422, "event-from-future")


def test_an_image_that_is_none_is_refused_and_nothing_is_recorded(tenant: Tenant, door: str, worker: Caller) -> None:
    event = face_event(door, who=4)
    for image in (b"", b"no picture"):
        assert refused(worker, event, image) == (422, "not-an-image")
    assert tenant.admin.get("/v1/visits")["items"] == []
    # What was refused was not recorded either: the event is new when it comes whole.
    assert send(worker, event, CROP)["duplicate"] is False


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"revision": 2}, "/revision"),
    ({"worker": "a worker"}, "/worker"),
    ({"captured_at": "yesterday"}, "/captured_at"),
    ({"captured_at": "2026-11-22T08:00:00"}, "/captured_at"),
    ({"track": {}}, "/track/started_at"),
    ({"surprise": 1}, "/surprise"),
    ({"face": None}, "/face"),
    ({"type": "Event.FaceDetected.v9"}, "/type"),
]


@pytest.mark.parametrize(("changed", "pointer"), FIELDS)
def test_a_malformed_event_is_refused_by_field(
    quiet_door: str, quiet_worker: Caller, changed: dict[str, Any], pointer: str
) -> None:
    found = quiet_worker.refused("POST", "/v1/events/face", files=parts(face_event(quiet_door, **changed)))
    assert (found.status, slug_of(found)) == (422, "invalid-request")
    assert pointer in [item.field for item in found.errors]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'"event"', b"\xff\xfe{}", b"[" * 60_000, b'{"a": NaN}']
)
def test_an_event_that_is_no_json_object_is_refused(quiet_worker: Caller, content: bytes) -> None:
    status, slug = refused(quiet_worker, content)
    assert (status, slug) in {(400, "malformed-request"), (422, "invalid-request")}


def test_an_event_that_repeats_a_field_or_overflows_is_no_server_error(quiet_door: str, quiet_worker: Caller) -> None:
    event = json.dumps(face_event(quiet_door))
    assert refused(quiet_worker, event.replace('"frames": 20', f'"frames": {"9" * 400}').encode())[0] == 422
    assert refused(quiet_worker, event.replace('"frames": 20', '"frames": 1e400').encode())[0] in (400, 422)


def test_a_template_is_never_repeated_in_an_answer(quiet_door: str, quiet_worker: Caller) -> None:
    event = face_event(quiet_door, who=5, worker="a worker")
    answer = quiet_worker.ask("POST", "/v1/events/face", files=parts(event))
    assert answer.status_code == 422
    assert event["embedding"]["vector"][:40] not in answer.text


@pytest.mark.parametrize(
    ("request_body", "status"),
    [
        ({"files": {"image": ("a.jpg", b"x")}}, 422),
        ({"files": {**parts(b"{}"), "extra": ("a", b"x")}}, 422),
        ({"json": {"event": {}}}, 415),
        ({"data": {"event": "{}"}}, 415),
        ({"content": b"garbage", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": bytes(3_000_001), "headers": {"content-type": "multipart/form-data; boundary=x"}}, 413),
        ({"content": bytes(300_000), "headers": {"content-type": "application/json"}}, 413),
    ],
)
def test_a_body_of_the_wrong_form_is_refused(quiet_worker: Caller, request_body: dict[str, Any], status: int) -> None:
    assert quiet_worker.refused("POST", "/v1/events/face", **request_body).status == status


def test_a_tenant_that_only_counts_keeps_nothing_of_a_face(new_tenant: Callable[..., Tenant]) -> None:
    counting = new_tenant(privacy_mode="count_only")
    door = counting.camera(counting.site()["site_id"])["camera_id"]
    receipt = send(counting.caller("worker"), face_event(door))
    assert (receipt["decision"]["kind"], receipt["decision"]["person_id"]) == ("counted", None)
