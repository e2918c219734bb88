"""Checks across stores, as statements that are true or not. Checks of the marts are dbt's own tests."""

from collections.abc import Mapping

from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetCheckSeverity, Config, ResourceParam, asset_check
from pydantic import Field

from assets.failures import told_plainly
from assets.gallery import gallery_index
from assets.needs import OpensServices
from contracts.base import TenantId
from footfall.gallery import Drift, gallery_drift, list_tenant_ids, mend_gallery


class DriftConfig(Config):
    """What a run of the check is asked for."""

    mend: bool = Field(
        default=False,
        description="Write what the store lacks and delete what is nobody's, tenant by tenant; then look again.",
    )


@asset_check(
    asset=gallery_index,
    blocking=True,  # thresholds fitted to a gallery that lacks people would be wrong
    description="For every tenant the vector store holds exactly the templates that Postgres records: nobody enrolled "
    "goes unrecognised, and no template outlives its person.",
)
def gallery_matches_record(
    context: AssetCheckExecutionContext, config: DriftConfig, services: ResourceParam[OpensServices]
) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        drifts: dict[TenantId, Drift] = {}
        for tenant_id in list_tenant_ids(opened.engine):
            drift = gallery_drift(opened.engine, opened.vectors, tenant_id, opened.model_version)
            if config.mend and not drift.none:
                mended = mend_gallery(opened.engine, opened.vectors, tenant_id, opened.model_version)
                context.log.warning(
                    "tenant %s: %d templates were missing and %d were nobody's; mended.",
                    tenant_id,
                    mended.added,
                    mended.removed,
                )
                drift = gallery_drift(opened.engine, opened.vectors, tenant_id, opened.model_version)
            drifts[tenant_id] = drift
    return verdict_on(drifts)


def verdict_on(drifts: Mapping[TenantId, Drift]) -> AssetCheckResult:
    """Passed when no tenant's gallery drifted. Tenants are named; templates are not, for their ids tell of people."""
    drifted = sorted(str(tenant_id) for tenant_id, drift in drifts.items() if not drift.none)
    missing = sum(len(drift.missing) for drift in drifts.values())
    orphaned = sum(len(drift.orphaned) for drift in drifts.values())
    return AssetCheckResult(
        passed=not drifted,
        severity=AssetCheckSeverity.ERROR,
        description=(
            f"The galleries of {len(drifts)} tenants are as recorded."
            if not drifted
            else f"{missing} templates are missing and {orphaned} belong to nobody, in {len(drifted)} of "
            f"{len(drifts)} tenants. Run mend_gallery, or materialise gallery_index, to mend it."
        ),
        metadata={"missing": missing, "orphaned": orphaned, "tenants": len(drifts), "drifted_tenants": drifted},
    )
