"""The gallery as a whole: reading it out of Postgres, rebuilding the vector store from it, telling them apart.
Single templates come and go in `footfall.sightings` and `footfall.enrolment`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import TemplateId, TenantId
from footfall.stores.base import RebuildReport, StoredTemplate, VectorStore
from footfall.stores.postgres import customers as table
from footfall.stores.postgres import tenants
from footfall.stores.postgres.locks import lock_gallery
from footfall.templates import decode_vector
from footfall.tenancy import tenant_transaction, unbound_transaction

logger = logging.getLogger(__name__)

_BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Drift:
    """Where the vector store differs from Postgres. `missing`: people who are not found by these; `orphaned`: vectors
    of nobody, which match nobody but take up room and, being templates, must not stay."""

    missing: frozenset[TemplateId]
    orphaned: frozenset[TemplateId]

    @property
    def none(self) -> bool:
        return not self.missing and not self.orphaned


def list_tenant_ids(engine: Engine) -> list[TenantId]:
    """Every tenant, oldest first. Needs the operator's engine."""
    with unbound_transaction(engine) as connection:
        return tenants.all_ids(connection)


def gallery_templates(engine: Engine, tenant_id: TenantId, model_version: str) -> Iterator[StoredTemplate]:
    """Templates of the tenant's staff and customers, read in batches so that none is held for long: what is added or
    deleted meanwhile may be in or out."""
    after: tuple[str, UUID] | None = None
    while True:
        with tenant_transaction(engine, tenant_id) as connection:
            rows = table.select_gallery(connection, model_version, after=after, limit=_BATCH_ROWS)
        for row in rows:
            yield StoredTemplate(
                row.template_id, tenant_id, row.person_kind, row.person_id, decode_vector(row.embedding)
            )
        if len(rows) < _BATCH_ROWS:
            return
        after = (rows[-1].person_kind, rows[-1].template_id)


def rebuild_gallery(
    engine: Engine, vectors: VectorStore, tenant_ids: Sequence[TenantId], model_version: str
) -> RebuildReport:
    """Fills a fresh collection with the templates of `tenant_ids`, which must be all tenants, and serves it.

    Events go on meanwhile, into the former collection; what they changed is mended after the switch, tenant by tenant
    under its gallery's lock. Until a tenant's turn has come, a customer made during the rebuild is not recognised.
    Raises ServiceUnavailableError; the former collection is then still served.
    """
    report = vectors.rebuild(
        model_version,
        chain.from_iterable(gallery_templates(engine, tenant_id, model_version) for tenant_id in tenant_ids),
    )
    changed = sum(mend_drift(engine, vectors, tenant_id, model_version) for tenant_id in tenant_ids)
    return replace(report, vectors=report.vectors + changed)


def mend_drift(engine: Engine, vectors: VectorStore, tenant_id: TenantId, model_version: str) -> int:
    """Makes the served collection hold exactly the tenant's templates; by how many vectors it grew. No event of the
    tenant is decided meanwhile."""
    with tenant_transaction(engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        drift = _drift(table.select_template_ids(connection, model_version), vectors.template_ids(tenant_id))
        for template_ids in _batches(sorted(drift.missing), _BATCH_ROWS):
            rows = table.select_gallery_rows(connection, template_ids, model_version)
            vectors.upsert(
                model_version,
                [
                    StoredTemplate(
                        row.template_id, tenant_id, row.person_kind, row.person_id, decode_vector(row.embedding)
                    )
                    for row in rows
                ],
            )
        if drift.orphaned:
            vectors.delete(tenant_id, sorted(drift.orphaned))
    if not drift.none:
        logger.info(
            "gallery of tenant %s: %d vectors added, %d removed", tenant_id, len(drift.missing), len(drift.orphaned)
        )
    return len(drift.missing) - len(drift.orphaned)


def gallery_drift(engine: Engine, vectors: VectorStore, tenant_id: TenantId, model_version: str | None = None) -> Drift:
    """The difference at one moment, with the tenant's events held back while it is read. `model_version`: the served
    one; without it templates of every version count, so that those which a rebuild left out show as missing."""
    with tenant_transaction(engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        recorded = table.select_template_ids(connection, model_version)
        return _drift(recorded, vectors.template_ids(tenant_id))


def _drift(recorded: set[TemplateId], served: set[TemplateId]) -> Drift:
    return Drift(missing=frozenset(recorded - served), orphaned=frozenset(served - recorded))


def _batches(items: Sequence[TemplateId], size: int) -> Iterable[Sequence[TemplateId]]:
    return (items[start : start + size] for start in range(0, len(items), size))
