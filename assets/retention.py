"""The retention's assets: images past their term and images without a record, found, deleted and reported. The rules
are `footfall.retention`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetObservation,
    Config,
    MaterializeResult,
    ResourceParam,
    asset,
    asset_check,
)
from pydantic import Field

from assets.failures import told_plainly
from assets.needs import OWNERS, RETENTION, RETRIES, OpensServices, tagged
from assets.sources import BUCKETS
from assets.tables import table
from assets.timing import timed
from footfall.gallery import list_tenant_ids
from footfall.held_images import Renewal, renew_held_images
from footfall.retention import (
    Sweep,
    count_overdue_raw_images,
    sweep_expired_raw_images,
    sweep_orphaned_images,
)


class SweepConfig(Config):
    """What a run of a sweep may be told."""

    dry_run: bool = Field(default=False, description="Find and report, and delete nothing.")


@asset(
    deps=["face_events", "raw_images"],
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="deletes"),
    kinds={"s3"},
    retry_policy=RETRIES,
    pool="retention",
    description="Raw images past their tenant's term. The bucket's rule deletes most of them; what it missed, and what "
    "a tenant with a shorter term keeps too long, is deleted here. Images under a legal hold are stored anew before "
    "the rule takes them.",
)
@timed
def expired_raw_images(
    context: AssetExecutionContext, config: SweepConfig, services: ResourceParam[OpensServices]
) -> MaterializeResult[None]:
    now = datetime.now(UTC)
    renewals: list[Renewal] = []
    with told_plainly(), services.open() as opened:
        tenant_ids, objects = list_tenant_ids(opened.engine), opened.objects
        bucket_days = opened.settings.s3.raw_retention_days
        if not config.dry_run:
            renewals = renew_held_images(opened.engine, objects, tenant_ids, bucket_days=bucket_days, now=now)
        sweeps = sweep_expired_raw_images(
            opened.engine,
            objects,
            tenant_ids,
            bucket_days=bucket_days,
            now=now,
            dry_run=config.dry_run,
            progress=lambda seen: context.log.info("%d images looked at", seen),
        )
    return report_of(sweeps, dry_run=config.dry_run, renewed=sum(each.renewed for each in renewals))


@asset(
    deps=["face_events", "staff_face_images", "raw_images", "derived_images"],
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="deletes"),
    kinds={"s3", "postgres"},
    retry_policy=RETRIES,
    pool="retention",
    description="Images that no row names, a day old or older: left by a crash between an image and its row. Nobody "
    "could find them to erase them, so they go.",
)
@timed
def orphaned_objects(
    context: AssetExecutionContext, config: SweepConfig, services: ResourceParam[OpensServices]
) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        sweeps = sweep_orphaned_images(
            opened.engine,
            opened.objects,
            list_tenant_ids(opened.engine),
            now=datetime.now(UTC),
            dry_run=config.dry_run,
            progress=lambda seen: context.log.info("%d images looked at", seen),
        )
    for seen in buckets_as_seen(sweeps):
        context.log_event(seen)
    return report_of(sweeps, dry_run=config.dry_run)


@asset_check(
    asset=expired_raw_images,
    description="No raw image is older than its tenant's term and a day: what the lifecycle rule and the sweep promise "
    "together, read back from the bucket.",
)
def no_expired_images(context: AssetCheckExecutionContext, services: ResourceParam[OpensServices]) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        tenant_ids = list_tenant_ids(opened.engine)
        promised = opened.settings.s3.raw_retention_days
        objects = opened.objects
        kept = objects.lifecycle_days("raw")
        overdue = count_overdue_raw_images(
            opened.engine, objects, tenant_ids, bucket_days=promised, now=datetime.now(UTC)
        )
    context.log.info("%d tenants looked at", len(tenant_ids))
    return verdict_on(overdue, tenants=len(tenant_ids), promised_days=promised, rule_days=kept)


def verdict_on(overdue: dict[str, int], *, tenants: int, promised_days: int, rule_days: int | None) -> AssetCheckResult:
    """Passed when no tenant has an overdue image and the bucket's rule is the promised one."""
    faults = []
    if overdue:
        faults.append(f"{sum(overdue.values())} raw images of {len(overdue)} tenants outlived their term")
    if rule_days != promised_days:
        faults.append(f"the bucket's rule says {rule_days or 'nothing'} instead of {promised_days} days")
    return AssetCheckResult(
        passed=not faults,
        severity=AssetCheckSeverity.ERROR,
        description=(
            f"No raw image of {tenants} tenants outlived its term."
            if not faults
            else f"{'; '.join(faults)}. Materialise expired_raw_images; the API sets the rule when it starts."
        ),
        metadata={"overdue": sum(overdue.values()), "tenants": tenants, "rule_days": rule_days or 0, **_named(overdue)},
    )


def buckets_as_seen(sweeps: Sequence[Sweep]) -> list[AssetObservation]:
    """What each bucket holds now, for the sweep has just listed it whole: looking again would cost as much."""
    observations = []
    for bucket in ("raw", "derived"):
        looked = [sweep for sweep in sweeps if sweep.bucket == bucket]
        observations.append(
            AssetObservation(
                BUCKETS[bucket],
                metadata={
                    "dagster/row_count": sum(sweep.looked_at - sweep.deleted for sweep in looked),
                    "bytes": sum(sweep.left_bytes for sweep in looked),
                    "by_tenant": table(
                        (
                            {
                                "tenant": sweep.slug,
                                "images": sweep.looked_at - sweep.deleted,
                                "bytes": sweep.left_bytes,
                            }
                            for sweep in looked
                        ),
                        words=["tenant"],
                        counts=["images", "bytes"],
                    ),
                },
            )
        )
    return observations


def report_of(sweeps: Sequence[Sweep], *, dry_run: bool, renewed: int = 0) -> MaterializeResult[None]:
    """Sums, and a row a tenant and bucket where anything was found."""
    oldest = min((sweep.oldest for sweep in sweeps if sweep.oldest is not None), default=None)
    return MaterializeResult(
        metadata={
            "dagster/row_count": sum(sweep.looked_at - sweep.deleted for sweep in sweeps),
            "found": sum(sweep.found for sweep in sweeps),
            "found_bytes": sum(sweep.found_bytes for sweep in sweeps),
            "deleted": sum(sweep.deleted for sweep in sweeps),
            "held": sum(sweep.held for sweep in sweeps),
            "renewed": renewed,
            "dry_run": dry_run,
            "oldest": "none" if oldest is None else oldest.isoformat(),
            "by_tenant": table(
                (
                    {
                        "tenant": sweep.slug,
                        "bucket": sweep.bucket,
                        "found": sweep.found,
                        "bytes": sweep.found_bytes,
                        "deleted": sweep.deleted,
                    }
                    for sweep in sweeps
                    if sweep.found
                ),
                words=["tenant", "bucket"],
                counts=["found", "bytes", "deleted"],
            ),
        }
    )


def _named(overdue: dict[str, int]) -> dict[str, list[str]]:
    return {"overdue_tenants": sorted(overdue)} if overdue else {}
