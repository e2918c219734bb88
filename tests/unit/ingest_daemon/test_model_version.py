"""Which model a worker embeds with: the one that the server serves, where this machine has it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from contracts.base import PrivacyMode
from contracts.places import Camera
from footfall.errors import ModelVersionMismatchError
from footfall.settings import load_settings
from footfall.vision.pipeline import VisionPipeline, open_vision
from ingest_daemon.assembly import check_model_version, follow_model


@pytest.fixture
def vision() -> VisionPipeline:
    return open_vision(load_settings(offline=True))


def camera(model_version: str, privacy_mode: PrivacyMode = "identify") -> Camera:
    return Camera.model_validate(
        {
            "camera_id": uuid4(),
            "site_id": uuid4(),
            "name": "Door",
            "enabled": True,
            "privacy_mode": privacy_mode,
            "model_version": model_version,
            "created_at": datetime(2026, 11, 22, tzinfo=UTC),
        }
    )


def test_a_worker_that_starts_after_the_change_embeds_with_the_new_model(vision: VisionPipeline) -> None:
    follow_model([camera("mock-2"), camera("mock-2")], vision)
    check_model_version(camera("mock-2"), vision)
    assert vision.embedder.model_version == "mock-2"


def test_a_model_that_this_machine_lacks_is_named_with_its_own(vision: VisionPipeline) -> None:
    follow_model([camera("ours-v1")], vision)
    with pytest.raises(ModelVersionMismatchError, match="matches ours-v1; this worker embeds with mock-1") as refused:
        check_model_version(camera("ours-v1"), vision)
    assert "footfall models list" in (refused.value.hint or "")


def test_where_everybody_is_only_counted_the_model_does_not_matter(vision: VisionPipeline) -> None:
    follow_model([camera("mock-2", "count_only")], vision)
    check_model_version(camera("mock-2", "count_only"), vision)
    assert vision.embedder.model_version == "mock-1"
