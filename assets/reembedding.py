"""Templates in a second model version, tenant by tenant, and the check that none was forgotten. How they are made is
`footfall.reembedding`'s, which model is served `footfall.reembedding_switch`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    Backoff,
    MaterializeResult,
    ResourceParam,
    RetryPolicy,
    asset,
    asset_check,
)

from assets.failures import told_plainly
from assets.needs import MODELS, OWNERS, OpensReembedder, OpensServices, tagged
from assets.partitions import TENANTS, tenants_of
from assets.tables import table
from assets.timing import timed
from contracts.base import TenantId
from footfall.stores.postgres.model_coverage import Coverage, count_coverage
from footfall.tenancy import tenant_transaction

if TYPE_CHECKING:
    from footfall.reembedding import Batch

_COUNTS = tuple(item.name for item in fields(Coverage))
_TOLD_EVERY = 20
_LISTED = 200


@asset(
    deps=["staff_face_images", "customer_templates", "face_events"],
    partitions_def=TENANTS,
    group_name=MODELS,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="rebuilds"),
    kinds={"postgres", "s3"},
    retry_policy=RetryPolicy(max_retries=5, delay=10.0, backoff=Backoff.EXPONENTIAL),
    pool="reembedding",
    description="A tenant's templates in the model version beside the one served, made from its stored crops. Goes on "
    "where it stopped; `footfall gallery reembed --pause` holds it.",
)
@timed
def reembedding(context: AssetExecutionContext, reembedder: ResourceParam[OpensReembedder]) -> MaterializeResult[None]:
    # Loading the definitions needs neither weights nor the code that runs them.
    from footfall.gallery import list_tenant_ids  # noqa: PLC0415
    from footfall.reembedding import list_lost, reembed_tenant  # noqa: PLC0415
    from footfall.serving import follow  # noqa: PLC0415

    done: list[int] = []

    def tell(batch: "Batch") -> None:
        done.append(batch.embedded + batch.set_aside)
        if len(done) % _TOLD_EVERY == 0:
            context.log.info("%d templates so far, now of kind %s.", sum(done), batch.kind)

    with told_plainly(), reembedder.open() as services:
        [tenant_id] = tenants_of([context.partition_key], list_tenant_ids(services.engine))
        follow(services)
        companion = services.serving.companion
        if companion is None:
            context.log.info("One model version alone is here: there is nothing to bring over.")
            return MaterializeResult(metadata={"dagster/row_count": 0, "outcome": "no second version"})
        result = reembed_tenant(services, tenant_id, companion.model_version, on_batch=tell)
        lost = list_lost(services.engine, tenant_id, companion.model_version, limit=_LISTED)
    if result.outcome == "paused":
        context.log.warning("Paused: `footfall gallery reembed --resume` lets it go on.")
    return MaterializeResult(
        metadata={
            "dagster/row_count": result.embedded,
            "model_version": companion.model_version,
            "outcome": result.outcome,
            "set_aside_now": result.set_aside,
            **asdict(result.coverage),
            "cannot be brought over": table(
                ({"kind": each.item.kind, "id": str(each.item.row_id), "why": each.message} for each in lost),
                words=["kind", "id", "why"],
            ),
        }
    )


@asset_check(
    asset=reembedding,
    description="Every template of every tenant was brought over to the version beside the one served, or is set aside "
    "with the reason.",
)
def reembedding_complete(services: ResourceParam[OpensServices]) -> AssetCheckResult:
    from footfall.gallery import list_tenant_ids  # noqa: PLC0415 - as above

    with told_plainly(), services.open() as opened:
        companion = opened.companion
        if companion is None:
            return AssetCheckResult(passed=True, description="One model version alone is here.")
        found: dict[TenantId, Coverage] = {}
        for tenant_id in list_tenant_ids(opened.engine):
            with tenant_transaction(opened.engine, tenant_id) as connection:
                found[tenant_id] = count_coverage(connection, companion.model_version)
    return verdict_on(found, companion.model_version)


def verdict_on(found: Mapping[TenantId, Coverage], model_version: str) -> AssetCheckResult:
    """Passed when nothing is left to try. A warning, for recognition goes on as it was. Tenants are named, nobody
    else is."""
    behind = sorted(str(tenant_id) for tenant_id, each in found.items() if each.untried)
    left = sum(each.untried for each in found.values())
    lost = sum(each.set_aside for each in found.values())
    return AssetCheckResult(
        passed=not behind,
        severity=AssetCheckSeverity.WARN,
        description=(
            f"{model_version} knows what can be brought over of {len(found)} tenants; {lost} templates are set aside."
            if not behind
            else f"{left} templates of {len(behind)} of {len(found)} tenants were not tried in {model_version} yet."
        ),
        metadata={
            "untried": left,
            "set_aside": lost,
            "tenants_behind": behind,
            "coverage": table(
                ({"tenant": str(tenant_id), **asdict(each)} for tenant_id, each in found.items()),
                words=["tenant"],
                counts=_COUNTS,
            ),
        },
    )
