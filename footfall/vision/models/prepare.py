"""The one-time preparation of the embedder's graph. Deterministic: the manifest pins the sha256 of what comes out."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from footfall.errors import ModelCorruptError

TINY_WEIGHT = 1e-12
"""Weights under this are set to zero. 195,715 of the embedder's 1.19 million are, 8,938 of them denormal, and
denormal arithmetic costs a factor of seven (65 to 9.4 ms a face) for an output that does not change."""


def prepare_embedder(source: bytes) -> bytes:
    """The graph with tiny weights zeroed, initialisers out of its inputs and a free batch dimension.

    `source`: the ONNX file as published. Initialisers among the inputs could be overridden at run time, which
    keeps runtimes from folding constants. The last Reshape is fixed to a batch of one, and so are the shapes of
    input and output.

    Raises ModelCorruptError when the graph is not the one this was written for.
    """
    model = onnx.load_model_from_string(source)
    graph = model.graph
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            cleaned = np.where(np.abs(values) < TINY_WEIGHT, np.float32(0), values)
            tensor.CopyFrom(numpy_helper.from_array(cleaned, tensor.name))

    initialised = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in initialised]
    last = graph.node[-1]
    if len(inputs) != 1 or len(graph.output) != 1 or last.op_type != "Reshape":
        raise ModelCorruptError("The embedder's graph is not the one its preparation was written for.")
    del graph.input[:]
    graph.input.extend(inputs)

    shape = {tensor.name: tensor for tensor in graph.initializer}.get(last.input[1])
    dimension = graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    if shape is None or dimension < 1:
        raise ModelCorruptError("The embedder's last Reshape is not the one its preparation was written for.")
    shape.CopyFrom(numpy_helper.from_array(np.array([-1, dimension], dtype=np.int64), shape.name))
    for value in (graph.input[0], graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(model)
    prepared: bytes = model.SerializeToString(deterministic=True)
    return prepared
