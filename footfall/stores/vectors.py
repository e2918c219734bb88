"""The vector store over Milvus: writing, deleting and finding rows, and the rebuild. Connections and collections are
made beside this module; nobody is recognised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from contracts.base import TemplateId, TenantId
from footfall.errors import VectorsUnavailableError
from footfall.settings import MilvusSettings, Settings
from footfall.stores.base import Hit, RebuildReport, StoredTemplate, VectorStore
from footfall.stores.milvus import MilvusSession, MissingCollectionError, UnloadedCollectionError
from footfall.stores.milvus_collections import MilvusCollections
from footfall.stores.rules import (
    check_limit,
    check_probes,
    check_templates,
    empty_alias,
)
from footfall.stores.standins import MemoryVectorStore
from footfall.vision.types import Float32Array

Item = TypeVar("Item")
Result = TypeVar("Result")

_BATCH_ROWS = 500
"""Rows of one request: a megabyte of vectors, far under gRPC's limits."""

_PAGE_ROWS = 5_000
_ATTEMPTS = 3
"""A rebuild drops a collection two switches after it was served; nobody is overtaken by that three times."""

_HIT_FIELDS = ["template_id", "person_kind", "person_id"]


def open_vectors(settings: Settings) -> VectorStore:
    """The store that the settings name; connects on first use. Raises ConfigurationError for an unusable address."""
    return MemoryVectorStore(settings.milvus) if settings.offline else MilvusVectorStore(settings.milvus)


class MilvusVectorStore:
    """See VectorStore. Each call asks the server which collection the alias serves and works on that one by its own
    name, so that no call mixes two model versions while another process switches the alias."""

    def __init__(self, settings: MilvusSettings) -> None:
        self._settings = settings
        self._timeout = settings.timeout_seconds
        self._session = MilvusSession(settings)
        self._collections = MilvusCollections(self._session, settings)

    def ensure(self, model_version: str) -> None:
        """Also raises ModelVersionMismatchError when the alias serves another model version."""
        if self._collections.served_or_none() is None:
            self._collections.make_first(model_version)
        self._on_served(self._collections.require_dimensions)
        self._on_served(self._collections.load, model_version)

    def upsert(self, model_version: str, templates: Sequence[StoredTemplate]) -> None:
        check_templates(templates)
        for batch in _batches(templates, _BATCH_ROWS):
            self._on_served(partial(self._write, templates=batch), model_version)

    def delete(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        for batch in _batches(template_ids, _BATCH_ROWS):
            self._on_served(partial(self._delete_rows, tenant_id=tenant_id, template_ids=batch))

    def search(self, tenant_id: TenantId, model_version: str, probes: Float32Array, *, limit: int) -> list[list[Hit]]:
        check_limit(limit)
        check_probes(probes)
        if not len(probes):
            return []
        return self._on_served(lambda name: self._nearest(name, tenant_id, probes, limit), model_version)

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        return self._on_served(lambda name: self._ids_of(name, tenant_id))

    def rebuild(self, model_version: str, templates: Iterable[StoredTemplate]) -> RebuildReport:
        """Also drops what it had filled when it fails, and collections older than the former one when it succeeds."""
        began = time.monotonic()
        fresh = self._collections.create(model_version)
        switched = False
        try:
            count = self._fill(fresh, templates)
            former = self._collections.served_or_none()
            self._collections.switch(fresh)
            switched = True
        except (MissingCollectionError, UnloadedCollectionError) as error:
            raise VectorsUnavailableError(
                "Another rebuild removed the collection that this one was filling.", hint="Rebuild once more."
            ) from error
        finally:
            if not switched:
                self._collections.discard(fresh)
        if former is not None:
            self._collections.discard_older(fresh, former)
        return RebuildReport(fresh, former, count, time.monotonic() - began)

    def ping(self) -> str:
        version = self._call("say its version", lambda client: str(client.get_server_version(timeout=self._timeout)))
        return f"Milvus {version}"

    def close(self) -> None:
        self._session.close()

    def _on_served(self, action: Callable[[str], Result], model_version: str | None = None) -> Result:
        """`action` over the name of the served collection; again when it was switched away or not loaded."""
        for _ in range(_ATTEMPTS):
            served = self._collections.served(model_version)
            try:
                return self._on_loaded(action, served)
            except (MissingCollectionError, UnloadedCollectionError):
                continue
        raise empty_alias(self._settings.alias)

    def _on_loaded(self, action: Callable[[str], Result], name: str) -> Result:
        try:
            return action(name)
        except UnloadedCollectionError:
            self._collections.load(name)
        return action(name)

    def _fill(self, name: str, templates: Iterable[StoredTemplate]) -> int:
        """Writes all into `name`, makes it searchable and answers how many it holds."""
        written: set[TemplateId] = set()
        for batch in _batches(templates, _BATCH_ROWS):
            check_templates(batch)
            self._write(name, batch)
            written.update(template.template_id for template in batch)
        self._call(
            "flush a collection", lambda client: client.flush(name, timeout=self._collections.bulk_timeout_seconds)
        )
        self._collections.load(name)
        counted = self._call(
            "count a collection",
            lambda client: client.query(
                name,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=self._collections.bulk_timeout_seconds,
            ),
        )
        count = int(counted[0]["count(*)"])
        if count != len(written):
            raise VectorsUnavailableError(
                f"Milvus holds {count} vectors of the {len(written)} that were written into {name!r}.",
                hint="The former collection is still served. Look into Milvus's log, then rebuild again.",
            )
        return count

    def _write(self, name: str, templates: Sequence[StoredTemplate]) -> None:
        # The last of those with one id: servers differ on what they make of two in a request.
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

    def _delete_rows(self, name: str, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        matching = self._session.filtered(
            "tenant_id == {tenant} and template_id in {ids}", {"tenant": tenant_id, "ids": template_ids}
        )
        self._call("delete", lambda client: client.delete(name, timeout=self._timeout, **matching))

    def _nearest(self, name: str, tenant_id: TenantId, probes: Float32Array, limit: int) -> list[list[Hit]]:
        matching = self._session.filtered("tenant_id == {tenant}", {"tenant": tenant_id})
        found = self._call(
            "search",
            lambda client: client.search(
                name,
                data=list(np.asarray(probes, dtype=np.float32)),
                limit=limit,
                output_fields=_HIT_FIELDS,
                search_params={"metric_type": "COSINE", "params": {"nprobe": self._settings.nprobe}},
                anns_field="embedding",
                consistency_level="Strong",
                timeout=self._timeout,
                **matching,
            ),
        )
        return [sorted(map(_hit, hits), key=lambda hit: (-hit.score, hit.template_id)) for hits in found]

    def _ids_of(self, name: str, tenant_id: TenantId) -> set[TemplateId]:
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

    def _call(self, operation: str, action: Callable[[Any], Result]) -> Result:
        return self._session.call(operation, action)


def _hit(found: Any) -> Hit:
    fields = found["entity"]
    score = min(1.0, max(-1.0, float(found["distance"])))
    return Hit(TemplateId(UUID(fields["template_id"])), fields["person_kind"], UUID(fields["person_id"]), score)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
