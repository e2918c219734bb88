"""The liveness model over real weights and photographs: off unless switched on, recorded, and never decisive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from footfall.errors import FootfallError, ModelCorruptError, ModelMissingError
from footfall.recognition_trial import recognition_test
from footfall.settings import LivenessSettings, Settings, VisionSettings, load_settings
from footfall.vision.liveness import ContextLiveness, context_of, open_liveness, verdict_at
from footfall.vision.models.manifest import LIVENESS
from footfall.vision.models.pull import pull
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import Box
from ingest_daemon.crops import face_picture, jpeg_within
from tests.integration.footfall.enrolments import enrolled, faces_of, hired
from tests.integration.footfall.world import World, jpeg
from tests.vectors import person

ON = LivenessSettings(model="fr-liveness")


@pytest.fixture(scope="module")
def settings(models_dir: Path) -> Settings:
    """With the liveness weights, which are optional; skips where no source of them answers."""
    settings = load_settings(models_dir=models_dir, liveness={"model": "fr-liveness"})
    try:
        pull(settings, only=[LIVENESS.name])
    except FootfallError as error:
        pytest.skip(f"the liveness weights cannot be pulled here: {error}")
    return settings


@pytest.fixture(scope="module")
def vision(settings: Settings) -> VisionPipeline:
    return open_vision(settings)


@pytest.fixture
def live_world(world: World, vision: VisionPipeline) -> World:
    """A tenant whose photographs are looked at by the real detector and judged by the real model."""
    mock = world.services.vision
    seeing = VisionPipeline(
        detector=vision.detector,
        embedder=mock.embedder,
        thresholds=mock.thresholds,
        settings=world.services.settings.vision,
        liveness=vision.liveness,
    )
    return replace(world, services=replace(world.services, vision=seeing))


def test_it_is_off_unless_a_setting_says_so(tmp_path: Path) -> None:
    assert open_liveness(LivenessSettings(), VisionSettings(), tmp_path) is None


def test_weights_that_are_missing_or_not_the_manifests_are_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="fr-liveness"):
        open_liveness(ON, VisionSettings(), tmp_path)
    weights = (settings.models_path / str(LIVENESS.local_name)).read_bytes()
    (tmp_path / str(LIVENESS.local_name)).write_bytes(weights[:-1] + b"?")
    with pytest.raises(ModelCorruptError, match="fr-liveness cannot be trusted"):
        open_liveness(ON, VisionSettings(), tmp_path)


@pytest.mark.parametrize(("score", "verdict"), [(0.0, "spoof"), (0.49, "spoof"), (0.5, "unknown"), (0.8, "live")])
def test_a_verdict_is_read_off_two_limits(score: float, verdict: str) -> None:
    assert verdict_at(score, ON) == verdict


def test_the_model_sees_the_surroundings_and_says_when_there_are_too_few() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    middle = context_of(picture, Box(150, 150, 100, 100))
    assert middle is not None
    assert middle.shape == (128, 128, 3)
    assert middle.min() >= 0
    assert middle[0].any()
    edge = context_of(picture, Box(0, 150, 100, 100))
    assert edge is not None
    assert not edge[:, 0].any()  # black outside the picture
    assert context_of(picture, Box(-60, -60, 100, 100)) is None


def test_a_portrait_is_called_live(vision: VisionPipeline, sample_media: Path) -> None:
    picture = vision.decode((sample_media / "obama.jpg").read_bytes())
    model = vision.liveness
    assert isinstance(model, ContextLiveness)
    seen = model.judge(picture, vision.detector.detect(picture)[0].box)
    assert (seen.verdict, seen.model_version) == ("live", LIVENESS.version)
    # What it judges, it judges alike: the network takes one picture at a time.
    assert model.judge(picture, vision.detector.detect(picture)[0].box) == seen


def test_the_verdict_is_recorded_with_an_enrolled_photograph(live_world: World, sample_media: Path) -> None:
    ada = hired(live_world)
    face = enrolled(live_world, ada, (sample_media / "obama.jpg").read_bytes())
    assert face.liveness is not None
    assert face.liveness.verdict == "live"
    [listed] = faces_of(live_world, ada)
    assert listed.liveness is not None
    assert listed.liveness.score == pytest.approx(face.liveness.score, abs=1e-6)
    tested = recognition_test(live_world.services, live_world.tenant_id, ada, (sample_media / "obama.jpg").read_bytes())
    assert [one.liveness is not None and one.liveness.verdict for one in tested.faces] == ["live"]


def test_the_verdict_of_a_daemons_crop_is_recorded_with_the_event(
    live_world: World, vision: VisionPipeline, sample_media: Path
) -> None:
    picture = vision.decode((sample_media / "obama.jpg").read_bytes())
    crop = jpeg_within(face_picture(picture, vision.detector.detect(picture)[0].box))

    live_world.send(live_world.event(person(1)), crop)
    live_world.send(live_world.event(person(2)), jpeg(np.full((200, 200, 3), 90, dtype=np.uint8)))
    live_world.send(live_world.event(person(3)), None)

    rows = live_world.rows(
        "select liveness_verdict, liveness_model from footfall.face_events order by received_at, event_id"
    )
    assert [row["liveness_verdict"] for row in rows] == ["live", "unknown", None]
    assert [row["liveness_model"] for row in rows] == [LIVENESS.version, LIVENESS.version, None]


def test_without_the_model_nothing_is_recorded(world: World) -> None:
    picture = cv2.resize(np.random.default_rng(2).integers(0, 255, (9, 9, 3), dtype=np.uint8), (200, 200))
    world.send(world.event(person(1)), jpeg(np.asarray(picture, dtype=np.uint8)))
    [row] = world.rows("select liveness_verdict, liveness_score, liveness_model from footfall.face_events")
    assert set(row.values()) == {None}


def test_the_manifest_says_that_no_attack_was_measured() -> None:
    assert LIVENESS.attack_rates is not None
    assert LIVENESS.attack_rates.apcer == "not measured"
    assert not LIVENESS.required
