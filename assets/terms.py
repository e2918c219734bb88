"""The retention of people and rows as assets: customers whom nobody saw for their tenant's days, rows past their terms,
vectors without a row. The rules are the domain's.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dagster import (
    AssetExecutionContext,
    MaterializeResult,
    ResourceParam,
    asset,
)

from assets.failures import told_plainly
from assets.needs import OWNERS, RETENTION, RETRIES, OpensServices, tagged
from assets.partitions import TENANTS, in_one_run, tenants_of
from assets.retention import SweepConfig
from assets.tables import table
from assets.timing import timed
from footfall.anonymising import Expiry, expire_customers, preview_expiry
from footfall.gallery import list_tenant_ids
from footfall.mart_terms import age_marts, transform_engine
from footfall.orphaned_vectors import VectorSweep, sweep_orphaned_vectors
from footfall.retention_terms import Aged, age_records

if TYPE_CHECKING:
    from footfall.operations import OperatorServices

_COUNTS = ("customers", "held", "templates", "sightings", "images", "visits")


@in_one_run
@asset(
    deps=["customer_templates", "visits"],
    partitions_def=TENANTS,
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="people", effect="deletes"),
    kinds={"postgres", "milvus", "s3"},
    retry_policy=RETRIES,
    pool="retention",
    description="Customers whom nobody saw for their tenant's retention days: templates, vectors and images go, and "
    "their visits stay as nobody's, so that no count changes. A dry run shows who would go.",
)
@timed
def expired_customers(
    context: AssetExecutionContext, config: SweepConfig, services: ResourceParam[OpensServices]
) -> MaterializeResult[None]:
    now = datetime.now(UTC)
    with told_plainly(), services.open() as opened:
        chosen = tenants_of(context.partition_keys, list_tenant_ids(opened.engine))
        if config.dry_run:
            done = preview_expiry(opened.engine, chosen, now=now)
        else:
            done = expire_customers(
                opened.engine,
                opened.vectors,
                lambda: opened.objects,
                chosen,
                now=now,
                progress=lambda gone: context.log.info("%d customers forgotten", gone),
            )
            _tell_key_rings(context, opened)
    return report_of_expiry(done, dry_run=config.dry_run)


@in_one_run
@asset(
    deps=["face_events", "visits", "audit_log"],
    partitions_def=TENANTS,
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="people", effect="deletes"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    pool="retention",
    description="Sightings, closed visits and audit entries past the tenant's terms, and what lapsed of answers kept "
    "for repeated requests and of workers' snapshots. The marts keep what was counted; the audit chain stays proven.",
)
@timed
def aged_records(
    context: AssetExecutionContext, config: SweepConfig, services: ResourceParam[OpensServices]
) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        aged = age_records(
            opened.engine,
            tenants_of(context.partition_keys, list_tenant_ids(opened.engine)),
            opened.settings.retention,
            now=datetime.now(UTC),
            dry_run=config.dry_run,
            progress=lambda rows: context.log.info("%d rows deleted", rows),
        )
        if not config.dry_run:
            _tell_key_rings(context, opened)
    return report_of_rows(aged, dry_run=config.dry_run)


@asset(
    deps=["visits_daily"],
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="traffic", effect="deletes"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    pool="marts",
    description="Rows of the marts past their tenant's term, deleted from every mart that is a table.",
)
@timed
def aged_marts(config: SweepConfig, services: ResourceParam[OpensServices]) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        transform = transform_engine(opened.settings, application="footfall-retention")
        try:
            aged = age_marts(
                opened.engine,
                transform,
                list_tenant_ids(opened.engine),
                opened.settings.retention,
                now=datetime.now(UTC),
                dry_run=config.dry_run,
            )
        finally:
            transform.dispose()
    return report_of_rows(aged, dry_run=config.dry_run)


@asset(
    deps=["gallery_index"],
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="deletes"),
    kinds={"milvus", "postgres"},
    retry_policy=RETRIES,
    pool="gallery",
    description="Vectors that no row names: noted when they are first found, deleted after their grace. Templates "
    "without a vector, whom nobody would find, are counted and left to mend_gallery.",
)
@timed
def orphaned_vectors(
    context: AssetExecutionContext, config: SweepConfig, services: ResourceParam[OpensServices]
) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        sweeps = sweep_orphaned_vectors(
            opened.engine,
            opened.vectors,
            list_tenant_ids(opened.engine),
            opened.model_version,
            grace=timedelta(hours=opened.settings.retention.vector_grace_hours),
            now=datetime.now(UTC),
            dry_run=config.dry_run,
        )
    missing = sum(sweep.missing for sweep in sweeps)
    if missing:
        context.log.warning("%d templates lack their vector: run mend_gallery.", missing)
    return report_of_vectors(sweeps, dry_run=config.dry_run)


def _tell_key_rings(context: AssetExecutionContext, opened: "OperatorServices") -> None:
    """Backups' key rings lose the keys that went; one that is away keeps them until it is written."""
    # Loading the definitions needs no cipher.
    from footfall.key_ring import refresh_key_rings  # noqa: PLC0415

    for ring in refresh_key_rings(opened.settings, opened.engine):
        if ring.fault is not None:
            context.log.warning("The key ring %s still holds keys that were destroyed: %s", ring.path, ring.fault)


