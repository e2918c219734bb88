"""In-memory stand-ins for Milvus and S3, for the offline mode and for tests. They keep the same promises and raise the
same errors; what they hold lives and dies with the process, and no other process sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from contracts.base import TemplateId, TenantId
from footfall.settings import MilvusSettings, S3Settings
from footfall.stores.base import (
    BucketKind,
    Hit,
    RebuildReport,
    ServedState,
    StoredObject,
    StoredTemplate,
    Verify,
)
from footfall.stores.rules import (
    CollectionNames,
    check_limit,
    check_probes,
    check_templates,
    empty_alias,
    missing_buckets,
    missing_object,
    nothing_former,
    object_key,
    other_version,
    owned_key,
)
from footfall.vision.types import Float32Array


@dataclass(slots=True)
class _Collection:
    name: str
    templates: dict[TemplateId, StoredTemplate] = field(default_factory=dict)
    nlist: None = None

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        return {key for key, template in self.templates.items() if template.tenant_id == tenant_id}

    def vectors(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> dict[TemplateId, Float32Array]:
        own = self.template_ids(tenant_id)
        return {key: self.templates[key].vector for key in template_ids if key in own}

    def search(
        self,
        tenant_id: TenantId,
        probes: Float32Array,
        *,
        limit: int,
        nprobe: int | None = None,  # noqa: ARG002  # there are no clusters
    ) -> list[list[Hit]]:
        own = [template for template in self.templates.values() if template.tenant_id == tenant_id]
        if not own:
            return [[] for _ in probes]
        scores = np.clip(probes @ np.stack([template.vector for template in own]).T, -1.0, 1.0)
        return [_best(own, row, limit) for row in scores]

    def choose_nprobe(self, nprobe: int) -> None:
        """Nothing: there are no clusters."""


class MemoryVectorStore:
    """Exact cosine search over a dict."""

    def __init__(self, settings: MilvusSettings) -> None:
        self._alias = settings.alias
        self._names = CollectionNames(settings.alias)
        self._lock = threading.RLock()
        self._served: _Collection | None = None
        self._former: _Collection | None = None

    def ensure(self, model_version: str) -> None:
        with self._lock:
            if self._served is None:
                self._served = _Collection(self._names.new_build(model_version))
            self._of_version(model_version)

    def upsert(self, model_version: str, templates: Sequence[StoredTemplate]) -> None:
        check_templates(templates)
        if not templates:
            return
        with self._lock:
            held = self._of_version(model_version).templates
            held.update((template.template_id, template) for template in templates)

    def delete(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        if not template_ids:
            return
        with self._lock:
            served = self._any_version()
            for held in (served.templates, {} if self._former is None else self._former.templates):
                for template_id in template_ids:
                    if template_id in held and held[template_id].tenant_id == tenant_id:
                        del held[template_id]

    def erase(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> int:
        with self._lock:
            for held in self._kept():
                wanted = held.template_ids(tenant_id)
                for template_id in wanted if template_ids is None else wanted.intersection(template_ids):
                    del held.templates[template_id]
            return len(self._kept())

    def remaining(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> tuple[int, int]:
        with self._lock:
            found = [held.template_ids(tenant_id) for held in self._kept()]
        wanted = [ids if template_ids is None else ids.intersection(template_ids) for ids in found]
        return sum(map(len, wanted)), len(found)

    def search(self, tenant_id: TenantId, model_version: str, probes: Float32Array, *, limit: int) -> list[list[Hit]]:
        check_limit(limit)
        check_probes(probes)
        if not len(probes):
            return []
        with self._lock:
            return self._of_version(model_version).search(tenant_id, probes, limit=limit)

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        with self._lock:
            return self._any_version().template_ids(tenant_id)

    def rebuild(
        self,
        model_version: str,
        templates: Iterable[StoredTemplate],
        *,
        verify: Verify | None = None,
        late: Iterable[StoredTemplate] = (),
    ) -> RebuildReport:
        began = time.monotonic()
        fresh = _Collection(self._names.new_build(model_version))
        for template in templates:
            check_templates([template])
            fresh.templates[template.template_id] = template
        if verify is not None:
            verify(fresh)
        for template in late:
            check_templates([template])
            fresh.templates[template.template_id] = template
        with self._lock:
            self._former, self._served = self._served, fresh
            previous = self._former
        return RebuildReport(
            fresh.name, previous.name if previous else None, len(fresh.templates), time.monotonic() - began
        )

    def rollback(self, model_version: str) -> RebuildReport:
        began = time.monotonic()
        with self._lock:
            served, former = self._any_version(), self._former
            if former is None or not former.name.startswith(self._names.of_version(model_version)):
                raise nothing_former(self._alias, model_version)
            self._served, self._former = former, served
        return RebuildReport(former.name, served.name, len(former.templates), time.monotonic() - began)

    def forget(self, model_version: str) -> int:
        with self._lock:
            former = self._former
            if former is None or not former.name.startswith(self._names.of_version(model_version)):
                return 0
            self._former = None
            return 1

    def served(self) -> ServedState:
        with self._lock:
            served = self._any_version()
            return ServedState(served.name, None if self._former is None else self._former.name, None)

    def ping(self) -> str:
        return "in-memory vectors"

    def close(self) -> None:
        """Nothing to release."""

    def _kept(self) -> list[_Collection]:
        return [held for held in (self._served, self._former) if held is not None]

    def _any_version(self) -> _Collection:
        if self._served is None:
            raise empty_alias(self._alias)
        return self._served

    def _of_version(self, model_version: str) -> _Collection:
        served = self._any_version()
        if not served.name.startswith(self._names.of_version(model_version)):
            raise other_version(self._alias, model_version)
        return served


def _best(own: Sequence[StoredTemplate], scores: Float32Array, limit: int) -> list[Hit]:
    hits = [
        Hit(template.template_id, template.person_kind, template.person_id, float(score))
        for template, score in zip(own, scores, strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.template_id))[:limit]


@dataclass(frozen=True, slots=True)
class _Object:
    data: bytes
    content_type: str
    modified_at: datetime


class MemoryObjectStore:
    """Buckets as dicts."""

    def __init__(self, settings: S3Settings) -> None:
        self._raw_retention_days = settings.raw_retention_days
        self._lock = threading.Lock()
        self._buckets: dict[BucketKind, dict[str, _Object]] | None = None

    def ensure(self) -> None:
        with self._lock:
            if self._buckets is None:
                self._buckets = {"raw": {}, "derived": {}}

    def put(self, tenant_id: TenantId, bucket: BucketKind, name: str, data: bytes, content_type: str) -> str:
        key = object_key(tenant_id, name)
        with self._lock:
            self._bucket(bucket)[key] = _Object(bytes(data), content_type, datetime.now(UTC))
        return key

    def get(self, tenant_id: TenantId, bucket: BucketKind, key: str) -> bytes:
        owned_key(tenant_id, key)
        with self._lock:
            held = self._bucket(bucket).get(key)
        if held is None:
            raise missing_object()
        return held.data

    def delete(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str]) -> None:
        owned = [owned_key(tenant_id, key) for key in keys]
        with self._lock:
            held = self._bucket(bucket)
            for key in owned:
                held.pop(key, None)

    def erase(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> int:
        wanted = [item.key for item in self.list(tenant_id, bucket)] if keys is None else list(keys)
        self.delete(tenant_id, bucket, wanted)
        return len(wanted)

    def remaining(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> int:
        held = {item.key for item in self.list(tenant_id, bucket)}
        return len(held if keys is None else held.intersection(keys))

    def list(self, tenant_id: TenantId, bucket: BucketKind) -> Iterator[StoredObject]:
        with self._lock:
            held = sorted(self._bucket(bucket).items())
        for key, value in held:
            if key.startswith(f"{tenant_id}/"):
                yield StoredObject(key, len(value.data), value.modified_at)

    def lifecycle_days(self, bucket: BucketKind) -> int | None:
        with self._lock:
            self._bucket(bucket)
        return self._raw_retention_days if bucket == "raw" else None

    def ping(self) -> str:
        with self._lock:
            self._bucket("raw")
        return "in-memory objects"

    def _bucket(self, bucket: BucketKind) -> dict[str, _Object]:
        if self._buckets is None:
            raise missing_buckets()
        return self._buckets[bucket]
