"""What /metrics shows of events, and that its labels are closed sets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import get_args

import pytest

from api.examples import FACE_EVENT, RESPONSES
from api.metrics import Metrics
from contracts.people import DecisionKind, EventReceipt

PLATFORM_LABELS = {"implementation", "major", "minor", "patchlevel", "version"}
_RECEIPT = RESPONSES["recordFaceEvent"]


def receipt(kind: DecisionKind = "staff", *, duplicate: bool = False, delay_seconds: float = 2.0) -> EventReceipt:
    assert isinstance(_RECEIPT, EventReceipt)
    return _RECEIPT.model_copy(
        update={
            "duplicate": duplicate,
            "decision": _RECEIPT.decision.model_copy(update={"kind": kind}),
            "committed_at": FACE_EVENT.captured_at + timedelta(seconds=delay_seconds),
        }
    )


def test_events_are_counted_by_what_was_made_of_them() -> None:
    metrics = Metrics()
    metrics.observe_event(FACE_EVENT, receipt("staff"))
    metrics.observe_event(FACE_EVENT, receipt("new_customer"))
    metrics.observe_event(FACE_EVENT, receipt("new_customer"))
    assert metrics.registry.get_sample_value("footfall_face_events_total", {"decision": "staff"}) == 1
    assert metrics.registry.get_sample_value("footfall_face_events_total", {"decision": "new_customer"}) == 2


def test_every_decision_is_there_from_the_start() -> None:
    shown = set(re.findall(r'footfall_face_events_total\{decision="([a-z_]+)"\} 0\.0', Metrics().render().decode()))
    assert shown == set(get_args(DecisionKind))


def test_repeated_events_count_apart() -> None:
    metrics = Metrics()
    metrics.observe_event(FACE_EVENT, receipt(duplicate=True))
    assert metrics.registry.get_sample_value("footfall_face_events_repeated_total") == 1
    assert metrics.registry.get_sample_value("footfall_face_events_total", {"decision": "staff"}) == 0
    assert metrics.registry.get_sample_value("footfall_face_event_delay_seconds_count") == 0


@pytest.mark.parametrize(("delay_seconds", "expected"), [(2.0, 2.0), (-3.0, 0.0)])
def test_the_delay_is_from_the_best_shot_to_the_commit_and_never_negative(
    delay_seconds: float, expected: float
) -> None:
    metrics = Metrics()
    metrics.observe_event(FACE_EVENT, receipt(delay_seconds=delay_seconds))
    assert metrics.registry.get_sample_value("footfall_face_event_delay_seconds_sum") == expected


def test_labels_are_closed_sets() -> None:
    metrics = Metrics()
    metrics.observe_event(FACE_EVENT, receipt())
    metrics.observe_request("GET", "/v1/sites/{site_id}", 200, 0.01)
    names = set(re.findall(r'[{,]([a-z_]+)="', metrics.render().decode()))
    live = {"transport", "reason", "kind", "state"}
    assert names <= {"method", "route", "status", "decision", "verdict", "lane", "le"} | live | PLATFORM_LABELS


def test_two_applications_do_not_share_their_numbers() -> None:
    first, second = Metrics(), Metrics()
    first.observe_request("GET", "/healthz", 200, 0.01)
    assert b"/healthz" not in second.render()
