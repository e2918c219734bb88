"""Inference runtimes behind one interface: onnxruntime and OpenVINO, and the choice between them. No model is known
here, nor what goes in or comes out."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol, cast

import numpy as np

from footfall.errors import ConfigurationError, ModelCorruptError
from footfall.settings import VisionSettings
from footfall.vision.types import Float32Array

logger = logging.getLogger(__name__)

Runtime = Literal["onnxruntime", "openvino"]

MAX_STREAMS = 4
"""Inferences that one OpenVINO network runs side by side; each stream keeps its own scratch memory."""


class Network(Protocol):
    """A loaded graph with one input. Thread-safe: callers on several threads neither wait for nor disturb each other
    more than their processors make them."""

    @property
    def backend(self) -> str:
        """Runtime and precision: `openvino-bf16`, `openvino-f32`, `onnxruntime-f32`."""
        ...

    def run(self, tensor: Float32Array) -> list[Float32Array]:
        """Outputs in the graph's order, as arrays that the caller owns. `tensor`: C-contiguous NCHW float32."""
        ...


def open_network(
    path: Path, settings: VisionSettings, *, preferred: Runtime = "openvino", keep_float32: bool = False
) -> Network:
    """Load an ONNX file whose sha256 was checked.

    `settings.backend` decides; `auto` takes `preferred` where that loads and the other one where it does not.
    `keep_float32`: for outputs that are coordinates, which bfloat16's eight bits would round to whole pixels.
    The choice and its precision are logged.

    Raises ModelCorruptError when no runtime reads the file, ConfigurationError when the one asked for is not
    installed.
    """
    float32 = keep_float32 or settings.precision == "float32"
    runtimes: list[Runtime]
    if settings.backend == "auto":
        runtimes = [preferred, "onnxruntime" if preferred == "openvino" else "openvino"]
    else:
        runtimes = [settings.backend]
    failures: list[Exception] = []
    for runtime in runtimes:
        try:
            network = _open(runtime, path, threads=settings.threads, float32=float32)
        except ImportError as error:
            failures.append(error)
            logger.info("%s does not load here: %s", runtime, error)
            continue
        logger.info("%s runs on %s (asked for: %s).", path.name, network.backend, settings.backend)
        return network
    raise ConfigurationError(
        f"No inference runtime loads: {'; '.join(str(failure) for failure in failures)}",
        hint="Install the locked dependencies, or set FOOTFALL_VISION__BACKEND=auto.",
    )


def _open(runtime: Runtime, path: Path, *, threads: int, float32: bool) -> Network:
    if runtime == "openvino":
        return _OpenVino(path, threads=threads, float32=float32)
    return _OnnxRuntime(path, threads=threads)


class _OnnxRuntime:
    """`InferenceSession.run` may be called from many threads, each computing on its own."""

    def __init__(self, path: Path, *, threads: int) -> None:
        import onnxruntime  # noqa: PLC0415 - a runtime that is not used is not imported
        from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415 - its errors have no base

        unreadable = (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.InvalidArgument, state.NoModel)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning workers burn a processor that the other processes of a two-core machine need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except unreadable as error:
            raise ModelCorruptError(f"onnxruntime cannot read {path.name}: {_first_line(error)}") from error
        self._input: str = self._session.get_inputs()[0].name

    @property
    def backend(self) -> str:
        return "onnxruntime-f32"

    def run(self, tensor: Float32Array) -> list[Float32Array]:
        outputs: list[Float32Array] = self._session.run(None, {self._input: tensor})
        return outputs


def _silence_openvino() -> None:
    """Before OpenVINO is imported: its converter reports every import to an analytics service on the internet, unasked,
    from a process that it forks beside running threads, where that one may hang for good. OpenVINO does without the
    converter where it cannot be imported (openvino/__init__.py), and Footfall converts nothing."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules.setdefault("openvino.tools.ovc", None)


class _OpenVino:
    """An infer request belongs to one thread at a time, so every thread gets its own."""

    def __init__(self, path: Path, *, threads: int, float32: bool) -> None:
        _silence_openvino()
        import openvino  # noqa: PLC0415 - a runtime that is not used is not imported

        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        streams = max(1, min(MAX_STREAMS, processors // threads))
        config: dict[str, Any] = {
            "INFERENCE_NUM_THREADS": threads * streams,
            "NUM_STREAMS": streams,
            # Pinned, the streams of several processes would all sit on the machine's first processors.
            "ENABLE_CPU_PINNING": False,
        }
        if float32:
            config["INFERENCE_PRECISION_HINT"] = "f32"
        try:
            self._compiled: Any = openvino.Core().compile_model(str(path), "CPU", config)
        except RuntimeError as error:
            raise ModelCorruptError(f"OpenVINO cannot read {path.name}: {_first_line(error)}") from error
        self._outputs: int = len(self._compiled.outputs)
        kind: str = self._compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self._precision = {"bf16": "bf16", "f16": "f16"}.get(kind, "f32")
        self._local = threading.local()

    @property
    def backend(self) -> str:
        return f"openvino-{self._precision}"

    def run(self, tensor: Float32Array) -> list[Float32Array]:
        request: Any = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        # The input is read in place; the outputs are copied, for the request's next run overwrites its own.
        request.infer({0: tensor}, share_inputs=True, share_outputs=True)
        return [
            np.array(request.get_output_tensor(index).data, dtype=np.float32, copy=True)
            for index in range(self._outputs)
        ]


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