def report_of_expiry(done: Sequence[Expiry], *, dry_run: bool) -> MaterializeResult[None]:
    """Sums, a row a tenant, and on a dry run some of those who would go, by their ids."""
    oldest = min((each.oldest for each in done if each.oldest is not None), default=None)
    return MaterializeResult(
        metadata={
            "dagster/row_count": 0 if dry_run else sum(each.customers for each in done),
            "dry_run": dry_run,
            **{name: sum(getattr(each, name) for each in done) for name in _COUNTS},
            "batches": sum(each.batches for each in done),
            "oldest": "none" if oldest is None else oldest.isoformat(),
            "by_tenant": table(
                (
                    {"tenant": each.slug, "days": each.days, **{name: getattr(each, name) for name in _COUNTS}}
                    for each in done
                ),
                words=["tenant"],
                counts=["days", *_COUNTS],
            ),
            "preview": table(
                (
                    {
                        "tenant": each.slug,
                        "customer": str(due.customer_id),
                        "last seen": due.last_seen_at.isoformat(timespec="seconds"),
                    }
                    for each in done
                    for due in each.first_due
                ),
                words=["tenant", "customer", "last seen"],
            ),
        }
    )


def report_of_rows(aged: Sequence[Aged], *, dry_run: bool) -> MaterializeResult[None]:
    """Sums, and a row a tenant and kind that has a term or lost rows."""
    return MaterializeResult(
        metadata={
            "dagster/row_count": sum(each.deleted for each in aged),
            "dry_run": dry_run,
            "found": sum(each.rows for each in aged),
            "deleted": sum(each.deleted for each in aged),
            "by_kind": table(
                (
                    {
                        "tenant": each.slug,
                        "kind": each.kind,
                        "days": each.days or 0,
                        "found": each.rows,
                        "deleted": each.deleted,
                        "held": each.held,
                    }
                    for each in aged
                    if each.days is not None or each.rows
                ),
                words=["tenant", "kind"],
                counts=["days", "found", "deleted"],
                flags=["held"],
            ),
        }
    )


def report_of_vectors(sweeps: Sequence[VectorSweep], *, dry_run: bool) -> MaterializeResult[None]:
    counts = ("vectors", "orphaned", "deleted", "missing")
    oldest = min((sweep.oldest for sweep in sweeps if sweep.oldest is not None), default=None)
    return MaterializeResult(
        metadata={
            "dagster/row_count": sum(sweep.vectors - sweep.deleted for sweep in sweeps),
            "dry_run": dry_run,
            **{name: sum(getattr(sweep, name) for sweep in sweeps) for name in counts[1:]},
            "oldest": "none" if oldest is None else oldest.isoformat(),
            "by_tenant": table(
                (
                    {"tenant": sweep.slug, **{name: getattr(sweep, name) for name in counts}}
                    for sweep in sweeps
                    if sweep.orphaned or sweep.missing
                ),
                words=["tenant"],
                counts=counts,
            ),
        }
    )
