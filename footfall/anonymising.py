"""Customers whom nobody saw for the tenant's days are forgotten: templates, vectors and images go, and their visits
stay as nobody's. Erasure on request, with its proof, is not here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from contracts.base import CustomerId, TenantId
from footfall import audit
from footfall.errors import ServiceUnavailableError
from footfall.face_keys import destroy_face_keys
from footfall.stores.base import ObjectStore, VectorStore
from footfall.stores.postgres import anonymising as table
from footfall.stores.postgres import legal_holds, tenants
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction

logger = logging.getLogger(__name__)

ACTOR = "retention"
BATCH_CUSTOMERS = 200
BATCH_SIGHTINGS = 2_000
"""A batch holds the tenant's gallery, for which sightings wait: some tenths of a second at most."""

_SHOWN = 20

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class DueCustomer:
    customer_id: CustomerId
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Expiry:
    """What reached its term in one tenant, and what of it went: nothing on a dry run, where counts say what would go.

    `days`: the tenant's term. `held`: customers who stay for a legal hold. `first_due`: some of those who would go,
    longest unseen first, on a dry run."""

    tenant_id: TenantId
    slug: str
    days: int
    dry_run: bool
    customers: int = 0
    held: int = 0
    templates: int = 0
    sightings: int = 0
    images: int = 0
    visits: int = 0
    oldest: datetime | None = None
    batches: int = 0
    first_due: tuple[DueCustomer, ...] = ()


def preview_expiry(engine: Engine, tenant_ids: Sequence[TenantId], *, now: datetime) -> list[Expiry]:
    """What `expire_customers` would take now, tenant by tenant; those that promise no end are left out. Changes
    nothing."""
    found = []
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            tenant = tenants.bound(connection)
            if tenant is None or tenant.retention_days is None:
                continue
            cutoff = now - timedelta(days=tenant.retention_days)
            counts = table.count_due(connection, cutoff)
            first = table.select_due(connection, cutoff, limit=_SHOWN)
        found.append(
            Expiry(
                tenant_id=tenant_id,
                slug=tenant.slug,
                days=tenant.retention_days,
                dry_run=True,
                customers=counts.customers,
                held=counts.held,
                templates=counts.templates,
                sightings=counts.sightings,
                images=counts.images,
                visits=counts.visits,
                oldest=counts.oldest,
                first_due=tuple(DueCustomer(row.customer_id, row.last_seen_at) for row in first),
            )
        )
    return found


def expire_customers(
    engine: Engine,
    vectors: VectorStore,
    objects: Callable[[], ObjectStore],
    tenant_ids: Sequence[TenantId],
    *,
    now: datetime,
    progress: Progress | None = None,
    batch_customers: int = BATCH_CUSTOMERS,
) -> list[Expiry]:
    """Forgets the customers whom nobody saw for their tenant's retention days and whom no legal hold keeps.

    A batch is a transaction of its own; killed in between, the next run goes on. Vectors and images go after a batch's
    rows: what a crash leaves of them, `orphaned_vectors` and `orphaned_objects` find. `objects` is asked for the object
    store when the first images have to go. `progress` is told the customers forgotten so far.

    Raises ServiceUnavailableError; what went until then is gone, and what remains of a batch's images or vectors is
    found by the sweeps.
    """
    done = []
    forgotten = 0
    for planned in preview_expiry(engine, tenant_ids, now=now):
        cutoff = now - timedelta(days=planned.days)
        total = replace(planned, dry_run=False, customers=0, templates=0, sightings=0, images=0, visits=0, first_due=())
        while planned.customers:
            taken = _take_batch(engine, planned.tenant_id, cutoff, most=batch_customers)
            if taken is None:
                break
            total = replace(
                total,
                customers=total.customers + taken.customers,
                templates=total.templates + len(taken.template_ids),
                sightings=total.sightings + len(taken.event_ids),
                images=total.images + len(taken.image_keys),
                visits=total.visits + taken.visits,
                batches=total.batches + 1,
            )
            _forget_copies(vectors, objects, planned.tenant_id, taken)
            forgotten += taken.customers
            if progress is not None:
                progress(forgotten)
        done.append(total)
    return done


def _take_batch(engine: Engine, tenant_id: TenantId, cutoff: datetime, *, most: int) -> table.Taken | None:
    """None when nobody is due any more."""
    with tenant_transaction(engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        legal_holds.hold_still(connection)
        due = [row.customer_id for row in table.select_due(connection, cutoff, limit=most)]
        if not due:
            return None
        chosen = fitting(due, table.count_sightings(connection, due))
        table.age_quietly(connection)
        taken = table.take_customers(connection, chosen)
        destroy_face_keys(connection, tenant_id, [*taken.event_ids, *taken.template_ids])
        audit.record(
            connection,
            actor=ACTOR,
            action="customers.expired",
            subject_kind="tenant",
            subject_id=tenant_id,
            detail={
                "customers": taken.customers,
                "templates": len(taken.template_ids),
                "sightings": len(taken.event_ids),
                "images": len(taken.image_keys),
                "visits": taken.visits,
                "not_seen_since": cutoff.isoformat(),
            },
        )
    return taken


def fitting(
    due: Sequence[CustomerId], sightings: dict[CustomerId, int], most: int = BATCH_SIGHTINGS
) -> list[CustomerId]:
    """The first of `due` whose sightings together make one batch; one customer at least."""
    chosen: list[CustomerId] = []
    rows = 0
    for customer_id in due:
        rows += sightings.get(customer_id, 0)
        if chosen and rows > most:
            break
        chosen.append(customer_id)
    return chosen


def _forget_copies(
    vectors: VectorStore, objects: Callable[[], ObjectStore], tenant_id: TenantId, taken: table.Taken
) -> None:
    """Both are tried, whichever fails."""
    try:
        if taken.template_ids:
            vectors.delete(tenant_id, taken.template_ids)
    except ServiceUnavailableError:
        logger.warning("%d vectors of customers who were forgotten are left to the sweep.", len(taken.template_ids))
        _delete_images(objects, tenant_id, taken.image_keys)
        raise
    _delete_images(objects, tenant_id, taken.image_keys)


def _delete_images(objects: Callable[[], ObjectStore], tenant_id: TenantId, keys: Sequence[str]) -> None:
    if not keys:
        return
    store = objects()
    for start in range(0, len(keys), 1000):  # of S3's DeleteObjects
        store.delete(tenant_id, "raw", keys[start : start + 1000])
