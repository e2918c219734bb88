"""The keys that faces are sealed with, kept to those of faces that are there, in Postgres and in the key rings of
backups. The rules are `footfall.face_keys`' and `footfall.key_ring`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from dagster import AssetExecutionContext, MaterializeResult, ResourceParam, asset

from assets.failures import told_plainly
from assets.needs import OWNERS, RETENTION, RETRIES, OpensServices, tagged
from assets.retention import SweepConfig
from assets.timing import timed
from footfall.face_keys import destroy_unused_keys
from footfall.gallery import list_tenant_ids
from footfall.key_ring import refresh_key_rings


@asset(
    deps=["face_events", "staff_face_images", "customer_templates"],
    group_name=RETENTION,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="deletes"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    pool="retention",
    description="Keys that faces are sealed with. Those of faces of which nothing is kept any more are destroyed, and "
    "the key rings of backups are written anew without them: in no backup do those faces open again.",
)
@timed
def face_keys(
    context: AssetExecutionContext, config: SweepConfig, services: ResourceParam[OpensServices]
) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        tenant_ids = list_tenant_ids(opened.engine)
        destroyed = destroy_unused_keys(opened.engine, tenant_ids, dry_run=config.dry_run)
        rings = [] if config.dry_run else refresh_key_rings(opened.settings, opened.engine)
    behind = [ring for ring in rings if ring.fault is not None]
    for ring in behind:
        context.log.warning("%s It still has the keys that were destroyed; `footfall keys rings`.", ring.fault)
    return MaterializeResult(
        metadata={
            "tenants": len(tenant_ids),
            "dry_run": config.dry_run,
            "keys_destroyed": destroyed,
            "key_rings": len(rings),
            "key_rings_behind": len(behind),
        }
    )
