"""The sender against a real server that refuses, is away, asks for patience, and comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Thread
from uuid import UUID, uuid4

import pytest

from client.api import FootfallClient
from client.errors import ApiProblem, ApiUnavailable
from contracts.problems import Problem
from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.outbox.sender import Delivery, Sender, is_refused_for_good
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, WRONG_KEY, ApiServer, Refusal
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event

QUICK = BackoffPolicy(first_seconds=0.01, longest_seconds=0.05, jitter=0.5)
RUN = "this run"


class Sending:
    """An outbox and a sender at work on it, against `api`."""

    def __init__(self, path: Path, api: ApiServer) -> None:
        self.api = api
        self.tally = Tally()
        self.delivered: list[Delivery] = []
        self.outbox = Outbox.open(path, max_bytes=100_000_000)
        self.client = FootfallClient(api.url, api_key=API_KEY, timeout=5)
        self.sender = Sender(
            self.outbox,
            self.client,
            run=RUN,
            tally=self.tally,
            delivered=self.delivered.append,
            backoff=QUICK,
            random=Random(1),
        )
        self.thread = Thread(target=self.sender.work)

    def put(self, *, run: str = RUN, camera_id: UUID = CAMERA_ID, face: bool = True) -> UUID:
        event = face_event(camera_id=camera_id, face=face)
        self.outbox.put(event, IMAGE if face else None, run=run, read_at=time.monotonic())
        self.sender.wake()
        return event.event_id

    def until_empty(self) -> None:
        self.sender.finish()
        self.thread.join(30)
        assert not self.thread.is_alive(), "the sender did not empty the outbox"

    def close(self) -> None:
        self.sender.halt()
        if self.thread.ident is not None:
            self.thread.join(30)
        self.client.close()
        self.outbox.close()


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with ApiServer().serving() as server:
        yield server


@pytest.fixture
def sending(tmp_path: Path, api: ApiServer) -> Iterator[Sending]:
    sending = Sending(tmp_path / "outbox.sqlite", api)
    sending.thread.start()
    yield sending
    sending.close()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def test_events_arrive_whole_in_order_and_leave_the_outbox(sending: Sending) -> None:
    sent = [sending.put() for _ in range(20)]

    sending.until_empty()

    assert [one.event.event_id for one in sending.api.received] == sent
    assert {one.image for one in sending.api.received} == {IMAGE}
    assert sending.outbox.state().pending == 0
    assert sending.tally[Count.EVENTS_SENT] == 20
    assert [one.event.event_id for one in sending.delivered] == sent
    assert sending.api.sign_ins == 1


def test_the_delay_is_known_for_events_of_this_run_only(sending: Sending) -> None:
    sending.put()
    sending.put(run="an earlier run")

    sending.until_empty()

    own, earlier = sending.delivered
    assert own.latency_seconds is not None
    assert own.latency_seconds > 0
    assert earlier.latency_seconds is None


@pytest.mark.parametrize("status", [401, 408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_and_keeps_the_order(sending: Sending, status: int) -> None:
    sending.api.refusals.extend([Refusal(status), Refusal(status), Refusal(status)])

    sent = [sending.put() for _ in range(3)]
    sending.until_empty()

    assert [one.event.event_id for one in sending.api.received] == sent
    assert sending.tally[Count.EVENTS_SET_ASIDE] == 0
    assert sending.sender.state().last_error is None


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 422])
def test_what_is_refused_for_good_is_set_aside_with_the_reason_and_the_next_goes_on(
    sending: Sending, status: int
) -> None:
    sending.api.refusals.append(Refusal(status, "event-rejected"))

    poison, good = sending.put(), sending.put()
    sending.until_empty()

    assert sending.api.event_ids == {good}
    [letter] = sending.outbox.dead_letters()
    assert (letter.event_id, letter.status) == (poison, status)
    assert "the test server says event-rejected" in letter.reason
    assert sending.tally[Count.EVENTS_SET_ASIDE] == 1


def test_a_proxy_s_error_page_condemns_no_event(sending: Sending) -> None:
    sending.api.refusals.extend([Refusal(404, slug=None), Refusal(502, slug=None)])

    event_id = sending.put()
    sending.until_empty()

    assert sending.api.event_ids == {event_id}
    assert sending.outbox.dead_letters() == []


def test_retry_after_is_honoured(sending: Sending) -> None:
    sending.api.refusals.append(Refusal(503, "busy", {"Retry-After": "1"}))
    began = time.monotonic()

    sending.put()
    sending.until_empty()

    assert time.monotonic() - began >= 1.0
    assert sending.api.attempts == 2


def test_a_camera_that_is_asked_for_patience_does_not_hold_up_another(sending: Sending) -> None:
    sending.api.refusals.append(Refusal(429, "busy", {"Retry-After": "600"}))
    sending.put()
    eventually(lambda: sending.api.attempts == 1)

    other = sending.put(camera_id=UUID(int=99))
    eventually(lambda: sending.outbox.state().pending == 1)

    assert sending.api.event_ids == {other}


def test_an_api_that_is_away_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    api = ApiServer()
    with api.serving():
        pass  # it has an address now, and is gone
    sending = Sending(tmp_path / "outbox.sqlite", api)
    sending.thread.start()
    try:
        sent = [sending.put() for _ in range(5)]
        eventually(lambda: sending.tally[Count.EVENTS_RETRIED] >= 3)
        trouble = sending.sender.state()
        with api.serving():
            sending.until_empty()
    finally:
        sending.close()

    assert trouble.failures >= 3
    assert trouble.last_error is not None
    assert [one.event.event_id for one in api.received] == sent
    assert api.sign_ins == 1


@pytest.mark.parametrize("refusal", [WRONG_KEY, Refusal(422, "invalid-request"), Refusal(403, "forbidden")])
def test_what_is_wrong_with_the_key_condemns_no_event(sending: Sending, refusal: Refusal) -> None:
    sending.api.sign_in_refusal = refusal
    event_id = sending.put()
    eventually(lambda: sending.tally[Count.EVENTS_RETRIED] >= 2)
    assert sending.api.attempts == 0

    sending.api.sign_in_refusal = None
    sending.until_empty()

    assert sending.api.event_ids == {event_id}
    assert sending.outbox.dead_letters() == []


def test_a_changed_privacy_mode_takes_the_faces_and_keeps_the_sightings(sending: Sending) -> None:
    sending.api.refusals.append(Refusal(403, "privacy-mode-forbids"))

    sent = [sending.put(), sending.put()]
    sending.until_empty()

    assert [one.event.event_id for one in sending.api.received] == sent
    assert all(one.event.embedding is None and one.image is None for one in sending.api.received)
    assert sending.outbox.dead_letters() == []


def test_a_faceless_event_that_the_privacy_mode_forbids_is_set_aside(sending: Sending) -> None:
    sending.api.refusals.append(Refusal(403, "privacy-mode-forbids"))

    sending.put(face=False)
    sending.until_empty()

    assert [letter.status for letter in sending.outbox.dead_letters()] == [403]


def test_a_repetition_is_counted_and_done_with(sending: Sending) -> None:
    event = face_event(event_id=uuid4())
    for _ in range(2):
        sending.outbox.put(event, None, run=RUN, read_at=0.0)
        sending.sender.wake()
        eventually(lambda: sending.outbox.state().pending == 0)
    sending.until_empty()

    assert sending.tally[Count.EVENTS_SENT] == 2
    assert sending.tally[Count.EVENTS_REPEATED] == 1


def test_halting_leaves_what_waits_in_the_outbox(tmp_path: Path) -> None:
    api = ApiServer()
    with api.serving():
        pass
    sending = Sending(tmp_path / "outbox.sqlite", api)
    sending.put()
    sending.thread.start()
    sending.sender.halt()
    sending.thread.join(30)

    assert sending.outbox.state().pending == 1
    sending.close()


def test_errors_quote_no_template(sending: Sending, caplog: pytest.LogCaptureFixture) -> None:
    event = face_event()
    assert event.embedding is not None
    sending.api.refusals.extend([Refusal(500), Refusal(422, "embedding-invalid")])
    sending.outbox.put(event, IMAGE, run=RUN, read_at=0.0)
    sending.sender.wake()
    sending.until_empty()

    told = caplog.text + repr(sending.outbox.dead_letters())
    assert "embedding-invalid" in told
    assert event.embedding.vector[:30] not in told
    assert API_KEY not in told


@pytest.mark.parametrize(
    ("status", "kind", "for_good"),
    [
        (422, "urn:footfall:problem:invalid-request", True),
        (413, "about:blank", True),
        (404, "about:blank", False),
        (401, "urn:footfall:problem:unauthenticated", False),
        (425, "about:blank", False),
        (500, "urn:footfall:problem:internal-error", False),
    ],
)
def test_who_is_to_blame(status: int, kind: str, for_good: bool) -> None:
    problem = Problem(type=kind, title="t", status=status, detail="d")

    assert is_refused_for_good(ApiProblem(problem)) is for_good


def test_silence_is_never_the_event_s_fault() -> None:
    assert not is_refused_for_good(ApiUnavailable("no answer"))
