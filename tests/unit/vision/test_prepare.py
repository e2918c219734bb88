"""Preparing the embedder's graph: faster and free in its batch, and the same numbers out."""

from __future__ import annotations

import hashlib

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from footfall.errors import ModelCorruptError
from footfall.vision.models.prepare import TINY_WEIGHT, prepare_embedder
from footfall.vision.types import Float32Array

SIDE, DIMENSION = 4, 6


def _published_graph(*, last: str = "Reshape") -> bytes:
    """A small graph with the embedder's faults: tiny and denormal weights, initialisers among the inputs, a batch
    of one written into the shapes and into the last Reshape."""
    weights = np.random.default_rng(2).normal(size=(DIMENSION, 3, SIDE, SIDE)).astype(np.float32)
    weights[0, 0] = 1e-20
    weights[1, 1] = -1e-40  # denormal
    tensors = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([1, -1], dtype=np.int64), "shape"),
    ]
    nodes = [helper.make_node("Conv", ["input", "weights"], ["features"])]
    if last == "Reshape":
        nodes.append(helper.make_node("Reshape", ["features", "shape"], ["output"]))
    else:
        nodes.append(helper.make_node("Flatten", ["features"], ["output"]))
    graph = helper.make_graph(
        nodes,
        "published",
        [
            helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE]),
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, weights.shape),
            helper.make_tensor_value_info("shape", TensorProto.INT64, [2]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, DIMENSION])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
    published: bytes = model.SerializeToString()
    return published


def _run(model: bytes, tensor: Float32Array) -> Float32Array:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it warns of the initialisers among the published graph's inputs
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    output: Float32Array = session.run(None, {"input": tensor})[0]
    return output


def test_the_numbers_stay_the_same() -> None:
    published = _published_graph()
    tensor = np.random.default_rng(4).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    assert _run(prepare_embedder(published), tensor) == pytest.approx(_run(published, tensor), rel=1e-5)


def test_the_batch_is_free() -> None:
    tensor = np.random.default_rng(4).normal(size=(5, 3, SIDE, SIDE)).astype(np.float32)
    prepared = prepare_embedder(_published_graph())
    together = _run(prepared, tensor)
    assert together.shape == (5, DIMENSION)
    one_by_one = np.concatenate([_run(prepared, tensor[row : row + 1]) for row in range(5)])
    assert together == pytest.approx(one_by_one, abs=1e-5)


def test_tiny_and_denormal_weights_are_zero() -> None:
    graph = onnx.load_model_from_string(prepare_embedder(_published_graph())).graph
    weights = numpy_helper.to_array(next(tensor for tensor in graph.initializer if tensor.name == "weights"))
    assert not weights[0, 0].any()
    assert not weights[1, 1].any()
    assert (np.abs(weights[weights != 0]) >= TINY_WEIGHT).all()
    assert np.count_nonzero(weights) == weights.size - 2 * SIDE * SIDE


def test_initialisers_are_no_inputs() -> None:
    graph = onnx.load_model_from_string(prepare_embedder(_published_graph())).graph
    assert [value.name for value in graph.input] == ["input"]


def test_preparing_is_deterministic_and_changes_nothing_the_second_time() -> None:
    once, again = prepare_embedder(_published_graph()), prepare_embedder(_published_graph())
    assert hashlib.sha256(once).digest() == hashlib.sha256(again).digest()
    assert prepare_embedder(once) == once


def test_a_graph_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelCorruptError):
        prepare_embedder(_published_graph(last="Flatten"))
