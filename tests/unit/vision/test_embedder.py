"""The embedder: unit vectors, the same one by one or in batches, from one thread or from many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from footfall.errors import InputError, ModelCorruptError
from footfall.settings import VisionSettings
from footfall.vision.embedders.arcface import BATCH, ArcFaceEmbedder
from footfall.vision.embedders.mock import MOCK_THRESHOLDS, MockEmbedder
from footfall.vision.models.files import trusted_path
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.runtime import open_network
from footfall.vision.types import BgrImage, Embedder
from tests.golden.drawn_face import drawn_crop


def _crops(count: int) -> list[BgrImage]:
    """The drawn face under other lights and colours."""
    rng = np.random.default_rng(8)
    base = drawn_crop().astype(np.float64)
    return [np.clip(base * rng.uniform(0.4, 1.4, 3) + rng.normal(0, 10), 0, 255).astype(np.uint8) for _ in range(count)]


@pytest.fixture(scope="module", params=["onnxruntime", "openvino", "mock"])
def embedder(request: pytest.FixtureRequest, models_dir: Path) -> Embedder:
    if request.param == "mock":
        return MockEmbedder()
    settings = VisionSettings.model_validate({"backend": request.param, "precision": "float32"})
    return ArcFaceEmbedder(trusted_path(EMBEDDER, models_dir), settings)


def test_vectors_are_512_numbers_of_norm_one(embedder: Embedder) -> None:
    vectors = embedder.embed(_crops(3))
    assert vectors.shape == (3, 512)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)


def test_no_crops_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 512)


def test_a_batch_gives_what_its_crops_give_alone(embedder: Embedder) -> None:
    crops = _crops(BATCH + 3)
    together = embedder.embed(crops)
    alone = np.concatenate([embedder.embed([crop]) for crop in crops])
    assert np.sum(together * alone, axis=1).min() > 0.99999


def test_many_threads_get_what_one_gets(embedder: Embedder) -> None:
    """A runtime whose buffers were shared between threads would mix the faces of two cameras."""
    crops = _crops(24)
    alone = [embedder.embed([crop])[0] for crop in crops]
    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            found = list(threads.map(lambda crop: embedder.embed([crop])[0], crops))
            assert min(float(a @ b) for a, b in zip(alone, found, strict=True)) > 0.99999


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((111, 112, 3), dtype=np.uint8),
        np.zeros((112, 112), dtype=np.uint8),
        np.zeros((112, 112, 3), dtype=np.float32),
    ],
)
def test_what_is_no_aligned_crop_is_refused(models_dir: Path, crop: BgrImage) -> None:
    embedder = ArcFaceEmbedder(trusted_path(EMBEDDER, models_dir), VisionSettings(backend="onnxruntime"))
    with pytest.raises(InputError, match=r"\(112, 112, 3\) uint8"):
        embedder.embed([drawn_crop(), crop])


def test_a_black_crop_has_a_vector_too(embedder: Embedder) -> None:
    assert np.isfinite(embedder.embed([np.zeros((112, 112, 3), dtype=np.uint8)])).all()


def test_the_mock_knows_a_crop_again_after_a_jpeg_and_nothing_else() -> None:
    mock = MockEmbedder()
    crop = drawn_crop()
    packed = cv2.imdecode(cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], cv2.IMREAD_COLOR_BGR)
    brighter = np.clip(crop.astype(int) + 15, 0, 255).astype(np.uint8)
    other = np.random.default_rng(9).integers(0, 255, (14, 14, 3), dtype=np.uint8)
    other = np.asarray(cv2.resize(other, (112, 112)), dtype=np.uint8)
    mirrored = np.ascontiguousarray(np.rot90(crop))
    first, again, lighter, stranger, turned = mock.embed(
        [crop, np.asarray(packed, dtype=np.uint8), brighter, other, mirrored]
    )
    highest = max(cosine for _, cosine in MOCK_THRESHOLDS.points)
    lowest = min(cosine for _, cosine in MOCK_THRESHOLDS.points)
    assert float(first @ again) > 0.95 > highest
    assert float(first @ lighter) > 0.95
    assert float(first @ stranger) < lowest
    assert float(first @ turned) < lowest


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_file_that_no_runtime_reads_is_a_model_error(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(ModelCorruptError, match=r"cannot read weights\.onnx"):
        open_network(path, VisionSettings.model_validate({"backend": backend}))
