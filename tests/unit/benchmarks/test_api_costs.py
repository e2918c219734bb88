"""`python -m benchmarks api`: what it refuses, what it sends, and the figures of one small run."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from benchmarks.__main__ import main
from benchmarks.api_costs import PAGE, event_bodies, lines
from contracts.events import FaceDetectedV1
from footfall.templates import parse_embedding
from footfall.vision.models.manifest import EMBEDDER

KEYS = {"visits_page_vs_psycopg", "event_extra_cpu_ms", "visits_stored"}


@pytest.mark.parametrize("words", [["--visits", "99"], ["--pages", "0"], ["--events", "0"]])
def test_counts_that_measure_nothing_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api", *words]) == 2
    assert "error:" in capsys.readouterr().err


def test_events_are_such_as_a_worker_sends() -> None:
    camera = uuid4()
    bodies = list(event_bodies(camera, 50))
    assert len(bodies) == 50
    for body in bodies:
        part = body.split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[0]
        event = FaceDetectedV1.model_validate_json(part)
        assert event.camera_id == camera
        assert event.embedding is not None
        assert parse_embedding(event.embedding, EMBEDDER.version).shape == (512,)
        assert b"\xff\xd8\xff" in body  # a JPEG begins


def test_the_figures_are_told_in_words() -> None:
    figures = {
        "visits_stored": 1_000_000,
        "page_ms": 2.0,
        "psycopg_ms": 1.0,
        "visits_page_vs_psycopg": 2.0,
        "undisturbed_page_ms": 1.5,
        "undisturbed_psycopg_ms": 0.7,
        "event_extra_cpu_ms": 12.0,
        "event_all_cpu_ms": 20.0,
        "event_ms": 40.0,
    }
    pages, events = lines(figures)
    assert f"a page of {PAGE} of 1,000,000 visits" in pages
    assert "12.0 ms of the API's CPU" in events


@pytest.mark.e2e
def test_a_small_run_measures_a_real_api(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api", "--visits", "500", "--pages", "5", "--events", "5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found.keys() >= KEYS
    assert found["visits_stored"] == 500
    assert min(found["visits_page_vs_psycopg"], found["event_extra_cpu_ms"]) > 0
