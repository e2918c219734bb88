"""What the domain asks of a vector store and of an object store. Implementations stand beside this module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from contracts.base import PersonKind, TemplateId, TenantId
from footfall.vision.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class StoredTemplate:
    """One vector as both stores know it. `vector`: (512,) float32, L2 norm 1."""

    template_id: TemplateId
    tenant_id: TenantId
    person_kind: PersonKind
    person_id: UUID
    vector: Float32Array


@dataclass(frozen=True, slots=True)
class Hit:
    """A neighbour of a probe; `score` is the cosine."""

    template_id: TemplateId
    person_kind: PersonKind
    person_id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild of the collection did. `previous` is kept for rollback."""

    collection: str
    previous: str | None
    vectors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ServedState:
    """What the alias serves now. `former`: what a roll-back would serve; `nprobe`: clusters that a search looks into,
    None where every vector is compared."""

    collection: str
    former: str | None
    nprobe: int | None


class BuiltCollection(Protocol):
    """A collection that a rebuild has filled and nobody is served from yet. Raises VectorsUnavailableError."""

    @property
    def name(self) -> str: ...

    @property
    def nlist(self) -> int | None:
        """Clusters of its index; None where every vector is compared."""
        ...

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]: ...

    def vectors(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> dict[TemplateId, Float32Array]:
        """The (512,) vectors of those of the tenant's templates that it holds."""
        ...

    def search(
        self, tenant_id: TenantId, probes: Float32Array, *, limit: int, nprobe: int | None = None
    ) -> list[list[Hit]]:
        """As VectorStore.search. `nprobe`: clusters to look into; None for as many as were chosen."""
        ...

    def choose_nprobe(self, nprobe: int) -> None:
        """Has every search in this collection, in any process, look into so many clusters."""
        ...


Verify = Callable[[BuiltCollection], None]
"""Looks at a filled collection before it is served; raises FootfallError to have it dropped."""


class VectorStore(Protocol):
    """Templates of one or many tenants, one collection per model version behind one alias.

    Every method raises VectorsUnavailableError when the server is away, and all but `ensure`, `rebuild`, `ping` and
    `close` also while no collection was made. What was written is found by the next call of any method, in any
    process. Thread-safe.
    """

    def ensure(self, model_version: str) -> None:
        """Makes the collection of `model_version`, its index and the alias, where missing. Idempotent, also when
        several processes do it at once. Raises ConfigurationError when the alias's collection has another dimension,
        ModelVersionMismatchError when it is of another model version: `rebuild` then brings this one into service."""
        ...

    def upsert(self, model_version: str, templates: Sequence[StoredTemplate]) -> None:
        """Writes templates, in place of those with the same id. Several hundred go in one request each; when a later
        request fails, the former ones stay written, and writing all again is safe.
        Raises EmbeddingInvalidError for a vector that is not (512,) of norm 1, before anything is written, and
        ModelVersionMismatchError when the alias serves another model version."""
        ...

    def delete(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> None:
        """Deletes those of the tenant's templates, from what is served and from what is kept from before; ids of other
        tenants are left alone, missing ones ignored."""
        ...

    def erase(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> int:
        """Deletes those of the tenant's templates, or all of them, from every collection of the alias, also such that
        are being filled: a rebuild that is overtaken so fails, and is to be begun again. Then has what was deleted
        leave the disk, where the store can. How many collections there were; none at all is nothing to erase."""
        ...

    def remaining(self, tenant_id: TenantId, template_ids: Sequence[TemplateId] | None) -> tuple[int, int]:
        """How many of the tenant's templates, of those ids or all, any collection of the alias still holds, read so
        that every write before is seen; and how many collections there are."""
        ...

    def search(self, tenant_id: TenantId, model_version: str, probes: Float32Array, *, limit: int) -> list[list[Hit]]:
        """For each of the (n, 512) probes the nearest templates of that tenant, best first, at most `limit` (1 to
        16,384). Raises ModelVersionMismatchError when the alias serves another model version, EmbeddingInvalidError
        for probes that are not of norm 1, InputError for another limit."""
        ...

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        """Every id the alias's collection holds for the tenant."""
        ...

    def rebuild(
        self,
        model_version: str,
        templates: Iterable[StoredTemplate],
        *,
        verify: Verify | None = None,
        late: Iterable[StoredTemplate] = (),
    ) -> RebuildReport:
        """Fills a fresh collection, checks its count, has `verify` look at it, adds what came `late`, counts again,
        points the alias at it and keeps the former one.

        `templates` is read to its end, in batches, before `verify` is called, and `late` after it. What others write
        meanwhile goes to the former collection: the caller holds them back or mends the difference from its record.
        When the rebuild fails, also by an error of an iterable or of `verify`, what was served stays served.
        """
        ...

    def rollback(self, model_version: str) -> RebuildReport:
        """Serves the former collection again, and keeps the one that was served, so that doing it twice changes
        nothing. What was written since the switch is not in it: the caller mends it from the record. `vectors` counts
        what it holds. Raises VectorsUnavailableError when no former collection of that model version is kept."""
        ...

    def forget(self, model_version: str) -> int:
        """Drops every collection of that version but one that is served; how many."""
        ...

    def served(self) -> ServedState:
        """What searches go to now."""
        ...

    def ping(self) -> str:
        """A short description of the server."""
        ...

    def close(self) -> None: ...


BucketKind = Literal["raw", "derived"]


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size_bytes: int
    modified_at: datetime


class ObjectStore(Protocol):
    """Images by key. Keys are made here from the tenant's id and a name, so that none can leave its tenant.

    Every method raises ObjectsUnavailableError when the server is away and, but for `ensure`, while
    the buckets are missing; ConfigurationError when the server refuses the keys. Thread-safe.
    """

    def ensure(self) -> None:
        """Makes the buckets and the raw bucket's lifecycle rule, where missing. Idempotent, also when several processes
        do it at once. Raises ConfigurationError when the server does not keep the rule."""
        ...

    def put(self, tenant_id: TenantId, bucket: BucketKind, name: str, data: bytes, content_type: str) -> str:
        """Stores, in place of what is there, and answers the key, `<tenant_id>/<name>`. Raises InputError for a name
        that is not plain: at most 512 of letters, digits and `-_./`, with 1 to 200 between two slashes that are
        neither `.` nor `..`."""
        ...

    def get(self, tenant_id: TenantId, bucket: BucketKind, key: str) -> bytes:
        """Raises NotFoundError for a missing key and for one of another tenant."""
        ...

    def delete(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str]) -> None:
        """Missing keys are ignored; a key of another tenant raises NotFoundError before anything is deleted."""
        ...

    def erase(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> int:
        """As `delete`, with every version and delete marker where the bucket keeps versions; `keys` None: everything of
        the tenant. How many objects and versions were asked to go."""
        ...

    def remaining(self, tenant_id: TenantId, bucket: BucketKind, keys: Sequence[str] | None) -> int:
        """How many objects of the tenant, of those keys or all, the bucket still holds, versions included."""
        ...

    def list(self, tenant_id: TenantId, bucket: BucketKind) -> Iterator[StoredObject]:
        """Every object of the tenant, fetched as the iterator is read; errors come while reading."""
        ...

    def lifecycle_days(self, bucket: BucketKind) -> int | None:
        """Days after which the bucket's rule expires objects, read back from the server."""
        ...

    def ping(self) -> str: ...
