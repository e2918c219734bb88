"""Many events in one request: each recorded or refused by itself, in order, once for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.event_batches import MAX_BATCH_EVENTS
from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import CROP, NOW, face_event, send
from tests.integration.api.harness import Caller, Json, slug_of

PATH = "/v1/events/face/batch"


@pytest.fixture
def door(tenant: Tenant) -> str:
    camera_id: str = tenant.camera(tenant.site()["site_id"])["camera_id"]
    return camera_id


@pytest.fixture
def worker(tenant: Tenant, door: str) -> Caller:
    return tenant.caller("worker", cameras=[door])


@pytest.fixture(scope="module")
def quiet_worker(quiet: Tenant) -> Caller:
    return quiet.caller("worker")


def form(events: bytes | Iterable[Json], images: Iterable[tuple[str, bytes]] = ()) -> list[tuple[str, Any]]:
    """JSON Lines, unless the bytes are given."""
    document = events if isinstance(events, bytes) else b"\n".join(json.dumps(event).encode() for event in events)
    files: list[tuple[str, Any]] = [("events", ("events.jsonl", document, "application/x-ndjson"))]
    return files + [("images", (name, image, "image/jpeg")) for name, image in images]


def send_batch(caller: Caller, *args: Any) -> Json:
    return caller.post(PATH, files=form(*args))


def counts(answer: Json) -> tuple[int, int, int]:
    return answer["recorded"], answer["duplicates"], answer["refused"]


def test_a_batch_is_recorded_in_its_order(tenant: Tenant, door: str, worker: Caller) -> None:
    events = [face_event(door, who=who, seen_at=NOW - timedelta(minutes=who)) for who in (1, 2, 3)]

    answer = send_batch(worker, events, [(f"{events[1]['event_id']}.jpg", CROP)])

    assert counts(answer) == (3, 0, 0)
    assert [item["index"] for item in answer["items"]] == [0, 1, 2]
    assert [item["receipt"]["event_id"] for item in answer["items"]] == [event["event_id"] for event in events]
    assert len(tenant.admin.get("/v1/visits")["items"]) == 3


def test_an_array_says_the_same_as_lines(door: str, worker: Caller) -> None:
    events = [face_event(door, who=1), face_event(door, who=2)]

    assert counts(send_batch(worker, json.dumps(events).encode())) == (2, 0, 0)
    assert counts(send_batch(worker, events)) == (0, 2, 0)


def test_a_batch_and_single_events_know_each_other(tenant: Tenant, door: str, worker: Caller) -> None:
    event = face_event(door, who=1)
    first = send(worker, event)

    answer = send_batch(worker, [event, face_event(door, who=2), event])

    assert counts(answer) == (1, 2, 0)
    assert answer["items"][0]["receipt"] == {**first, "duplicate": True}
    assert send(worker, event)["duplicate"] is True
    assert len(tenant.admin.get("/v1/visits")["items"]) == 2


def test_each_refused_event_has_its_problem_and_hinders_no_other(tenant: Tenant, door: str, worker: Caller) -> None:
    elsewhere = tenant.camera(tenant.site("Elsewhere")["site_id"])["camera_id"]
    good, last = face_event(door, who=1), face_event(door, who=2)
    tomorrow = face_event(door, seen_at=NOW + timedelta(days=1))
    malformed = face_event(door, worker="no name")
    unpictured = face_event(door, who=4)
    lines = [json.dumps(event).encode() for event in (good, tomorrow, malformed)]
    lines += [b"{", json.dumps(face_event(elsewhere)).encode(), json.dumps(unpictured).encode()]
    lines += [b"", json.dumps(last).encode()]

    answer = send_batch(worker, b"\n".join(lines), [(unpictured["event_id"], b"no picture")])

    assert counts(answer) == (2, 0, 5)
    problems = {item["index"]: item["problem"] for item in answer["items"] if item["problem"]}
    assert {index: (found["status"], found["type"].rpartition(":")[2]) for index, found in problems.items()} == {
        1: (422, "event-from-future"),
        2: (422, "invalid-request"),
        3: (400, "malformed-request"),
        4: (403, "forbidden"),
        5: (422, "not-an-image"),
    }
    assert [field["field"] for field in problems[2]["errors"]] == ["/worker"]
    assert answer["items"][2]["event_id"] == malformed["event_id"]
    assert answer["items"][3]["event_id"] is None
    assert [answer["items"][index]["receipt"]["decision"]["kind"] for index in (0, 6)] == ["new_customer"] * 2
    # What was refused was not recorded: it is new when it comes right.
    assert counts(send_batch(worker, [unpictured], [(unpictured["event_id"], CROP)])) == (1, 0, 0)


def test_a_batch_may_be_refused_as_events_and_still_be_answered(door: str, worker: Caller) -> None:
    answer = send_batch(worker, [face_event(str(uuid4())), {}])
    assert counts(answer) == (0, 0, 2)


def test_no_template_is_repeated_in_an_answer(door: str, worker: Caller) -> None:
    event = face_event(door, who=5, worker="no name")
    answer = worker.ask("POST", PATH, files=form([event]))
    assert event["embedding"]["vector"][:40] not in answer.text


BAD_BATCHES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "malformed-request"),
    "blank lines": (b"\n \n\n", 400, "malformed-request"),
    "an empty array": (b"[]", 400, "malformed-request"),
    "half an array": (b"[{}", 400, "malformed-request"),
    "an endless nesting": (b"[" * 60_000, 400, "malformed-request"),
    "too many": (b"{}\n" * (MAX_BATCH_EVENTS + 1), 422, "invalid-request"),
    "too large": (b'["' + b"x" * 1_000_001 + b'"]', 413, "request-too-large"),
}


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_a_batch_that_is_none_is_refused_whole(quiet_worker: Caller, case: str) -> None:
    document, status, slug = BAD_BATCHES[case]
    found = quiet_worker.refused("POST", PATH, files=form(document))
    assert (found.status, slug_of(found)) == (status, slug)


def test_the_most_events_are_taken(quiet_worker: Caller) -> None:
    assert counts(send_batch(quiet_worker, b"{}\n" * MAX_BATCH_EVENTS)) == (0, 0, MAX_BATCH_EVENTS)


@pytest.mark.parametrize("names", [["no-id.jpg"], [str(uuid4())], ["event", "event"]])
def test_a_picture_of_no_event_or_a_second_one_is_refused(quiet_worker: Caller, names: list[str]) -> None:
    event = face_event(str(uuid4()))
    images = [(name.replace("event", event["event_id"]), CROP) for name in names]
    found = quiet_worker.refused("POST", PATH, files=form([event], images))
    assert (found.status, slug_of(found)) == (422, "invalid-request")
    assert [field.field for field in found.errors] == [f"images/{len(names) - 1}"]


def test_parts_of_another_name_are_refused(quiet_worker: Caller) -> None:
    for files in ([("event", ("a", b"{}"))], [*form(b"{}"), ("image", ("a", CROP))], [*form(b"{}"), *form(b"{}")]):
        assert quiet_worker.refused("POST", PATH, files=files).status == 422


def test_a_site_manager_sends_nothing(tenant: Tenant, door: str) -> None:
    manager = tenant.caller("site_manager")
    assert manager.refused("POST", PATH, files=form([face_event(door)])).status == 403
