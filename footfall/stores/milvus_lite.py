"""The embedded Milvus as the stack runs it: Milvus Lite's own server, with a search that does not walk row by row
through Python. Nothing of Footfall's is known here; `python -m footfall.stores.milvus_lite server --data-dir ...`.

Why: docs/adr/a-faster-search-in-milvus-lite.md. Whatever this module does not know goes to Milvus Lite's own search.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import faiss
import numpy as np
from milvus_lite.cmdline import main as run_command
from milvus_lite.engine import collection
from milvus_lite.index.brute_force import BruteForceIndex
from milvus_lite.index.faiss_ivf_flat import FaissIvfFlatIndex
from milvus_lite.search.executor_indexed import execute_search_with_index
from milvus_lite.search.filter import evaluate_mask
from milvus_lite.search.indexed_filter import evaluate_segment_filter

Mask: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Vectors: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Found: TypeAlias = tuple[float, int, int]
"""Distance, number of the source, row in it."""

_faiss: Any = faiss  # its stubs know other names than it has
KNOWN_RELEASES = ("3.2.",)
"""Releases whose inner names and promises this module was written against."""

_COLLECTIONS_REMEMBERED = 4
_DEFAULT_NPROBE = 10


@dataclass(slots=True)
class _Versions:
    """Which rows of a collection's segments a newer version of the same key stands in another segment for.

    Segments never change, so what was found out of two of them holds for as long as both are there."""

    segments: tuple[Any, ...] = ()
    current: tuple[Mask, ...] = ()
    _overtaken: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def update(self, segments: tuple[Any, ...]) -> None:
        """Makes `current[i]` true for the rows of `segments[i]` that no other segment holds in a newer version."""
        if len(segments) == len(self.segments) and all(map(_same, segments, self.segments)):
            return
        known = {id(segment) for segment in self.segments}  # the tuple keeps them alive: no id is another's by now
        former = self._overtaken
        self._overtaken = {}
        masks: list[Mask] = []
        for one in segments:
            mask = np.ones(len(one.pks), dtype=np.bool_)
            for other in segments:
                if one is other:
                    continue
                pair = id(one), id(other)
                rows = former.get(pair, []) if known.issuperset(pair) else _overtaken(one, other)
                if rows:
                    self._overtaken[pair] = rows
                    mask[rows] = False
            masks.append(mask)
        self.segments, self.current = segments, tuple(masks)


def _same(one: object, other: object) -> bool:
    return one is other


def _overtaken(one: Any, other: Any) -> list[int]:
    """Rows of `one` of which `other` holds a newer version."""
    shared = one.pk_to_row.keys() & other.pk_to_row.keys()
    rows = [(one.pk_to_row[key], other.pk_to_row[key]) for key in shared]
    return [row for row, elsewhere in rows if other.seqs[elsewhere] > one.seqs[row]]


@dataclass(slots=True)
class FastSearch:
    """A search over all segments of a collection, with the results of Milvus Lite's own. Thread-safe."""

    _versions: OrderedDict[Path, _Versions] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(  # noqa: PLR0917  # Milvus Lite's own signature
        self,
        query_vectors: Vectors,
        segments: Sequence[Any],
        memtable: Any,
        delta_index: Any,
        top_k: int,
        metric_type: str,
        pk_field: str,
        vector_field: str,
        *,
        project_record_fn: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        compiled_filter: Any = None,
        indexed_filter_plan: Any = None,
        search_params: Mapping[str, Any] | None = None,
        partition_names: Sequence[str] | None = None,
        **others: Any,
    ) -> list[list[dict[str, Any]]]:
        """As `execute_search_with_index`: for each of the (n, d) queries up to `top_k` records, nearest first."""
        filled = tuple(segment for segment in segments if segment.num_rows)
        if partition_names or project_record_fn is None or metric_type != "COSINE" or not filled or top_k <= 0:
            found: list[list[dict[str, Any]]] = execute_search_with_index(
                query_vectors,
                segments,
                memtable,
                delta_index,
                top_k,
                metric_type,
                pk_field,
                vector_field,
                project_record_fn=project_record_fn,
                compiled_filter=compiled_filter,
                indexed_filter_plan=indexed_filter_plan,
                search_params=search_params,
                partition_names=partition_names,
                **others,
            )
            return found
        queries = np.ascontiguousarray(query_vectors, dtype=np.float32)
        keys, seqs, vectors, rows, table = memtable.to_search_snapshot(
            vector_field=vector_field, partition_names=None, include_table=compiled_filter is not None
        )
        deleted: dict[Any, int] = {key: entry[0] for key, entry in memtable.delete_index_snapshot().items()}
        newer = dict(zip(keys, seqs.tolist(), strict=True))
        candidates: list[list[Found]] = [[] for _ in queries]
        for number, (segment, current) in enumerate(zip(filled, self._current(filled), strict=True)):
            mask = current
            if compiled_filter is not None:
                mask = mask & evaluate_segment_filter(segment, compiled_filter, indexed_filter_plan)
            if not mask.any():
                continue
            found_vectors, present = segment.vector_data(vector_field)
            if present is not None:
                mask = mask & present
            gone = [row for later in (delta_index.snapshot, deleted, newer) for row in _shadowed(segment, later)]
            if gone:
                mask = mask.copy()
                mask[gone] = False
            index = segment.indexes.get(vector_field)
            nearest = _nearest(index, found_vectors, queries, top_k, mask=mask, params=search_params)
            _collect(candidates, number, *nearest)
        if keys:
            mask = np.array([deleted.get(key, -1) <= seq for key, seq in newer.items()], dtype=np.bool_)
            if compiled_filter is not None:
                mask &= evaluate_mask(compiled_filter, table).astype(np.bool_)
            if mask.any():
                _collect(
                    candidates, len(filled), *_nearest(None, vectors, queries, top_k, mask=mask, params=search_params)
                )

        def record(source: int, row: int) -> Mapping[str, Any]:
            made: Mapping[str, Any] = (
                filled[source].row_to_dict(row) if source < len(filled) else memtable.materialize_row(*rows[row])
            )
            return made

        answers: list[list[dict[str, Any]]] = []
        for each in candidates:
            best = [(distance, record(source, row)) for distance, source, row in sorted(each)[:top_k]]
            answers.append(
                [
                    {"id": held[pk_field], "distance": distance, "entity": project_record_fn(held)}
                    for distance, held in best
                ]
            )
        return answers

    def _current(self, segments: tuple[Any, ...]) -> tuple[Mask, ...]:
        home = _home_of(segments[0])
        with self._lock:
            versions = self._versions.setdefault(home, _Versions())
            self._versions.move_to_end(home)
            while len(self._versions) > _COLLECTIONS_REMEMBERED:
                self._versions.popitem(last=False)
            versions.update(segments)
            return versions.current


