"""Whether the stores hold what the record says they hold: images that rows name, templates that a search can compare.
Drift between Postgres and the vector store is `footfall.gallery`'s; what follows is the operators' business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import numpy as np
from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.data_quality import Finding
from footfall.gallery import gallery_templates
from footfall.stores.base import BucketKind, ObjectStore, StoredTemplate
from footfall.stores.postgres import object_keys
from footfall.stores.postgres.quality import slug
from footfall.templates import NORM_TOLERANCE
from footfall.tenancy import tenant_transaction

RAW_LOOKED_AT = timedelta(hours=20)
"""Older raw images may have reached their tenant's term, which may be a day."""

SETTLING = timedelta(minutes=10)
"""An event's image is stored just before its row; a row that is younger may be about to be undone."""

_TEMPLATES_LOOKED_AT = 2000
_LEAST_COMPARED = 10
_SPREAD_FLOOR = 1e-3
"""Templates of different faces differ; a mean this close to each of them says that they are copies of one vector."""


def missing_images(
    engine: Engine, objects: ObjectStore, tenant_ids: Iterable[TenantId], now: datetime
) -> Iterator[Finding]:
    """Rows whose image the object store does not hold: photographs and crops of staff, and raw images of the latest
    events. Counted; no key is told. Raises ObjectsUnavailableError and PostgresUnavailableError."""
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            tenant = slug(connection)
            named: dict[BucketKind, frozenset[str]] = {
                "derived": object_keys.recorded(connection, "derived"),
                "raw": object_keys.recorded_between(connection, since=now - RAW_LOOKED_AT, until=now - SETTLING),
            }
        if tenant is None:
            continue
        for bucket, keys in named.items():
            missing = keys - {item.key for item in objects.list(tenant_id, bucket)} if keys else frozenset()
            if missing:  # a row that was deleted meanwhile took its image with it
                with tenant_transaction(engine, tenant_id) as connection:
                    missing &= object_keys.recorded(connection, bucket)
            if missing:
                yield Finding(tenant, f"{bucket} images", f"are missing of {len(missing)} of {len(keys)} rows")


def odd_templates(engine: Engine, tenant_ids: Iterable[TenantId], model_version: str) -> Iterator[Finding]:
    """Tenants whose stored templates are not of norm 1, not finite, or all alike: a search compares them by their
    cosine, which is then wrong for everybody. Raises PostgresUnavailableError."""
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            tenant = slug(connection)
        if tenant is None:
            continue
        sample = list(islice(gallery_templates(engine, tenant_id, model_version), _TEMPLATES_LOOKED_AT))
        yield from faults_of_templates(tenant, sample)


def faults_of_templates(tenant: str, sample: Sequence[StoredTemplate]) -> Iterator[Finding]:
    """Pure part of `odd_templates`."""
    if not sample:
        return
    vectors = np.stack([template.vector for template in sample]).astype(np.float64)
    finite = np.isfinite(vectors).all(axis=1)
    norms = np.linalg.norm(vectors[finite], axis=1)
    wrong = int((~finite).sum() + (np.abs(norms - 1.0) > NORM_TOLERANCE).sum())
    if wrong:
        yield Finding(
            tenant,
            "templates",
            f"are not of norm 1 in {wrong} of {len(sample)} looked at; their mean norm is "
            f"{float(norms.mean()) if len(norms) else float('nan'):.4f}",
        )
    if len(norms) >= _LEAST_COMPARED and float(vectors[finite].std(axis=0).max()) < _SPREAD_FLOOR:
        yield Finding(tenant, "templates", f"are all alike in {len(sample)} looked at: the embedder sees no face")
