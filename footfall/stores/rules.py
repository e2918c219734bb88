"""Rules that a store and its stand-in apply alike: object keys, shapes of vectors, names of collections. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import numpy as np

from contracts.base import TenantId
from contracts.events import EMBEDDING_DIMENSION
from footfall.errors import (
    EmbeddingInvalidError,
    InputError,
    ModelVersionMismatchError,
    NotFoundError,
    ObjectsUnavailableError,
    VectorsUnavailableError,
)
from footfall.stores.base import StoredTemplate
from footfall.vision.types import Float32Array

MAX_HITS = 16_384
"""Milvus's own limit on the hits of a search."""

_NORM_TOLERANCE = 1e-3
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,512}")
_PART = re.compile(r"(?!\.{1,2}$)[^/]{1,200}")
"""What stands between two slashes. S3 allows 1,024 bytes for a key, but servers keep parts as names of files."""

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def object_key(tenant_id: TenantId, name: str) -> str:
    """`<tenant_id>/<name>`. Raises InputError for a name that is not plain: see `ObjectStore.put`."""
    if not _NAME.fullmatch(name) or not all(_PART.fullmatch(part) for part in name.split("/")):
        raise InputError(
            "The object's name is not plain.",
            hint="Letters, digits, dots, hyphens, underscores and single inner slashes, 512 at most; between slashes "
            "200 at most and neither '.' nor '..'.",
        )
    return f"{tenant_id}/{name}"


def owned_key(tenant_id: TenantId, key: str) -> str:
    """`key`, when it is one that `object_key` makes for the tenant. Raises NotFoundError otherwise: whether another
    tenant has such an object is not said."""
    prefix = f"{tenant_id}/"
    try:
        if key.startswith(prefix) and object_key(tenant_id, key.removeprefix(prefix)) == key:
            return key
    except InputError:
        pass
    raise missing_object()


def missing_object() -> NotFoundError:
    return NotFoundError("There is no such object.")


def missing_buckets() -> ObjectsUnavailableError:
    return ObjectsUnavailableError(
        "The object store has none of Footfall's buckets.", hint="`footfall up` makes them: `ObjectStore.ensure`."
    )


def empty_alias(alias: str) -> VectorsUnavailableError:
    return VectorsUnavailableError(
        f"The vector store serves no collection behind the alias {alias!r}.",
        hint="`footfall up` makes it; the job that rebuilds the gallery fills it from Postgres.",
    )


def vanished(alias: str) -> VectorsUnavailableError:
    return VectorsUnavailableError(
        f"The collection behind the alias {alias!r} was removed each time this call went to it.",
        hint="Rebuilds follow each other too fast, or the alias points at what is gone. Try again; if it stays, "
        "`footfall gallery rebuild`.",
    )


def not_in_memory(collection: str) -> VectorsUnavailableError:
    return VectorsUnavailableError(
        f"Milvus does not keep the collection {collection!r} in memory, though it was asked to load it.",
        hint="Its log says why: mostly the memory is too small, or something else releases the collection.",
    )


def nothing_former(alias: str, model_version: str) -> VectorsUnavailableError:
    return VectorsUnavailableError(
        f"No former collection of the model version {model_version!r} is kept behind the alias {alias!r}.",
        hint="Rebuild the gallery instead: `footfall gallery rebuild`.",
    )


def other_version(alias: str, model_version: str) -> ModelVersionMismatchError:
    return ModelVersionMismatchError(
        f"The vector store serves another model version than {model_version!r} behind the alias {alias!r}.",
        hint="Rebuild the gallery with the model that is in use, or go back to the model that is served.",
    )


def check_templates(templates: Sequence[StoredTemplate]) -> None:
    """Raises EmbeddingInvalidError unless every vector is (512,), finite and of L2 norm 1."""
    for template in templates:
        if template.vector.shape != (EMBEDDING_DIMENSION,):
            raise _invalid(f"of shape {template.vector.shape}, not ({EMBEDDING_DIMENSION},)")
        _check_norms(template.vector[np.newaxis])


def check_probes(probes: Float32Array) -> None:
    """Raises EmbeddingInvalidError unless `probes` is (n, 512), finite and of rows with L2 norm 1."""
    if probes.ndim != 2 or probes.shape[1] != EMBEDDING_DIMENSION:
        raise _invalid(f"of shape {probes.shape}, not (n, {EMBEDDING_DIMENSION})")
    _check_norms(probes)


def check_limit(limit: int) -> None:
    """Raises InputError outside 1 to MAX_HITS."""
    if not 1 <= limit <= MAX_HITS:
        raise InputError(f"A search gives between 1 and {MAX_HITS} hits, not {limit}.")


def _check_norms(rows: Float32Array) -> None:
    norms = np.linalg.norm(rows, axis=1)
    if not np.all(np.abs(norms - 1.0) <= _NORM_TOLERANCE):  # a NaN compares false, so it fails here too
        raise _invalid("not of length 1")


def _invalid(fault: str) -> EmbeddingInvalidError:
    return EmbeddingInvalidError(f"The vector store takes unit vectors; this one is {fault}.")


@dataclass(frozen=True, slots=True)
class CollectionNames:
    """Names of the collections behind one alias: `<alias>_<tag>_<model>_<tag>_<UTC time>_<random>`.

    The tags are digests of the exact alias and model version, so that neither an alias that begins like another nor
    two versions that differ in a hyphen are taken for each other.
    """

    alias: str

    @property
    def family(self) -> str:
        """What the name of every collection of this alias begins with."""
        return f"{self.alias}_{_tag(self.alias)}_"

    def of_version(self, model_version: str) -> str:
        """What the name of every collection of this alias and model version begins with."""
        plain = _NOT_PLAIN.sub("_", model_version.lower()).strip("_")[:64]
        return f"{self.family}{plain}_{_tag(model_version)}_"

    def new_build(self, model_version: str) -> str:
        """A name that no collection has."""
        return f"{self.of_version(model_version)}{datetime.now(UTC):%Y%m%dt%H%M%S%f}_{uuid4().hex[:8]}"

    def older_than(self, collections: Sequence[str], served: str, former: str) -> list[str]:
        """Those of the alias's collections that were begun before `former`. Younger ones may be rebuilds under way."""
        if not former.startswith(self.family):
            return []
        ours = [name for name in collections if name.startswith(self.family) and name not in {served, former}]
        return [name for name in ours if _began(name) < _began(former)]

    def begun_before(self, collections: Sequence[str], served: str) -> list[str]:
        """Those of the alias's other collections that were begun before `served`."""
        if not served.startswith(self.family):
            return []
        ours = [name for name in collections if name.startswith(self.family)]
        return [name for name in ours if _began(name) < _began(served)]

    def newest_beside(self, collections: Sequence[str], served: str, model_version: str | None) -> str | None:
        """Of the alias's other collections of the model version, or of any, the one that was begun last before
        `served`, else the one begun last. After a roll-back that is the one that was served before it."""
        start = self.family if model_version is None else self.of_version(model_version)
        others = [name for name in collections if name.startswith(start) and name != served]
        before = [name for name in others if served.startswith(self.family) and _began(name) < _began(served)]
        return max(before or others, key=_began, default=None)


def _tag(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]


def _began(collection: str) -> str:
    return collection.split("_")[-2]
