"""Recall and speed of the vector store's search, beside an exact scan, on the embedded and on a real Milvus.

Vectors are synthetic people, several templates each, in several tenants; a probe is another shot of somebody. Search
and scan take turns of 50 probes, so that what else the machine does falls on both. Not probe by probe: a scan leaves
its own vectors in the processor's caches and its threads spinning, and the next search would be charged for both. For
the same reason the first probes of every turn are timed on neither side.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt

from benchmarks.commands import Figures
from benchmarks.milvus_server import running_server
from cli.stack.parts.milvus import MilvusPart
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from contracts.base import TemplateId, TenantId
from contracts.events import EMBEDDING_DIMENSION
from footfall.errors import InputError, ServiceUnavailableError
from footfall.settings import MilvusSettings, load_settings
from footfall.stores.base import StoredTemplate
from footfall.stores.vectors import MilvusVectorStore
from footfall.vision.types import Float32Array

Given = ParamSpec("Given")
Result = TypeVar("Result")

LITE, SERVER = "milvus-lite", "milvus-server"
_VERSION = "benchmark-1"
_LIMIT = 20
_TEMPLATES_A_PERSON = 3
_COSINE_OF_TEMPLATES, _COSINE_OF_PROBES = 0.8, (0.4, 0.75)
"""Of a person's templates to the person, and of probes to a template, lowest and highest."""

_WARMING = 5
_TURN = 50
_SETTLING = 5
"""Probes at a turn's beginning, which find the processor as the other side left it. They count for recall alone."""
_SHARES = {"p5": 5, "p50": 50, "p95": 95}
"""The first tells what a machine with nothing else to do would give."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--vectors", default="1000,10000,100000", help="vectors a tenant, with commas between")
    parser.add_argument("--tenants", type=int, default=2, help="tenants of that size in the collection")
    parser.add_argument("--probes", type=int, default=2000, help="probes for each size; one miss in 1,000 must show")
    parser.add_argument("--backend", choices=("all", LITE, SERVER), default="all")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for sizes that are no numbers."""
    sizes = _sizes(arguments.vectors)
    if arguments.tenants < 1 or arguments.probes < 1:
        raise InputError("There must be at least one tenant and one probe.")
    rows: list[dict[str, object]] = []
    skipped: dict[str, str] = {}
    for backend in (LITE, SERVER) if arguments.backend == "all" else (arguments.backend,):
        try:
            for size in sizes:
                # A server of its own for each size: nothing of the former is in its memory.
                with _running(backend) as uri:
                    rows.append(measure(uri, backend, size, arguments.tenants, arguments.probes))
                print(f"{_line(rows[-1])}", file=sys.stderr, flush=True)
        except ServiceUnavailableError as error:
            skipped[backend] = error.message
            print(f"{backend}: {error.message}", file=sys.stderr, flush=True)
    return {"rows": rows, "skipped": skipped}


def lines(figures: Figures) -> list[str]:
    rows, skipped = figures["rows"], figures["skipped"]
    assert isinstance(rows, list) and isinstance(skipped, dict)  # noqa: S101, PT018 - made a few lines above
    return [*map(_line, rows), *(f"{backend} was not measured: {reason}" for backend, reason in skipped.items())]


def measure(uri: str, backend: str, vectors: int, tenants: int, probes: int) -> dict[str, object]:
    """One row. Raises ServiceUnavailableError."""
    random = np.random.default_rng(vectors)
    matrices = [people(vectors, random) for _ in range(tenants)]
    ids = [TenantId(UUID(int=number + 1)) for number in range(tenants)]
    store = MilvusVectorStore(MilvusSettings(uri=uri, timeout_seconds=120.0))
    try:
        store.rebuild(_VERSION, _templates(ids, matrices))
        tenant_id, matrix = ids[0], matrices[0]
        shots = shots_of(matrix, probes + _WARMING, random)
        for shot in shots[:_WARMING]:
            store.search(tenant_id, _VERSION, shot[np.newaxis], limit=_LIMIT)
            _exact(matrix, shot)
        found, took, exact_took = 0, list[float](), list[float]()
        for start in range(_WARMING, len(shots), _TURN):
            turn = shots[start : start + _TURN]
            one, other = list[float](), list[float]()
            answers = [_timed(one, store.search, tenant_id, _VERSION, shot[np.newaxis], limit=_LIMIT) for shot in turn]
            nearest = [_timed(other, _exact, matrix, shot) for shot in turn]
            took += one[_SETTLING:] or one
            exact_took += other[_SETTLING:] or other
            found += sum(
                bool(hits) and hits[0].template_id.int % vectors == int(rows[0])
                for [hits], rows in zip(answers, nearest, strict=True)
            )
    finally:
        store.close()
    return {
        "backend": backend,
        "vectors": vectors,
        "tenants": tenants,
        "recall_at_1": found / probes,
        **{f"{name}_ms": round(float(np.percentile(took, share)) * 1e3, 2) for name, share in _SHARES.items()},
        **{
            f"exact_{name}_ms": round(float(np.percentile(exact_took, share)) * 1e3, 2)
            for name, share in _SHARES.items()
        },
    }