def _home_of(segment: Any) -> Path:
    """The collection's folder: a segment's file lies in `partitions/<partition>/data` of it."""
    return Path(segment.file_path).parents[2]


def _shadowed(segment: Any, later: Mapping[Any, int]) -> list[int]:
    """Rows of the segment that `later`, sequence numbers by key, holds something newer of."""
    shared = segment.pk_to_row.keys() & later.keys()
    return [segment.pk_to_row[key] for key in shared if later[key] > segment.seqs[segment.pk_to_row[key]]]


def _nearest(
    index: Any, vectors: Vectors, queries: Vectors, top_k: int, *, mask: Mask, params: Mapping[str, Any] | None
) -> tuple[Any, Any]:
    """Rows and distances, (n, top_k) each; -1 where there are no more."""
    everything = bool(mask.all())
    if everything or not isinstance(index, FaissIvfFlatIndex):
        used = BruteForceIndex.build(vectors, "COSINE") if index is None else index
        answer: tuple[Any, Any] = used.search(
            queries, top_k, valid_mask=None if everything else mask, params=dict(params or {})
        )
        return answer
    # Milvus Lite hands faiss a list of the rows that count, which it turns into a hash table for each search.
    norms = np.linalg.norm(queries, axis=1, keepdims=True)
    chosen = np.packbits(mask, bitorder="little")
    wanted = _faiss.SearchParametersIVF(
        sel=_faiss.IDSelectorBitmap(len(mask), _faiss.swig_ptr(chosen)),
        nprobe=int((params or {}).get("nprobe", _DEFAULT_NPROBE)),
    )
    similarities, rows = index._index.search(queries / np.where(norms == 0, 1.0, norms), top_k, params=wanted)
    return rows, 1.0 - similarities


def _collect(candidates: list[list[Found]], source: int, rows: Any, distances: Any) -> None:
    for each, own_rows, own_distances in zip(candidates, rows.tolist(), distances.tolist(), strict=True):
        each.extend((distance, source, row) for row, distance in zip(own_rows, own_distances, strict=True) if row >= 0)


def install() -> None:
    """Puts the search in place of Milvus Lite's own, in this process. Leaves a release it does not know as it is."""
    if version("milvus-lite").startswith(KNOWN_RELEASES):
        collection.execute_search_with_index = FastSearch()


if __name__ == "__main__":
    install()
    sys.exit(run_command())
