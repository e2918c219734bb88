"""The ingest daemon against looking at every face of every frame: CPU, people found, delay, memory, start.

Every figure of one run is measured on the same machine one after the other; the two sides of a ratio run in processes
of their own, each with the same weights, backend and threads. What each process measures is in `ingest_child`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from benchmarks.commands import Figures
from benchmarks.ingest_clips import still_clip
from benchmarks.ingest_people import is_among, people_in
from benchmarks.ingest_server import EventSink
from benchmarks.ingest_stack import delays_ms
from footfall.errors import FootfallError, InputError
from footfall.matching import LIKE_FACE_FAR, SAME_FACE_FAR, threshold_at
from footfall.settings import Settings, load_settings
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.types import Float32Array, ThresholdTable
from ingest_daemon.summary import percentile

OBSERVATIONS = 5
"""Of a person above the quality floor, in the naive run, for the person to count."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--video", required=True, type=Path, help="a clip, best one with people in it")
    parser.add_argument("--still-seconds", type=float, default=12.0, help="length of the still scene made of it")
    parser.add_argument(
        "--no-stack", action="store_true", help="leave out the delay to the committed visit, which needs the stack"
    )


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a clip that cannot be read, and what the stack raises when it does not start."""
    settings = load_settings()
    with tempfile.TemporaryDirectory(prefix="footfall-benchmark-") as name:
        folder = Path(name)
        _say("the still scene ...")
        still = still_clip(arguments.video, folder / "still.mp4", seconds=arguments.still_seconds)
        naive, daemon, templates = _both_sides(arguments.video, folder / "people", settings)
        naive_still, daemon_still, _ = _both_sides(still, folder / "still", settings)
        table = EMBEDDER.thresholds
        if table is None:
            raise AssertionError("the manifest states no thresholds for the embedder")
        observed = np.load(folder / "people" / "vectors.npy")
        people = _people(observed, table)
        agree_at = threshold_at(table, LIKE_FACE_FAR)
        delays: Sequence[float] = ()
        if not arguments.no_stack:
            _say("two cameras with 720p and 10 fps on the whole stack ...")
            delays = delays_ms(settings, arguments.video, folder)
    return {
        "persons_naive": len(people),
        "persons_found": sum(is_among(person, templates, agree_at=agree_at) for person in people),
        "cpu_ratio_vs_naive": _ratio(daemon["cpu"] - daemon["decode"], naive["cpu"] - naive["decode"]),
        "still_cpu_ratio_vs_naive": _ratio(
            daemon_still["cpu"] - daemon_still["decode"], naive_still["cpu"] - naive_still["decode"]
        ),
        "cpu_ratio_with_decode": _ratio(daemon["cpu"], naive["cpu"]),
        "overhead_share": _ratio(
            daemon["cpu"] - sum(daemon[part] for part in ("decode", "detect", "align", "embed")), daemon["cpu"]
        ),
        "frame_to_visit_ms_p50": percentile(delays, 0.5),
        "frame_to_visit_ms_p95": percentile(delays, 0.95),
        "rss_mb": round(daemon["rss_mb"], 1),
        "cold_start_s": round(daemon["cold_start_s"], 2),
    }


def lines(figures: Figures) -> list[str]:
    delay = (
        "not measured"
        if figures["frame_to_visit_ms_p50"] is None
        else f"median {figures['frame_to_visit_ms_p50']:.0f} ms, p95 {figures['frame_to_visit_ms_p95']:.0f} ms"
    )
    return [
        f"people           {figures['persons_found']} of {figures['persons_naive']} that looking at everything finds",
        f"CPU              {figures['cpu_ratio_vs_naive']:.1%} of looking at everything; "
        f"{figures['cpu_ratio_with_decode']:.1%} with decoding on both sides",
        f"still scene      {figures['still_cpu_ratio_vs_naive']:.1%}",
        f"own overhead     {figures['overhead_share']:.1%} of the daemon's CPU is not decode, detect, align or embed",
        f"frame to visit   {delay}",
        f"memory           {figures['rss_mb']} MB at its peak",
        f"cold start       {figures['cold_start_s']} s to the first processed frame",
    ]


def _both_sides(
    clip: Path, folder: Path, settings: Settings
) -> tuple[Mapping[str, Any], Mapping[str, Any], Float32Array]:
    """What the naive process and the daemon say of a clip, and the (n, 512) templates that the daemon sent."""
    folder.mkdir()
    _say(f"{clip.name}: every face of every frame ...")
    naive = _child(settings, "naive", "--video", str(clip), "--vectors", str(folder / "vectors.npy"))
    _say(f"{clip.name}: the daemon ...")
    sink = EventSink(uuid4())
    with sink.serving():
        daemon = _child(
            settings, "daemon", "--video", str(clip), "--camera", str(sink.camera_id),
            FOOTFALL_API__URL=sink.url, FOOTFALL_INGEST__API_KEY="a-benchmark", FOOTFALL_HOME=str(folder),
        )  # fmt: skip
    return naive, daemon, sink.templates()


def _child(settings: Settings, *words: str, **environment: str) -> Mapping[str, Any]:
    """The JSON object that a process of `ingest_child` prints on its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest_child", *words],
        env={**os.environ, "FOOTFALL_MODELS_DIR": str(settings.models_path.resolve()), **environment},
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise InputError(f"The {words[0]} run failed.", hint="Its messages stand above.")
    figures: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _people(observed: Float32Array, table: ThresholdTable) -> list[Float32Array]:
    try:
        return people_in(observed, same_at=threshold_at(table, SAME_FACE_FAR), least=OBSERVATIONS)
    except FootfallError:
        raise InputError("The naive run's vectors cannot be compared.") from None


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
