"""Assets of days: what the record holds of a tenant's day, and days that the marts are to rebuild. Backfill any range
of them in one run. The rules are `footfall.days`'.

Annotations are evaluated here: Dagster reads them as they are."""

from dagster import (
    AssetExecutionContext,
    MaterializeResult,
    ResourceParam,
    asset,
)

from assets.failures import told_plainly
from assets.needs import DAYS as DAYS_GROUP
from assets.needs import OWNERS, RETRIES, OpensRecord, tagged
from assets.partitions import DAYS, TENANT_DAYS, days_of, in_one_run, tenant_days_of
from assets.tables import table
from assets.timing import timed
from footfall.days import count_day, reopen_days


@in_one_run
@asset(
    deps=["face_events", "visits"],
    partitions_def=TENANT_DAYS,
    group_name=DAYS_GROUP,
    owners=OWNERS,
    tags=tagged(holds="traffic", effect="reports"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    description="What the record holds of a tenant's day of UTC: sightings by decision, visits, and visits of nobody. "
    "Counted anew whenever it is materialised, and compared over time in the asset's plots.",
)
@timed
def recorded_days(context: AssetExecutionContext, record: ResourceParam[OpensRecord]) -> MaterializeResult[None]:
    with told_plainly(), record.open() as opened:
        wanted = tenant_days_of(context.partition_keys, opened.tenant_ids())
        found = [count_day(opened.engine, tenant_id, day) for tenant_id, days in wanted.items() for day in days]
    decisions = sorted({decision for each in found for decision in each.sightings})
    return MaterializeResult(
        metadata={
            "dagster/row_count": sum(sum(each.sightings.values()) for each in found),
            "visits": sum(each.visits for each in found),
            "anonymous_visits": sum(each.anonymous_visits for each in found),
            "by_day": table(
                (
                    {
                        "tenant": str(each.tenant_id),
                        "day": each.day.isoformat(),
                        "visits": each.visits,
                        **{decision: each.sightings.get(decision, 0) for decision in decisions},
                    }
                    for each in found
                ),
                words=["tenant", "day"],
                counts=["visits", *decisions],
            ),
        }
    )


@in_one_run
@asset(
    deps=["traffic_changes"],
    partitions_def=DAYS,
    group_name=DAYS_GROUP,
    owners=OWNERS,
    tags=tagged(holds="traffic", effect="records"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    description="Days of UTC that the marts are to rebuild, of every tenant and site: after something was repaired in "
    "the record by hand. The next refresh_marts does it. Days of which the record has lost something to its term stay.",
)
@timed
def reopened_days(context: AssetExecutionContext, record: ResourceParam[OpensRecord]) -> MaterializeResult[None]:
    days = days_of(context.partition_keys)
    with told_plainly(), record.open() as opened:
        tenant_ids = opened.tenant_ids()
        notes = sum(reopen_days(opened.engine, tenant_id, days) for tenant_id in tenant_ids)
    return MaterializeResult(
        metadata={"dagster/row_count": notes, "days": len(days), "tenants": len(tenant_ids), "first": str(days[0])}
    )
