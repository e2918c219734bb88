"""Embedders that an operator adds: taken when they are what their entry states, refused with the reason otherwise."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from footfall.errors import ConfigurationError, ModelCorruptError, ModelMissingError
from footfall.settings import Settings, load_settings
from footfall.vision.embedders.shelf import EmbedderShelf, try_out
from footfall.vision.models.added import AddedModel, add_model, entry_of
from footfall.vision.models.files import verify
from footfall.vision.models.manifest import EMBEDDER, MIRRORED_EMBEDDER, ModelSpec


def network(dimensions: int = 512) -> bytes:
    """A network that averages each channel over the crop and spreads the three means over its output."""
    weights = np.random.default_rng(7).normal(size=(3, dimensions)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["crops"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["means"]),
            helper.make_node("MatMul", ["means", "weights"], ["template"]),
        ],
        "averages",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["batch", 3, 112, 112])],
        [helper.make_tensor_value_info("template", TensorProto.FLOAT, ["batch", dimensions])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def stated(data: bytes, **changes: object) -> AddedModel:
    return entry_of(
        {
            "version": "ours-v1",
            "file": "ours-v1.onnx",
            "sha256": hashlib.sha256(data).hexdigest(),
            "colour_order": "RGB",
            "mean": 127.5,
            "scale": 127.5,
            "dimensions": 512,
            **changes,
        }
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


def add(settings: Settings, data: bytes, **changes: object) -> ModelSpec:
    file = settings.home.parent / "published.onnx"
    file.write_bytes(data)
    return add_model(
        settings.models_path,
        file,
        stated(data, **changes),
        trial=lambda path, spec: try_out(path, spec, settings.vision),
    )


def test_an_added_model_embeds_as_its_entry_states(settings: Settings) -> None:
    add(settings, network())
    add(settings, network(), version="ours-bgr-v1", file="ours-bgr-v1.onnx", colour_order="BGR")
    shelf = EmbedderShelf(settings)
    assert {"ours-v1", "ours-bgr-v1", EMBEDDER.version, MIRRORED_EMBEDDER.version} == set(shelf.versions())
    crop = np.zeros((112, 112, 3), dtype=np.uint8)
    crop[:, :, 0] = 255  # blue
    [rgb] = shelf.unmeasured("ours-v1").embed([crop])
    [bgr] = shelf.unmeasured("ours-bgr-v1").embed([crop])
    assert rgb.shape == (512,)
    assert float(np.linalg.norm(rgb)) == pytest.approx(1.0, abs=1e-5)
    assert float(rgb @ bgr) < 0.9
    [turned] = shelf.unmeasured("ours-bgr-v1").embed([np.ascontiguousarray(crop[:, :, ::-1])])
    assert float(rgb @ turned) == pytest.approx(1.0, abs=1e-2)


def test_a_mirrored_model_makes_one_template_of_a_crop_and_its_mirror_image(
    settings: Settings, models_dir: Path
) -> None:
    shelf = EmbedderShelf(settings.model_copy(update={"models_dir": models_dir}))
    mirrored = shelf.open(MIRRORED_EMBEDDER.version).embedder
    crop = np.random.default_rng(3).integers(0, 255, size=(112, 112, 3), dtype=np.uint8)
    one, other = mirrored.embed([crop, np.ascontiguousarray(crop[:, ::-1])])
    assert float(one @ other) == pytest.approx(1.0, abs=1e-3)
    [plain] = shelf.open(EMBEDDER.version).embedder.embed([crop])
    assert float(one @ plain) < 0.999


def test_a_file_that_is_not_the_entrys_is_refused_and_not_kept(settings: Settings) -> None:
    with pytest.raises(ModelCorruptError, match=r"has sha256 [0-9a-f]{64}; the entry states 0{64}"):
        add(settings, network(), sha256="0" * 64)
    assert "ours-v1" not in EmbedderShelf(settings).versions()


def test_a_file_that_changed_later_is_not_loaded(settings: Settings) -> None:
    add(settings, network())
    (settings.models_path / "added" / "ours-v1.onnx").write_bytes(b"something else")
    with pytest.raises(ModelCorruptError, match="weights of ours-v1 cannot be trusted"):
        EmbedderShelf(settings).open("ours-v1")
    assert {found.model.name: found.state for found in verify(settings)}["ours-v1"] == "corrupt"
    (settings.models_path / "added" / "ours-v1.onnx").unlink()
    with pytest.raises(ModelMissingError, match="weights of ours-v1 are not here"):
        EmbedderShelf(settings).open("ours-v1")


@pytest.mark.parametrize(
    ("made", "entered", "message"),
    [
        (256, 512, r"makes templates of shape \(256,\); .* are 512 numbers"),
        (256, 256, r"states templates of 256 numbers for ours-v1; .* are 512"),
    ],
    ids=["by its network", "by its entry"],
)
def test_templates_of_another_dimension_are_refused(settings: Settings, made: int, entered: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        add(settings, network(made), dimensions=entered)
    assert "its collection would be one of another dimension" in refused.value.message
    assert "ours-v1" not in EmbedderShelf(settings).versions()


def test_what_is_no_network_is_refused(settings: Settings) -> None:
    with pytest.raises(ModelCorruptError, match="cannot read published"):
        add(settings, b"not a network at all")


def test_a_version_never_changes(settings: Settings) -> None:
    add(settings, network())
    add(settings, network())
    with pytest.raises(ConfigurationError, match="Another model was added as ours-v1"):
        add(settings, network(), mean=0.0)
    with pytest.raises(ConfigurationError, match="is a version of the bundled manifest"):
        add(settings, network(), version=EMBEDDER.version)


def test_a_model_that_was_never_measured_is_not_served(settings: Settings) -> None:
    add(settings, network())
    with pytest.raises(ConfigurationError, match="no score statistics of the model ours-v1") as refused:
        EmbedderShelf(settings).open("ours-v1")
    assert "--model ours-v1 --write" in (refused.value.hint or "")


def test_an_entry_says_everything_that_is_wrong_with_it(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"colour_order: .*; mean: .*"):
        stated(b"", colour_order="GREY", mean=900.0)
    (settings.models_path / "added").mkdir(parents=True)
    (settings.models_path / "added" / "broken.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"The entry broken.json of an added model is not valid"):
        EmbedderShelf(settings).versions()


def test_an_unknown_version_names_those_there_are(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="There is no embedder 'nobodys-v1'") as refused:
        EmbedderShelf(settings).open("nobodys-v1")
    assert EMBEDDER.version in (refused.value.hint or "")
