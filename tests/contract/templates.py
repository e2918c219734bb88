"""Templates and tenants for the contract tests, made of nothing but numbers."""

from __future__ import annotations

from uuid import uuid4

import numpy as np

from contracts.base import PersonKind, TemplateId, TenantId
from contracts.events import EMBEDDING_DIMENSION
from footfall.stores.base import Hit, StoredTemplate
from footfall.vision.types import Float32Array

VERSION = "mock-1"


def new_tenant() -> TenantId:
    return TenantId(uuid4())


def direction(axis: int) -> Float32Array:
    """(512,) of norm 1 along one axis: two of them have cosine 0."""
    vector = np.zeros(EMBEDDING_DIMENSION, np.float32)
    vector[axis] = 1.0
    return vector


def leaning(axis: int, towards: int, cosine: float) -> Float32Array:
    """(512,) of norm 1 whose cosine to `direction(axis)` is `cosine`, the rest along `towards`."""
    vector = np.zeros(EMBEDDING_DIMENSION, np.float32)
    vector[axis], vector[towards] = cosine, np.sqrt(1.0 - cosine**2)
    return vector


def template(tenant_id: TenantId, vector: Float32Array, *, kind: PersonKind = "customer") -> StoredTemplate:
    """A new template of a new person."""
    return StoredTemplate(TemplateId(uuid4()), tenant_id, kind, uuid4(), vector)


def templates(tenant_id: TenantId, count: int, *, seed: int = 0) -> list[StoredTemplate]:
    """`count` templates in random directions."""
    rows = np.random.default_rng(seed).normal(size=(count, EMBEDDING_DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [template(tenant_id, row) for row in rows]


def ids_of(held: list[StoredTemplate]) -> set[TemplateId]:
    return {item.template_id for item in held}


def found(hits: list[Hit]) -> list[TemplateId]:
    return [hit.template_id for hit in hits]
