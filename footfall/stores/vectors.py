"""The vector store over Milvus: collections behind one alias, and what the domain asks of them. No connection is made
here (`footfall.stores.milvus` does), and nobody is recognised."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from pymilvus import DataType, MilvusClient

from contracts.base import TemplateId, TenantId
from contracts.events import EMBEDDING_DIMENSION
from footfall.errors import ConfigurationError, FootfallError, VectorsUnavailableError
from footfall.settings import MilvusSettings, Settings
from footfall.stores.base import Hit, RebuildReport, StoredTemplate, VectorStore
from footfall.stores.milvus import MilvusSession, MissingCollectionError, NameTakenError, UnloadedCollectionError
from footfall.stores.rules import (
    CollectionNames,
    check_limit,
    check_probes,
    check_templates,
    empty_alias,
    other_version,
)
from footfall.stores.standins import MemoryVectorStore
from footfall.vision.types import Float32Array

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

_BATCH_ROWS = 500
"""Rows of one request: a megabyte of vectors, far under gRPC's limits."""

_PAGE_ROWS = 5_000
_BULK_FACTOR = 12.0
"""Creating, filling and loading a collection may take this many times the timeout of an ordinary call."""

_PERSON_FIELDS = ["person_kind", "person_id"]


def open_vectors(settings: Settings) -> VectorStore:
    """The store that the settings name; connects on first use. Raises ConfigurationError for an unusable address."""
    return MemoryVectorStore(settings.milvus) if settings.offline else MilvusVectorStore(settings.milvus)


