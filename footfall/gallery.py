"""The gallery as a whole: reading it out of Postgres, rebuilding the vector store from it, telling them apart.
Single templates come and go in `footfall.sightings` and `footfall.enrolment`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TemplateId, TenantId
from footfall.gallery_check import Verification, Witness, sample_sizes
from footfall.settings import MilvusSettings
from footfall.stores.base import BuiltCollection, RebuildReport, StoredTemplate, VectorStore
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


@dataclass(frozen=True, slots=True)
class Mended:
    """Templates that were written into the served collection, and deleted from it."""

    added: int
    removed: int


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


@dataclass(frozen=True, slots=True)
class GalleryRebuild:
    """A rebuild and what was verified before it was served."""

    report: RebuildReport
    verification: Verification


def rebuild_gallery(
    engine: Engine,
    vectors: VectorStore,
    tenant_ids: Sequence[TenantId],
    model_version: str,
    *,
    limits: MilvusSettings | None = None,
    adopt: Callable[[Connection], None] | None = None,
) -> GalleryRebuild:
    """Fills a fresh collection with the templates of `tenant_ids`, which must be all tenants, verifies and serves it.

    Events go on, into the former collection, while the bulk is copied and verified. For the rest, the switch included,
    the galleries are held and events wait: one that was decided in between would take a customer who is only in the
    former collection for a stranger, and the two customers made of one person would keep each other from ever being
    recognised. Waiting events that reach the statement timeout are refused and sent again by their workers.
    `limits`: when an index counts as large and what it must find. `adopt`: what else changes with the switch, in the
    transaction that holds the galleries: both are seen together, and neither when the rebuild fails.

    Raises ServiceUnavailableError, also for a collection that is not what it must be; the former one is then still
    served.
    """
    wanted = limits or MilvusSettings()
    copied: dict[TenantId, set[TemplateId]] = {tenant_id: set() for tenant_id in tenant_ids}
    witness = Witness(_samples(engine, tenant_ids, model_version))
    done: list[Verification] = []

    def verify(built: BuiltCollection) -> None:
        done.append(witness.verify(built, min_recall=wanted.min_recall, exact_up_to=wanted.exact_up_to))

    with ExitStack() as held:
        report = vectors.rebuild(
            model_version,
            witness.watched(_bulk(engine, copied, model_version)),
            verify=verify,
            late=_late(engine, copied, model_version, held, adopt),
        )
        removed = sum(_forget_deleted(engine, vectors, tenant_id, ids) for tenant_id, ids in copied.items())
    return GalleryRebuild(replace(report, vectors=report.vectors - removed), done[0])


def rollback_gallery(
    engine: Engine, vectors: VectorStore, tenant_ids: Sequence[TenantId], model_version: str
) -> tuple[RebuildReport, Mended]:
    """Serves the former collection again and brings it to what the record says now; events wait meanwhile.

    Raises ServiceUnavailableError, also when no former collection of the model version is kept.
    """
    with ExitStack() as held:
        _hold_all(engine, tenant_ids, held)
        report = vectors.rollback(model_version)
        mended = [_mend(engine, vectors, tenant_id, model_version) for tenant_id in tenant_ids]
    return report, Mended(sum(each.added for each in mended), sum(each.removed for each in mended))


def _samples(
    engine: Engine, tenant_ids: Sequence[TenantId], model_version: str
) -> dict[TenantId, list[StoredTemplate]]:
    """Some of each tenant's templates, spread over all of them."""
    ids: dict[TenantId, list[TemplateId]] = {}
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            ids[tenant_id] = sorted(table.select_template_ids(connection, model_version))
    sizes = sample_sizes({tenant_id: len(own) for tenant_id, own in ids.items()})
    samples: dict[TenantId, list[StoredTemplate]] = {}
    for tenant_id, own in ids.items():
        step = max(1, len(own) // max(1, sizes[tenant_id]))
        samples[tenant_id] = list(_templates_of(engine, tenant_id, own[::step][: sizes[tenant_id]], model_version))
    return samples


def _templates_of(
    engine: Engine, tenant_id: TenantId, template_ids: Sequence[TemplateId], model_version: str
) -> Iterator[StoredTemplate]:
    for start in range(0, len(template_ids), _BATCH_ROWS):
        with tenant_transaction(engine, tenant_id) as connection:
            batch = template_ids[start : start + _BATCH_ROWS]
            rows = table.select_gallery_rows(connection, batch, model_version)
        yield from (_template(tenant_id, row) for row in rows)


def _bulk(engine: Engine, copied: dict[TenantId, set[TemplateId]], model_version: str) -> Iterator[StoredTemplate]:
    """The galleries as they are."""
    for tenant_id, ids in copied.items():
        for template in gallery_templates(engine, tenant_id, model_version):
            ids.add(template.template_id)
            yield template


def _late(
    engine: Engine,
    copied: dict[TenantId, set[TemplateId]],
    model_version: str,
    held: ExitStack,
    adopt: Callable[[Connection], None] | None,
) -> Iterator[StoredTemplate]:
    """What came meanwhile, once every gallery is locked for as long as `held` is."""
    holding = _hold_all(engine, list(copied), held)
    for tenant_id, ids in copied.items():
        with tenant_transaction(engine, tenant_id) as connection:
            added = sorted(table.select_template_ids(connection, model_version) - ids)
        ids.update(added)
        yield from _templates_of(engine, tenant_id, added, model_version)
    if adopt is not None:
        adopt(holding)


def _hold_all(engine: Engine, tenant_ids: Sequence[TenantId], held: ExitStack) -> Connection:
    connection = held.enter_context(unbound_transaction(engine))
    for tenant_id in sorted(tenant_ids):  # in one order, so that two rebuilds cannot wait for each other
        lock_gallery(connection, tenant_id)
    return connection


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


def mend_gallery(engine: Engine, vectors: VectorStore, tenant_id: TenantId, model_version: str) -> Mended:
    """Writes what the served collection lacks of the tenant's gallery and deletes what is nobody's, with the tenant's
    events held back. Cheaper than a rebuild where little drifted. Raises ServiceUnavailableError."""
    with tenant_transaction(engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        return _mend(engine, vectors, tenant_id, model_version)


def _mend(engine: Engine, vectors: VectorStore, tenant_id: TenantId, model_version: str) -> Mended:
    """Whoever calls holds the tenant's gallery."""
    with tenant_transaction(engine, tenant_id) as connection:
        recorded = table.select_template_ids(connection, model_version)
    drift = _drift(recorded, vectors.template_ids(tenant_id))
    vectors.upsert(model_version, list(_templates_of(engine, tenant_id, sorted(drift.missing), model_version)))
    vectors.delete(tenant_id, sorted(drift.orphaned))
    return Mended(len(drift.missing), len(drift.orphaned))


def _drift(recorded: set[TemplateId], served: set[TemplateId]) -> Drift:
    return Drift(missing=frozenset(recorded - served), orphaned=frozenset(served - recorded))


def _template(tenant_id: TenantId, row: table.GalleryRow) -> StoredTemplate:
    return StoredTemplate(row.template_id, tenant_id, row.person_kind, row.person_id, decode_vector(row.embedding))
