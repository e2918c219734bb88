"""The vector store over Milvus: which collection a call goes to, rebuilding it and going back. Rows, collections and
connections are the modules' beside this one; nobody is recognised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from contracts.base import TemplateId, TenantId
from footfall.errors import VectorsUnavailableError
from footfall.settings import MilvusSettings, Settings
from footfall.stores.base import Hit, RebuildReport, ServedState, StoredTemplate, VectorStore, Verify
from footfall.stores.milvus import MilvusSession, MissingCollectionError, UnloadedCollectionError
from footfall.stores.milvus_collections import MilvusCollections
from footfall.stores.milvus_rows import BATCH_ROWS, MilvusBuild, MilvusRows, batches
from footfall.stores.rules import (
    check_limit,
    check_probes,
    check_templates,
    not_in_memory,
    nothing_former,
    vanished,
)
from footfall.stores.standins import MemoryVectorStore
from footfall.vision.types import Float32Array

Result = TypeVar("Result")

_ATTEMPTS = 3
"""A rebuild drops a collection two switches after it was served; nobody is overtaken by that three times."""


def open_vectors(settings: Settings) -> VectorStore:
    """The store that the settings name; connects on first use. Raises ConfigurationError for an unusable address."""
    return MemoryVectorStore(settings.milvus) if settings.offline else MilvusVectorStore(settings.milvus)


class MilvusVectorStore:
    """See VectorStore. Each call asks the server which collection the alias serves and works on that one by its own
    name, so that no call mixes two model versions while another process switches the alias. A search asks while the
    collection that was served before is searched, and throws that answer away when another is served now."""

    def __init__(self, settings: MilvusSettings) -> None:
        self._settings = settings
        self._session = MilvusSession(settings)
        self._collections = MilvusCollections(self._session, settings)
        self._rows = MilvusRows(self._session, self._collections, settings.timeout_seconds)
        self._searched: dict[str, str] = {}
        """By model version, the collection that answered last."""

    def ensure(self, model_version: str) -> None:
        """Also raises ModelVersionMismatchError when the alias serves another model version."""
        if self._collections.served_or_none() is None:
            self._collections.make_first(model_version)
        self._on_served(self._collections.require_dimensions)
        self._on_served(self._collections.load, model_version)

    def upsert(self, model_version: str, templates: Sequence[StoredTemplate]) -> None:
        check_templates(templates)
        for batch in batches(templates, BATCH_ROWS):
            self._on_served(partial(self._rows.write, templates=batch), model_version)
        if templates:
            self._on_served(self._rows.await_seen)

    def delete(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        if not template_ids:
            return
        for batch in batches(template_ids, BATCH_ROWS):
            self._on_served(partial(self._rows.delete, tenant_id=tenant_id, template_ids=batch))
        for kept in self._collections.kept_before(self._collections.served()):
            for batch in batches(template_ids, BATCH_ROWS):
                with suppress(MissingCollectionError):  # dropped in between, with all that was in it
                    self._on_loaded(partial(self._rows.delete, tenant_id=tenant_id, template_ids=batch), kept)
        if template_ids:
            self._on_served(self._rows.await_seen)

    def erase(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> int:
        names = self._collections.all_of_alias()
        for name in names:
            with suppress(MissingCollectionError):  # dropped in between, with all that was in it
                self._on_loaded(partial(self._erase_from, tenant_id=tenant_id, template_ids=template_ids), name)
                self._collections.settle(name)
        return len(names)

    def remaining(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> tuple[int, int]:
        names, found = self._collections.all_of_alias(), 0
        for name in names:
            with suppress(MissingCollectionError):
                found += self._on_loaded(partial(self._count_in, tenant_id=tenant_id, template_ids=template_ids), name)
        return found, len(names)

    def search(self, tenant_id: TenantId, model_version: str, probes: Float32Array, *, limit: int) -> list[list[Hit]]:
        check_limit(limit)
        check_probes(probes)
        if not len(probes):
            return []
        found = self._in_last_searched(tenant_id, model_version, probes, limit)
        if found is not None:
            return found

        def nearest(name: str) -> list[list[Hit]]:
            hits = self._rows.nearest(name, tenant_id, probes, limit)
            self._searched[model_version] = name
            return hits

        return self._on_served(nearest, model_version)

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        return self._on_served(lambda name: self._rows.ids_of(name, tenant_id))

    def rebuild(
        self,
        model_version: str,
        templates: Iterable[StoredTemplate],
        *,
        verify: Verify | None = None,
        late: Iterable[StoredTemplate] = (),
    ) -> RebuildReport:
        """Also drops what it had filled when it fails, and collections older than the former one when it succeeds."""
        began = time.monotonic()
        fresh = self._collections.create(model_version)
        switched = False
        try:
            written: set[TemplateId] = set()
            self._fill(fresh, templates, written)
            self._collections.finish(fresh)
            self._require_count(fresh, written)
            if verify is not None:
                verify(MilvusBuild(fresh, self._collections.nlist(fresh), self._rows, self._collections))
            if self._fill(fresh, late, written):
                self._require_count(fresh, written)
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
        return RebuildReport(fresh, former, len(written), time.monotonic() - began)

    def rollback(self, model_version: str) -> RebuildReport:
        began = time.monotonic()
        served = self._collections.served()
        former = self._collections.former_of(served, model_version)
        if former is None:
            raise nothing_former(self._settings.alias, model_version)
        try:
            self._collections.require_dimensions(former)
            self._collections.load(former)
            count = self._rows.count(former)
            self._collections.switch(former)
        except MissingCollectionError as error:  # dropped since it was listed
            raise nothing_former(self._settings.alias, model_version) from error
        return RebuildReport(former, served, count, time.monotonic() - began)

    def forget(self, model_version: str) -> int:
        return self._collections.discard_version(model_version)

    def served(self) -> ServedState:
        name = self._collections.served()
        return ServedState(name, self._collections.former_of(name, None), self._on_served(self._collections.nprobe))

    def ping(self) -> str:
        timeout = self._settings.timeout_seconds
        version = self._session.call("say its version", lambda client: str(client.get_server_version(timeout=timeout)))
        return f"Milvus {version}"

    def close(self) -> None:
        self._session.close()

    def _erase_from(self, name: str, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> None:
        wanted = sorted(self._rows.ids_of(name, tenant_id)) if template_ids is None else template_ids
        for batch in batches(wanted, BATCH_ROWS):
            self._rows.delete(name, tenant_id, batch)
        self._rows.await_seen(name)

    def _count_in(self, name: str, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> int:
        if template_ids is None:
            return len(self._rows.ids_of(name, tenant_id))
        return len(self._rows.vectors(name, tenant_id, template_ids))

    def _in_last_searched(
        self, tenant_id: TenantId, model_version: str, probes: Float32Array, limit: int
    ) -> list[list[Hit]] | None:
        """What the collection finds that was searched last for the model version; None where that is not served now, or
        does not answer. Which one is served is asked after this call began, so that it is as fresh as if asked first.
        """
        name = self._searched.get(model_version)
        if name is None:
            return None
        answer = self._rows.ask_nearest(name, tenant_id, probes, limit)
        if self._collections.served(model_version) != name:
            return None
        try:
            return answer()
        except (MissingCollectionError, UnloadedCollectionError, VectorsUnavailableError):
            return None  # asked once more: without waiting, pymilvus tries once alone

    def _on_served(self, action: Callable[[str], Result], model_version: str | None = None) -> Result:
        """`action` over the name of the served collection; again when it was switched away or not loaded."""
        for _ in range(_ATTEMPTS):
            served = self._collections.served(model_version)
            try:
                return self._on_loaded(action, served)
            except MissingCollectionError:
                failure = vanished(self._settings.alias)
            except UnloadedCollectionError:
                failure = not_in_memory(served)
        raise failure

    def _on_loaded(self, action: Callable[[str], Result], name: str) -> Result:
        try:
            return action(name)
        except UnloadedCollectionError:
            self._collections.load(name)
        return action(name)

    def _fill(self, name: str, templates: Iterable[StoredTemplate], written: set[TemplateId]) -> int:
        """Writes all into `name`, and their ids into `written`. How many there were."""
        rows = 0
        for batch in batches(templates, BATCH_ROWS):
            check_templates(batch)
            self._rows.write(name, batch)
            written.update(template.template_id for template in batch)
            rows += len(batch)
        return rows

    def _require_count(self, name: str, written: set[TemplateId]) -> None:
        """Counted as a strong read, after which every search sees the rows."""
        count = self._rows.count(name)
        if count != len(written):
            raise VectorsUnavailableError(
                f"Milvus holds {count} vectors of the {len(written)} that were written into {name!r}.",
                hint="The former collection is still served. Look into Milvus's log, then rebuild again.",
            )