class MilvusVectorStore:
    """See VectorStore. Each call asks the server which collection the alias serves and works on that one by its own
    name, so that no call mixes two model versions while another process switches the alias."""

    def __init__(self, settings: MilvusSettings) -> None:
        self._settings = settings
        self._timeout = settings.timeout_seconds
        self._bulk_timeout = settings.timeout_seconds * _BULK_FACTOR
        self._session = MilvusSession(settings)
        self._names = CollectionNames(settings.alias)

    def ensure(self, model_version: str) -> None:
        """Also raises ModelVersionMismatchError when the alias serves another model version."""
        if self._served_or_none() is None:
            self._make_first(model_version)
        self._on_served(self._require_dimensions)
        self._on_served(self._load, model_version)

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
        """Writes that come meanwhile go through the alias to the former collection and are missing from the fresh
        one: the caller reads the record once more after the switch and mends the difference. A rebuild that fails
        leaves the alias as it was and drops what it had filled. Collections older than the former one are dropped."""
        began = time.monotonic()
        fresh = self._create(model_version)
        try:
            count = self._fill(fresh, templates)
            former = self._served_or_none()
            self._switch(fresh)
        except (FootfallError, MissingCollectionError, UnloadedCollectionError, NameTakenError) as error:
            self._discard(fresh)
            if isinstance(error, FootfallError):
                raise
            raise VectorsUnavailableError("Another process removed the collection that was being filled.") from error
        if former:
            for name in self._names.older_than(self._collections(), fresh, former):
                self._discard(name)
        return RebuildReport(fresh, former, count, time.monotonic() - began)

    def ping(self) -> str:
        version = self._call("say its version", lambda client: str(client.get_server_version(timeout=self._timeout)))
        return f"Milvus {version}"

    def close(self) -> None:
        self._session.close()

    # --- collections and the alias ------------------------------------------------------------------

    def _on_served(self, action: Callable[[str], Result], model_version: str | None = None) -> Result:
        """`action` over the name of the served collection, once more when it was switched away or unloaded."""
        served = self._served(model_version)
        try:
            return action(served)
        except UnloadedCollectionError:
            self._load(served)
        except MissingCollectionError:
            served = self._served(model_version)
        try:
            return action(served)
        except (UnloadedCollectionError, MissingCollectionError) as error:
            raise empty_alias(self._names.alias) from error

    def _served(self, model_version: str | None = None) -> str:
        served = self._served_or_none()
        if served is None:
            raise empty_alias(self._names.alias)
        if model_version is not None:
            self._require_version(served, model_version)
        return served

    def _served_or_none(self) -> str | None:
        try:
            described = self._call(
                "resolve its alias", lambda client: client.describe_alias(self._names.alias, timeout=self._timeout)
            )
        except MissingCollectionError:
            return None
        return str(described["collection_name"])

    def _require_version(self, served: str, model_version: str) -> None:
        if not served.startswith(self._names.of_version(model_version)):
            raise other_version(self._names.alias, model_version)

    def _make_first(self, model_version: str) -> None:
        """Several processes may do this at once: the alias goes to one, and the others drop what they made."""
        made = self._create(model_version)
        with suppress(NameTakenError):
            self._call(
                "create its alias", lambda client: client.create_alias(made, self._names.alias, timeout=self._timeout)
            )
        if self._served_or_none() != made:
            self._discard(made)

    def _create(self, model_version: str) -> str:
        name = self._names.new_build(model_version)
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("template_id", DataType.VARCHAR, is_primary=True, max_length=36)
        schema.add_field("tenant_id", DataType.VARCHAR, is_partition_key=True, max_length=36)
        schema.add_field("person_kind", DataType.VARCHAR, max_length=16)
        schema.add_field("person_id", DataType.VARCHAR, max_length=36)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=EMBEDDING_DIMENSION)
        index = MilvusClient.prepare_index_params()
        index.add_index(
            "embedding", index_type="IVF_FLAT", metric_type="COSINE", params={"nlist": self._settings.nlist}
        )
        self._call(
            "create a collection",
            lambda client: client.create_collection(
                name, schema=schema, index_params=index, consistency_level="Strong", timeout=self._bulk_timeout
            ),
        )
        return name

    def _switch(self, fresh: str) -> None:
        alias = self._names.alias
        try:
            self._call("switch its alias", lambda client: client.alter_alias(fresh, alias, timeout=self._timeout))
        except MissingCollectionError:
            self._call("create its alias", lambda client: client.create_alias(fresh, alias, timeout=self._timeout))

    def _require_dimensions(self, name: str) -> None:
        described = self._call(
            "describe a collection", lambda client: client.describe_collection(name, timeout=self._timeout)
        )
        dimensions = [field["params"]["dim"] for field in described["fields"] if "dim" in field["params"]]
        if dimensions != [EMBEDDING_DIMENSION]:
            raise ConfigurationError(
                f"The collection {name!r} holds vectors of {dimensions} numbers, not {EMBEDDING_DIMENSION}.",
                hint="Set FOOTFALL_MILVUS__ALIAS to a name that nothing else uses, or rebuild the gallery.",
            )

    def _collections(self) -> list[str]:
        return [
            str(name)
            for name in self._call("list collections", lambda client: client.list_collections(timeout=self._timeout))
        ]

    def _load(self, name: str) -> None:
        self._call("load a collection", lambda client: client.load_collection(name, timeout=self._bulk_timeout))

    def _discard(self, name: str) -> None:
        """Drops a collection that nobody needs; one that cannot be dropped is left to the next rebuild."""
        try:
            self._call("drop a collection", lambda client: client.drop_collection(name, timeout=self._timeout))
        except (FootfallError, MissingCollectionError) as error:
            logger.warning("the collection %s could not be dropped: %s", name, error)

    # --- rows ---------------------------------------------------------------------------------------

    def _fill(self, name: str, templates: Iterable[StoredTemplate]) -> int:
        """Writes all into `name`, makes it searchable and answers how many it holds."""
        written: set[TemplateId] = set()
        for batch in _batches(templates, _BATCH_ROWS):
            check_templates(batch)
            self._write(name, batch)
            written.update(template.template_id for template in batch)
        self._call("flush a collection", lambda client: client.flush(name, timeout=self._bulk_timeout))
        self._load(name)
        counted = self._call(
            "count a collection",
            lambda client: client.query(
                name, filter="", output_fields=["count(*)"], consistency_level="Strong", timeout=self._bulk_timeout
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
        rows = [
            {
                "template_id": str(template.template_id),
                "tenant_id": str(template.tenant_id),
                "person_kind": template.person_kind,
                "person_id": str(template.person_id),
                "embedding": template.vector,
            }
            for template in templates
        ]
        self._call("write", lambda client: client.upsert(name, rows, timeout=self._timeout))

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
                data=list(probes),
                limit=limit,
                output_fields=_PERSON_FIELDS,
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
    person = found["entity"]
    score = min(1.0, max(-1.0, float(found["distance"])))
    return Hit(TemplateId(UUID(found["template_id"])), person["person_kind"], UUID(person["person_id"]), score)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
