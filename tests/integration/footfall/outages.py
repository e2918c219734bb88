"""Stores that fail where a test says so, over the in-memory ones: before doing their work, or after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.base import TemplateId, TenantId
from footfall.errors import ObjectsUnavailableError, VectorsUnavailableError
from footfall.settings import MilvusSettings, S3Settings
from footfall.stores.base import BucketKind, Hit, StoredTemplate
from footfall.stores.standins import MemoryObjectStore, MemoryVectorStore
from footfall.vision.types import Float32Array


@dataclass
class Outage:
    """`away`: operations that fail at once. `lost_answer`: those that do their work and then fail, as a timeout does.
    `before`: what to do when an operation begins."""

    away: set[str] = field(default_factory=set)
    lost_answer: set[str] = field(default_factory=set)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)

    def strikes_before(self, operation: str) -> bool:
        if operation in self.before:
            self.before[operation]()
        return operation in self.away


class FailingVectors(MemoryVectorStore):
    def __init__(self, outage: Outage) -> None:
        super().__init__(MilvusSettings())
        self.outage = outage

    def upsert(self, model_version: str, templates: Sequence[StoredTemplate]) -> None:
        self._begin("upsert")
        super().upsert(model_version, templates)
        self._end("upsert")

    def delete(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        self._begin("delete")
        super().delete(tenant_id, template_ids)
        self._end("delete")

    def erase(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> int:
        self._begin("erase")
        return super().erase(tenant_id, template_ids)

    def search(self, tenant_id: TenantId, model_version: str, probes: Float32Array, *, limit: int) -> list[list[Hit]]:
        self._begin("search")
        return super().search(tenant_id, model_version, probes, limit=limit)

    def _begin(self, operation: str) -> None:
        if self.outage.strikes_before(f"vectors.{operation}"):
            raise VectorsUnavailableError("The test's vector store is away.")

    def _end(self, operation: str) -> None:
        if f"vectors.{operation}" in self.outage.lost_answer:
            raise VectorsUnavailableError("The test's vector store did not answer in time.")


class FailingObjects(MemoryObjectStore):
    def __init__(self, outage: Outage) -> None:
        super().__init__(S3Settings())
        self.outage = outage

    def put(self, tenant_id: TenantId, bucket: BucketKind, name: str, data: bytes, content_type: str) -> str:
        self._begin("put")
        self._begin(f"put {name.rsplit('/', 1)[-1]}")
        key = super().put(tenant_id, bucket, name, data, content_type)
        if "objects.put" in self.outage.lost_answer:
            raise ObjectsUnavailableError("The test's object store did not answer in time.")
        return key

    def delete(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str]) -> None:
        self._begin("delete")
        super().delete(tenant_id, bucket, keys)

    def _begin(self, operation: str) -> None:
        if self.outage.strikes_before(f"objects.{operation}"):
            raise ObjectsUnavailableError("The test's object store is away.")