def people(vectors: int, random: np.random.Generator) -> Float32Array:
    """(vectors, 512): templates of people, some of each, around each person's own direction."""
    centres = _unit(random.normal(size=(-(-vectors // _TEMPLATES_A_PERSON), EMBEDDING_DIMENSION)))
    every = np.repeat(centres, _TEMPLATES_A_PERSON, axis=0)[:vectors]
    return _aside(every, np.full(vectors, _COSINE_OF_TEMPLATES), random)


def shots_of(matrix: Float32Array, count: int, random: np.random.Generator) -> Float32Array:
    """(count, 512): further shots of people in the matrix."""
    chosen = matrix[random.integers(0, len(matrix), count)]
    return _aside(chosen, random.uniform(*_COSINE_OF_PROBES, size=count), random)


def _aside(rows: Float32Array, cosines: npt.NDArray[np.float64], random: np.random.Generator) -> Float32Array:
    away = random.normal(size=rows.shape)
    away -= np.sum(away * rows, axis=1, keepdims=True) * rows
    weights = cosines[:, np.newaxis]
    return _unit(weights * rows + np.sqrt(1.0 - weights**2) * _unit(away))


def _unit(rows: npt.NDArray[Any]) -> Float32Array:
    unit: Float32Array = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _templates(ids: Sequence[TenantId], matrices: Sequence[Float32Array]) -> Iterator[StoredTemplate]:
    for place, (tenant_id, matrix) in enumerate(zip(ids, matrices, strict=True)):
        for number, vector in enumerate(matrix):
            # The id tells the row, whichever tenant it is of.
            template_id = TemplateId(UUID(int=place * len(matrix) + number))
            yield StoredTemplate(template_id, tenant_id, "customer", template_id, vector)


def _timed(seconds: list[float], action: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Result:
    began = time.perf_counter()
    result = action(*args, **named)
    seconds.append(time.perf_counter() - began)
    return result


def _exact(matrix: Float32Array, shot: Float32Array) -> npt.NDArray[np.int64]:
    """Rows of the nearest, best first: what a search without an index costs."""
    scores = matrix @ shot
    best = np.argpartition(-scores, min(_LIMIT, len(scores) - 1))[:_LIMIT]
    nearest: npt.NDArray[np.int64] = best[np.argsort(-scores[best])]
    return nearest


@contextmanager
def _running(backend: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="footfall-search-", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "data"
        if backend == SERVER:
            with running_server(load_settings().home, folder) as uri:
                yield uri
            return
        part = MilvusPart(folder, free_ports(1)[0])
        with running_part(part, folder.with_suffix(".log")):
            yield part.url


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(word) for word in text.split(",")]
    except ValueError as error:
        raise InputError("--vectors takes numbers with commas between, as 1000,10000.") from error
    if min(sizes) < _LIMIT:
        raise InputError(f"--vectors takes numbers from {_LIMIT} on.")
    return sizes


def _line(row: dict[str, object]) -> str:
    def times(prefix: str) -> str:
        return ", ".join(f"{name} {row[f'{prefix}{name}_ms']}" for name in _SHARES)

    return (
        f"{row['backend']:<14} {row['vectors']:>7} vectors, {row['tenants']} tenants: recall {row['recall_at_1']:.4f}, "
        f"{times('')} ms; exact scan {times('exact_')} ms"
    )
