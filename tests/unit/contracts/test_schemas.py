"""The committed schemas say what the models do, and v1 stays what was released as v1."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from contracts import schemas
from contracts.compatibility import breaking_changes
from contracts.schemas import DOCUMENTS, Document, render, rewrite, schema_of

RELEASED = Path(__file__).with_name("released")
"""v1 as it was first released. Never rewritten: a change that this cannot take needs a v2."""

UUIDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(8)]

EVENT: dict[str, Any] = {
    "type": "Event.FaceDetected.v1",
    "event_id": UUIDS[0],
    "revision": 1,
    "camera_id": UUIDS[1],
    "worker": "worker-1",
    "captured_at": "2026-11-22T10:00:01Z",
    "track": {"started_at": "2026-11-22T10:00:00Z", "ended_at": "2026-11-22T10:00:02Z", "frames": 12},
    "face": {
        "box": {"x": 10.0, "y": 20.0, "width": 96.0, "height": 110.0},
        "landmarks": [[30.0, 60.0], [70.0, 60.0], [50.0, 80.0], [35.0, 100.0], [65.0, 100.0]],
        "quality": {
            "score": 0.8,
            "size_px": 96.0,
            "sharpness": 210.5,
            "yaw_deg": -3.0,
            "roll_deg": 1.5,
            "detection_score": 0.93,
        },
        "frame": {"width": 1280, "height": 720},
    },
    "embedding": {"model_version": "mock-1", "vector": "A" * 2732},
    "pipeline": {"detector": "yunet", "embedder": "mock-1", "backend": "onnxruntime-f32"},
}

VISIT: dict[str, Any] = {
    "type": "VisitRecord.v1",
    "visit_id": UUIDS[0],
    "tenant_id": UUIDS[1],
    "site_id": UUIDS[2],
    "site_name": "Main entrance",
    "person_kind": "staff",
    "person_id": UUIDS[3],
    "display_name": "Ada",
    "started_at": "2026-11-22T10:00:00Z",
    "ended_at": "2026-11-22T10:20:00Z",
    "dwell_seconds": 1200.0,
    "sightings": 3,
    "camera_ids": [UUIDS[4]],
    "is_first_visit": False,
    "is_open": True,
    "best_score": 0.71,
    "is_anonymous": False,
}

PROFILE: dict[str, Any] = {
    "type": "CustomerProfile.v1",
    "customer_id": UUIDS[0],
    "tenant_id": UUIDS[1],
    "first_seen_at": "2026-11-01T10:00:00Z",
    "last_seen_at": "2026-11-22T10:00:00Z",
    "visits": 4,
    "site_ids": [UUIDS[2]],
    "templates": 3,
    "external_ref": "L-1815",
    "version": 2,
}

SAMPLES = {"Event.FaceDetected.v1": EVENT, "VisitRecord.v1": VISIT, "CustomerProfile.v1": PROFILE}

by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)


def committed(document: Document) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(document.path.read_text("utf-8"))
    return schema


@by_document
def test_the_committed_schema_is_the_models(document: Document) -> None:
    assert document.path.read_text("utf-8") == render(schema_of(document)), "run: python -m contracts.schemas"


@by_document
def test_the_committed_schema_is_a_schema(document: Document) -> None:
    Draft202012Validator.check_schema(committed(document))


def test_every_committed_schema_belongs_to_a_document() -> None:
    assert {path.name for path in schemas.SCHEMAS_DIR.iterdir()} == {document.path.name for document in DOCUMENTS}


@by_document
def test_v1_takes_whatever_v1_took(document: Document) -> None:
    released = json.loads((RELEASED / document.path.name).read_text("utf-8"))
    assert breaking_changes(released, schema_of(document), direction=document.direction) == []


@by_document
def test_schema_and_model_take_the_same_document(document: Document) -> None:
    sample = SAMPLES[document.name]
    Draft202012Validator(committed(document)).validate(sample)
    assert json.loads(document.model.model_validate(sample).model_dump_json()) == sample


WRONG_EVENTS: list[tuple[str, object]] = [
    ("event_id", "no-uuid"),
    ("event_id", ...),
    ("revision", 2),
    ("worker", "a worker"),
    ("captured_at", "yesterday"),
    ("type", "Event.FaceDetected.v2"),
    ("track/frames", 0),
    ("face/landmarks", [[1.0, 2.0]] * 4),
    ("face/landmarks", [[1.0, 2.0]] * 6),
    ("face/box/width", 0),
    ("face/quality/score", 1.2),
    ("face/frame/width", 100_000),
    ("embedding/vector", "A" * 2731),
    ("embedding/model_version", "../../etc"),
    ("surprise", 1),
    ("face/surprise", 1),
]


@pytest.mark.parametrize(("path", "value"), WRONG_EVENTS)
def test_schema_and_model_refuse_the_same_events(path: str, value: object) -> None:
    event = copy.deepcopy(EVENT)
    *parents, last = path.split("/")
    target = event
    for part in parents:
        target = target[part]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    checker = Draft202012Validator(committed(DOCUMENTS[0]), format_checker=Draft202012Validator.FORMAT_CHECKER)
    with pytest.raises(ValidationError):
        DOCUMENTS[0].model.model_validate(event)
    # RFC 3339 needs a library that is not installed; the model alone holds the time's form.
    if path != "captured_at":
        assert not checker.is_valid(event)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ended_at", "2026-11-22T09:59:59Z"),
        ("started_at", "2026-11-22T10:00:01.500Z"),
        ("ended_at", "2026-11-22T10:00:00.500Z"),
    ],
)
def test_a_track_that_runs_backwards_or_misses_its_best_shot_is_refused(field: str, value: str) -> None:
    event = copy.deepcopy(EVENT)
    event["track"][field] = value
    with pytest.raises(ValidationError, match=r"ended_at lies before|captured_at lies outside"):
        DOCUMENTS[0].model.model_validate(event)


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        DOCUMENTS[0].model.model_validate({**EVENT, "captured_at": "2026-11-22T10:00:01"})


def test_a_template_never_shows_in_a_repr() -> None:
    assert "A" * 20 not in repr(DOCUMENTS[0].model.model_validate(EVENT))


def test_rewrite_makes_the_committed_files(tmp_path: Path) -> None:
    assert rewrite(tmp_path) == []
    for document in DOCUMENTS:
        assert (tmp_path / document.path.name).read_text("utf-8") == document.path.read_text("utf-8")


def test_rewrite_refuses_a_breaking_change_and_leaves_the_file(tmp_path: Path) -> None:
    older = schema_of(DOCUMENTS[0])
    properties = older["properties"]
    assert isinstance(properties, dict)
    properties["mood"] = {"type": "string"}
    target = tmp_path / DOCUMENTS[0].path.name
    target.write_text(render(older), "utf-8")

    assert rewrite(tmp_path) == ["Event.FaceDetected.v1 /mood: the field was removed"]
    assert target.read_text("utf-8") == render(older)
