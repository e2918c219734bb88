"""Every backend makes the vector that the published graph makes. The golden one was computed with onnxruntime from
`fr_feature.onnx` as its package ships it, unprepared, so preparation is under test too."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from footfall.settings import VisionSettings
from footfall.vision.embedders.arcface import ArcFaceEmbedder
from footfall.vision.embedders.mock import MockEmbedder
from footfall.vision.models.files import trusted_path
from footfall.vision.models.manifest import EMBEDDER, MIRRORED_EMBEDDER
from footfall.vision.models.offline import MOCK_VERSIONS
from footfall.vision.types import Float32Array
from tests.golden.drawn_face import drawn_crop

LEAST_COSINE = {"f32": 0.9999, "bf16": 0.998, "f16": 0.998}


@pytest.fixture
def golden_vector(golden: Path) -> Float32Array:
    vector: Float32Array = np.load(golden / "arcface-mbf-512-v1.npy")
    assert vector.shape == (512,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    return vector


@pytest.mark.parametrize(
    ("settings", "expected_backend"),
    [
        (VisionSettings(backend="onnxruntime"), "onnxruntime-f32"),
        (VisionSettings(backend="openvino", precision="float32"), "openvino-f32"),
        (VisionSettings(backend="openvino"), "openvino-"),  # bf16 where the processor has it
        (VisionSettings(backend="auto"), "openvino-"),
        (VisionSettings(backend="onnxruntime", threads=2), "onnxruntime-f32"),
    ],
)
def test_every_backend_agrees_with_the_published_graph(
    models_dir: Path, golden_vector: Float32Array, settings: VisionSettings, expected_backend: str
) -> None:
    embedder = ArcFaceEmbedder(trusted_path(EMBEDDER, models_dir), settings)
    assert embedder.backend.startswith(expected_backend)
    (vector,) = embedder.embed([drawn_crop()])
    assert float(vector @ golden_vector) >= LEAST_COSINE[embedder.backend.split("-")[1]]


def test_the_golden_vector_tells_the_colour_order(models_dir: Path, golden_vector: Float32Array) -> None:
    """RGB input would score 0.09 points worse on LFW and nobody would notice: this does."""
    embedder = ArcFaceEmbedder(trusted_path(EMBEDDER, models_dir), VisionSettings(backend="onnxruntime"))
    (swapped,) = embedder.embed([np.ascontiguousarray(drawn_crop()[:, :, ::-1])])
    assert float(swapped @ golden_vector) < LEAST_COSINE["bf16"]


def test_the_golden_vector_tells_the_alignment(models_dir: Path, golden_vector: Float32Array) -> None:
    embedder = ArcFaceEmbedder(trusted_path(EMBEDDER, models_dir), VisionSettings(backend="onnxruntime"))
    (shifted,) = embedder.embed([np.roll(drawn_crop(), 2, axis=1)])
    assert float(shifted @ golden_vector) < LEAST_COSINE["bf16"]


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_the_mirrored_version_is_the_mean_of_a_crop_and_its_mirror_image(
    models_dir: Path, golden: Path, backend: Literal["onnxruntime", "openvino"]
) -> None:
    """Its golden vector was fused from two of the plain one's, on onnxruntime."""
    settings = VisionSettings(backend=backend, precision="float32")
    mirrored = ArcFaceEmbedder(trusted_path(MIRRORED_EMBEDDER, models_dir), settings, MIRRORED_EMBEDDER)
    (vector,) = mirrored.embed([drawn_crop()])
    least = LEAST_COSINE[mirrored.backend.split("-")[1]]
    assert float(vector @ np.load(golden / "arcface-mbf-512-mirrored-v1.npy")) >= least
    assert float(vector @ np.load(golden / "arcface-mbf-512-v1.npy")) < least


@pytest.mark.parametrize("version", MOCK_VERSIONS)
def test_the_mock_embedders_are_the_same_on_every_machine(golden: Path, version: str) -> None:
    (vector,) = MockEmbedder(version).embed([drawn_crop()])
    assert float(vector @ np.load(golden / f"{version}.npy")) >= 0.9999


def test_two_versions_of_the_mock_have_nothing_to_do_with_each_other(golden: Path) -> None:
    one, other = (np.load(golden / f"{version}.npy") for version in MOCK_VERSIONS)
    assert abs(float(one @ other)) < 0.2
