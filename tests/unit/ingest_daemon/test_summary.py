"""What a run says of itself at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import FaceDetectedV1
from contracts.people import Decision, DecisionKind, EventReceipt
from ingest_daemon.outbox.sender import Delivery
from ingest_daemon.summary import Deliveries, percentile
from tests.unit.ingest_daemon.event_kit import face_event


def delivery(event: FaceDetectedV1, kind: DecisionKind, latency_seconds: float | None) -> Delivery:
    decision = Decision(
        kind=kind, reason="r", score=0.7, threshold_low=0.3, threshold_high=0.5, threshold_source="tests"
    )
    receipt = EventReceipt(
        event_id=event.event_id,
        revision=event.revision,
        duplicate=False,
        decision=decision,
        visit_id=UUID(int=3),
        committed_at=datetime.now(UTC),
    )
    return Delivery(event, receipt, latency_seconds)


def test_a_percentile_is_one_of_the_samples() -> None:
    samples = [5.0, 1.0, 3.0, 2.0, 4.0]

    assert (percentile(samples, 0.5), percentile(samples, 0.95), percentile(samples, 0.0)) == (3.0, 5.0, 1.0)
    assert percentile([], 0.5) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_the_stated_share_of_samples_does_not_exceed_the_percentile(samples: list[float], share: float) -> None:
    found = percentile(samples, share)

    assert found in samples
    assert sum(sample <= found for sample in samples) >= share * len(samples) - 1e-6


def test_an_event_is_told_once_with_its_last_span_and_its_first_delay() -> None:
    deliveries = Deliveries()
    event_id = uuid4()
    deliveries.note(delivery(face_event(event_id=event_id), "new_customer", 0.2))
    deliveries.note(delivery(face_event(event_id=event_id, revision=1, after=0), "customer", 9.0))

    [event] = deliveries.decided()

    assert (event.event_id, event.decision, event.latency_ms) == (event_id, "customer", 200.0)
    assert deliveries.latency_ms(0.95) == 200.0
    assert event.visit_id == UUID(int=3)


def test_events_stand_in_the_order_in_which_the_people_came() -> None:
    deliveries = Deliveries()
    later, earlier = face_event(after=10), face_event(after=0)
    for event in (later, earlier):
        deliveries.note(delivery(event, "staff", 0.1))

    assert [event.event_id for event in deliveries.decided()] == [earlier.event_id, later.event_id]


def test_what_an_earlier_run_left_is_not_this_run_s() -> None:
    deliveries = Deliveries()
    deliveries.note(delivery(face_event(), "staff", None))

    assert deliveries.decided() == ()
    assert deliveries.latency_ms(0.5) is None


def test_a_daemon_of_years_remembers_the_latest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_daemon.summary._MOST_REMEMBERED", 3)
    deliveries = Deliveries()
    events = [face_event(after=number) for number in range(5)]
    for event in events:
        deliveries.note(delivery(event, "staff", 0.1))

    assert [event.event_id for event in deliveries.decided()] == [event.event_id for event in events[2:]]
