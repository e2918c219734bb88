"""The gallery as a whole: reading it out of Postgres, rebuilding the vector store from it, telling them apart.
Single templates come and go in `footfall.sightings` and `footfall.enrolment`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import TemplateId, TenantId
from footfall.stores.base import RebuildReport, StoredTemplate, VectorStore
from footfall.stores.postgres import customers as table
from footfall.stores.postgres import tenants
from footfall.stores.postgres.locks import lock_gallery
from footfall.templates import decode_vector
from footfall.tenancy import tenant_transaction, unbound_transaction

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
        yield from (_template(tenant_id, row) for row in rows)
        if len(rows) < _BATCH_ROWS:
            return
        after = (rows[-1].person_kind, rows[-1].template_id)


def rebuild_gallery(
    engine: Engine, vectors: VectorStore, tenant_ids: Sequence[TenantId], model_version: str
) -> RebuildReport:
    """Fills a fresh collection with the templates of `tenant_ids`, which must be all tenants, and serves it.

    Events go on, into the former collection, while the bulk is copied. For the rest, the switch included, the galleries
    are held and events wait: one that was decided in between would take a customer who is only in the former collection
    for a stranger, and the two customers made of one person would keep each other from ever being recognised. Waiting
    events that reach the statement timeout are refused and sent again by their workers.
    Raises ServiceUnavailableError; the former collection is then still served.
    """
    copied: dict[TenantId, set[TemplateId]] = {tenant_id: set() for tenant_id in tenant_ids}
    with ExitStack() as held:
        report = vectors.rebuild(model_version, _all_templates(engine, copied, model_version, held))
        removed = sum(_forget_deleted(engine, vectors, tenant_id, ids) for tenant_id, ids in copied.items())
    return replace(report, vectors=report.vectors - removed)


def _all_templates(
    engine: Engine, copied: dict[TenantId, set[TemplateId]], model_version: str, held: ExitStack
) -> Iterator[StoredTemplate]:
    """The galleries as they are; then, once every gallery is locked for as long as `held` is, what came meanwhile."""
    for tenant_id, ids in copied.items():
        for template in gallery_templates(engine, tenant_id, model_version):
            ids.add(template.template_id)
            yield template
    connection = held.enter_context(unbound_transaction(engine))
    for tenant_id in sorted(copied):  # in one order, so that two rebuilds cannot wait for each other
        lock_gallery(connection, tenant_id)
    for tenant_id, ids in copied.items():
        with tenant_transaction(engine, tenant_id) as bound:
            added = sorted(table.select_template_ids(bound, model_version) - ids)
            rows = [
                row
                for start in range(0, len(added), _BATCH_ROWS)
                for row in table.select_gallery_rows(bound, added[start : start + _BATCH_ROWS], model_version)
            ]
        ids.update(added)
        yield from (_template(tenant_id, row) for row in rows)


def _forget_deleted(engine: Engine, vectors: VectorStore, tenant_id: TenantId, copied: set[TemplateId]) -> int:
    """How many templates had been copied and were deleted meanwhile."""
    with tenant_transaction(engine, tenant_id) as connection:
        gone = sorted(copied - table.select_template_ids(connection, None))
    if gone:
        vectors.delete(tenant_id, gone)
    return len(gone)


def gallery_drift(engine: Engine, vectors: VectorStore, tenant_id: TenantId, model_version: str | None = None) -> Drift:
    """The difference at one moment, with the tenant's events held back while it is read. `model_version`: the served
    one; without it templates of every version count, so that those which a rebuild left out show as missing."""
    with tenant_transaction(engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        recorded = table.select_template_ids(connection, model_version)
        return _drift(recorded, vectors.template_ids(tenant_id))


def _drift(recorded: set[TemplateId], served: set[TemplateId]) -> Drift:
    return Drift(missing=frozenset(recorded - served), orphaned=frozenset(served - recorded))


def _template(tenant_id: TenantId, row: table.GalleryRow) -> StoredTemplate:
    return StoredTemplate(row.template_id, tenant_id, row.person_kind, row.person_id, decode_vector(row.embedding))
