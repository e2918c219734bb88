"""The pipeline from bytes to templates, over real weights and offline."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from footfall.errors import ModelCorruptError, ModelMissingError, NotAnImageError
from footfall.settings import Settings, load_settings
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.pipeline import VisionPipeline, open_vision
from tests.golden.drawn_face import DRAWN_LANDMARKS, drawn_face
from tests.unit.vision.images import encoded


@pytest.fixture(scope="module")
def vision(models_dir: Path) -> VisionPipeline:
    return open_vision(load_settings(models_dir=models_dir))


@pytest.fixture
def offline() -> VisionPipeline:
    return open_vision(load_settings(offline=True))


def test_a_photograph_becomes_a_face_with_all_there_is_to_know(vision: VisionPipeline) -> None:
    (found,) = vision.analyse_bytes(encoded(drawn_face(500), ".jpg"))
    assert np.abs(found.face.landmarks / 500 - DRAWN_LANDMARKS).max() < 0.03
    assert found.crop.shape == (112, 112, 3)
    assert found.acceptable
    assert found.quality.size_px == found.face.box.shorter_side
    assert found.vector is not None
    assert found.vector.shape == (512,)
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-5)


def test_the_same_person_is_nearer_than_the_thresholds_and_strangers_are_not(
    vision: VisionPipeline, sample_media: Path
) -> None:
    """Two photographs each of two people, and a stranger."""
    names = ("obama.jpg", "obama2.jpg", "cage.jpg", "cage2_crop.jpg", "astronaut.png")
    vectors = []
    for name in names:
        (found,) = vision.analyse_bytes((sample_media / name).read_bytes())
        assert found.vector is not None
        vectors.append(found.vector)
    cosines = np.stack(vectors) @ np.stack(vectors).T
    match = dict(vision.thresholds.points)[1e-5]
    unsure = dict(vision.thresholds.points)[1e-3]
    assert cosines[0, 1] > match
    assert cosines[2, 3] > match
    assert max(cosines[0, 2:].max(), cosines[1, 2:].max(), cosines[2, 4], cosines[3, 4]) < unsure


def test_every_face_of_a_group_is_found_in_order_of_its_score(vision: VisionPipeline, sample_media: Path) -> None:
    found = vision.analyse_bytes((sample_media / "t1.jpg").read_bytes())
    assert len(found) == 6
    scores = [face.face.score for face in found]
    assert scores == sorted(scores, reverse=True)
    vectors = np.stack([face.vector for face in found if face.vector is not None])
    assert len(vectors) == 6
    assert (vectors @ vectors.T - np.eye(6)).max() < dict(vision.thresholds.points)[1e-5]


def test_a_face_under_the_floor_is_counted_and_has_no_vector(models_dir: Path) -> None:
    strict = open_vision(load_settings(models_dir=models_dir, vision={"min_face_px": 512}))
    (found,) = strict.analyse(drawn_face(360))
    assert not found.acceptable
    assert found.vector is None
    demanding = open_vision(load_settings(models_dir=models_dir, vision={"quality_floor": 1.0}))
    (found,) = demanding.analyse(drawn_face(360))
    assert (found.acceptable, found.vector) == (False, None)


def test_faces_over_and_under_the_floor_keep_their_own_vectors(models_dir: Path) -> None:
    """A small face beside a large one must not get the large one's template."""
    vision = open_vision(load_settings(models_dir=models_dir, vision={"min_face_px": 100}))
    picture = np.zeros((400, 700, 3), dtype=np.uint8)
    picture[:] = (150, 140, 130)
    picture[20:170, 20:170] = drawn_face(150)
    picture[20:380, 300:660] = drawn_face(360)
    found = {round(face.face.box.x // 280): face for face in vision.analyse(picture)}
    assert found[0].vector is None
    assert found[1].vector is not None
    (alone,) = vision.analyse(drawn_face(360))
    assert alone.vector is not None
    assert float(found[1].vector @ alone.vector) > 0.95


def test_without_embedding_no_template_exists(vision: VisionPipeline) -> None:
    """count_only: no embedding is even computed."""
    (found,) = vision.analyse(drawn_face(360), embed=False)
    assert found.acceptable
    assert found.vector is None


def test_a_picture_without_faces_gives_an_empty_list(vision: VisionPipeline) -> None:
    assert vision.analyse(np.full((300, 400, 3), 90, dtype=np.uint8)) == []


def test_bytes_that_are_no_picture_are_refused(vision: VisionPipeline) -> None:
    with pytest.raises(NotAnImageError):
        vision.analyse_bytes(b"no picture")


def test_the_thresholds_are_the_models_own(vision: VisionPipeline) -> None:
    assert vision.thresholds is EMBEDDER.thresholds
    assert vision.embedder.model_version == "arcface-mbf-512-v1"
    assert "LFW" in vision.thresholds.source


def test_opening_logs_the_choices(models_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        vision = open_vision(load_settings(models_dir=models_dir))
    assert f"arcface-mbf-512-v1.onnx runs on {vision.embedder.backend} (asked for: auto)" in caplog.text
    assert "chosen by auto" in caplog.text


def test_auto_stands_in_with_yuface_where_the_onnx_is_away(models_dir: Path, tmp_path: Path) -> None:
    weights = tmp_path / "arcface-mbf-512-v1.onnx"
    weights.symlink_to(models_dir / weights.name)
    assert open_vision(load_settings(models_dir=tmp_path)).detector.name == "yuface-2023.5"


def _settings_in(folder: Path, **vision: object) -> Settings:
    return load_settings(models_dir=folder, vision=vision)


def test_weights_that_are_away_or_wrong_are_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="arcface-mbf-512"):
        open_vision(_settings_in(tmp_path))
    with pytest.raises(ModelMissingError, match="retinaface"):
        open_vision(_settings_in(tmp_path, detector="retinaface"))
    (tmp_path / "arcface-mbf-512-v1.onnx").write_bytes(b"wrong")
    with pytest.raises(ModelCorruptError, match="arcface-mbf-512"):
        open_vision(_settings_in(tmp_path))
    (tmp_path / "face_detection_yunet_2026may.onnx").write_bytes(b"wrong")
    with pytest.raises(ModelCorruptError, match="yunet"):
        open_vision(_settings_in(tmp_path))


def test_offline_needs_no_weights_and_says_so(offline: VisionPipeline) -> None:
    assert offline.embedder.model_version == "mock-1"
    assert offline.detector.name == "mock-1"
    assert "never measured" in offline.thresholds.source
    (found,) = offline.analyse(drawn_face(360))
    assert found.vector is not None
    (again,) = offline.analyse_bytes(encoded(drawn_face(360), ".jpg"))
    assert again.vector is not None
    assert float(found.vector @ again.vector) > 0.95


def test_offline_sees_a_face_in_every_tile_with_content(offline: VisionPipeline) -> None:
    face = drawn_face(200)
    blank = np.full_like(face, 90)
    assert len(offline.analyse(np.concatenate([face, blank, face], axis=1))) == 2
    assert offline.analyse(blank) == []
    assert offline.analyse(np.zeros((1, 1, 3), dtype=np.uint8)) == []
