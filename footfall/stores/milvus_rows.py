"""Rows of one collection of Milvus, by its name: writing, deleting, finding, reading. Which one is served is
`milvus_collections`'; nobody is recognised here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from contracts.base import TemplateId, TenantId
from footfall.stores.base import Hit, StoredTemplate
from footfall.stores.milvus import MilvusSession
from footfall.stores.milvus_collections import MilvusCollections
from footfall.vision.types import Float32Array

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCH_ROWS = 500
"""Rows of one request: a megabyte of vectors, far under gRPC's limits."""

_PAGE_ROWS = 5_000
_HIT_FIELDS = ["person_kind", "person_id"]
"""Beside the template's id, which every hit has."""

_NOBODY = UUID(int=0)
_LEAST_RESCORED, _RESCORED_A_HIT = 200, 10
"""Candidates that SCANN scores again with the vectors themselves: fewer than so many for each hit cost recall."""


class MilvusRows:
    """Thread-safe. Methods raise as MilvusSession.call does."""

    def __init__(self, session: MilvusSession, collections: MilvusCollections, timeout_seconds: float) -> None:
        self._session = session
        self._collections = collections
        self._timeout = timeout_seconds

    def write(self, name: str, templates: Sequence[StoredTemplate]) -> None:
        """At most BATCH_ROWS of them; of those with one id the last. See `await_seen`."""
        by_id = {template.template_id: template for template in templates}
        rows = [
            {
                "template_id": str(template.template_id),
                "tenant_id": str(template.tenant_id),
                "person_kind": template.person_kind,
                "person_id": str(template.person_id),
                "embedding": np.asarray(template.vector, dtype=np.float32),
            }
            for template in by_id.values()
        ]
        if self._session.has_sound_upserts:
            self._call("write", lambda client: client.upsert(name, rows, timeout=self._timeout))
            return
        former = self._session.filtered("template_id in {ids}", {"ids": list(by_id)})
        self._call("write", lambda client: client.delete(name, timeout=self._timeout, **former))
        self._call("write", lambda client: client.insert(name, rows, timeout=self._timeout))

    def await_seen(self, name: str) -> None:
        """Returns once every search by anybody sees what was written and deleted before: so that searches need wait
        for nothing. See docs/adr/a-write-waits-and-a-search-does-not.md."""
        if self._session.is_server:
            nobody = self._session.filtered("template_id in {ids}", {"ids": [_NOBODY]})
            self._query(name, ["template_id"], nobody)

    def delete(self, name: str, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        matching = self._session.filtered(
            "tenant_id == {tenant} and template_id in {ids}", {"tenant": tenant_id, "ids": template_ids}
        )
        self._call("delete", lambda client: client.delete(name, timeout=self._timeout, **matching))

    def nearest(
        self, name: str, tenant_id: TenantId, probes: Float32Array, limit: int, nprobe: int | None = None
    ) -> list[list[Hit]]:
        """`nprobe`: None for what was chosen for the collection. Sees what `await_seen` returned for."""
        asking = self._question(name, tenant_id, probes, limit, nprobe)
        return _hits(self._call("search", lambda client: client.search(name, **asking)))

    def ask_nearest(
        self, name: str, tenant_id: TenantId, probes: Float32Array, limit: int
    ) -> Callable[[], list[list[Hit]]]:
        """As `nearest`, without waiting: what is answered waits, and raises what `nearest` would."""
        asking = self._question(name, tenant_id, probes, limit, None)
        asked = self._call("search", lambda client: client.search(name, _async=True, **asking))
        return lambda: _hits(self._call("search", lambda _: asked.result()))

    def _question(
        self, name: str, tenant_id: TenantId, probes: Float32Array, limit: int, nprobe: int | None
    ) -> dict[str, Any]:
        clusters = self._collections.nprobe(name) if nprobe is None else nprobe
        return {
            "data": list(np.asarray(probes, dtype=np.float32)),
            "limit": limit,
            "output_fields": _HIT_FIELDS,
            "search_params": {"metric_type": "COSINE", "params": {"nprobe": clusters, **_rescored(limit)}},
            "anns_field": "embedding",
            "consistency_level": "Bounded",
            "timeout": self._timeout,
            **self._session.filtered("tenant_id == {tenant}", {"tenant": tenant_id}),
        }

    def ids_of(self, name: str, tenant_id: TenantId) -> set[TemplateId]:
        matching = self._session.filtered("tenant_id == {tenant}", {"tenant": tenant_id})
        # The iterator hands its keywords to each query, which knows the parameters by their inner name.
        parameters = matching.pop("filter_params", {})
        pages = self._call(
            "list templates",
            lambda client: client.query_iterator(
                name,
                batch_size=_PAGE_ROWS,
                output_fields=["template_id"],
                consistency_level="Strong",
                timeout=self._timeout,
                expr_params=parameters,
                **matching,
            ),
        )
        found: set[TemplateId] = set()
        while page := self._call("list templates", lambda _: pages.next()):
            found.update(TemplateId(UUID(row["template_id"])) for row in page)
        pages.close()
        return found

    def vectors(
        self, name: str, tenant_id: TenantId, template_ids: Sequence[TemplateId]
    ) -> dict[TemplateId, Float32Array]:
        """The (512,) vectors of those that are there."""
        found: dict[TemplateId, Float32Array] = {}
        for batch in batches(template_ids, BATCH_ROWS):
            matching = self._session.filtered(
                "tenant_id == {tenant} and template_id in {ids}", {"tenant": tenant_id, "ids": batch}
            )
            rows = self._query(name, ["template_id", "embedding"], matching)
            found.update(
                (TemplateId(UUID(row["template_id"])), np.asarray(row["embedding"], dtype=np.float32)) for row in rows
            )
        return found

    def count(self, name: str) -> int:
        return int(self._query(name, ["count(*)"], {"filter": ""})[0]["count(*)"])

    def _query(self, name: str, fields: list[str], matching: dict[str, Any]) -> list[dict[str, Any]]:
        return self._call(
            "read rows",
            lambda client: list(
                client.query(
                    name,
                    output_fields=fields,
                    consistency_level="Strong",
                    timeout=self._collections.bulk_timeout_seconds,
                    **matching,
                )
            ),
        )

    def _call(self, operation: str, action: Callable[[Any], Result]) -> Result:
        return self._session.call(operation, action)


@dataclass(frozen=True, slots=True)
class MilvusBuild:
    """See BuiltCollection."""

    name: str
    nlist: int
    rows: MilvusRows
    collections: MilvusCollections

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        return self.rows.ids_of(self.name, tenant_id)

    def vectors(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> dict[TemplateId, Float32Array]:
        return self.rows.vectors(self.name, tenant_id, template_ids)

    def search(
        self, tenant_id: TenantId, probes: Float32Array, *, limit: int, nprobe: int | None = None
    ) -> list[list[Hit]]:
        return self.rows.nearest(self.name, tenant_id, probes, limit, nprobe)

    def choose_nprobe(self, nprobe: int) -> None:
        self.collections.choose_nprobe(self.name, nprobe)


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _rescored(limit: int) -> dict[str, int]:
    """SCANN's own parameter; other indexes do not read it."""
    return {"reorder_k": max(_LEAST_RESCORED, _RESCORED_A_HIT * limit)}


def _hits(found: Any) -> list[list[Hit]]:
    return [sorted(map(_hit, hits), key=lambda hit: (-hit.score, hit.template_id)) for hits in found]


def _hit(found: Any) -> Hit:
    fields = found["entity"]
    score = min(1.0, max(-1.0, float(found["distance"])))
    # Milvus 2.3 does not say what the key is called, and pymilvus then calls it id.
    key = found["template_id"] if "template_id" in found else found["id"]
    return Hit(TemplateId(UUID(key)), fields["person_kind"], UUID(fields["person_id"]), score)
