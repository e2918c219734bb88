"""The check that every tenant's audit log is whole. What a chain proves is `footfall.audit_chain`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Mapping

from dagster import AssetCheckResult, AssetCheckSeverity, AssetKey, MetadataValue, ResourceParam, asset_check

from assets.failures import told_plainly
from assets.needs import OpensServices
from contracts.base import TenantId
from footfall.audit_chain import ChainReport, verify_chains
from footfall.gallery import list_tenant_ids


@asset_check(
    asset=AssetKey("audit_log"),
    description="Every entry of every tenant's audit log is the one that was written, in its place, and none is gone.",
)
def audit_chain_intact(services: ResourceParam[OpensServices]) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        reports = verify_chains(opened.engine, list_tenant_ids(opened.engine))
    return verdict_on_chains(reports)


def verdict_on_chains(reports: Mapping[TenantId, ChainReport]) -> AssetCheckResult:
    """Passed when every chain is whole. Tenants, places and kinds are named; what an entry says is not."""
    broken = {
        str(tenant_id): [f"{finding.kind} at {finding.seq}" for finding in found.findings]
        for tenant_id, found in reports.items()
        if not found.intact
    }
    entries = sum(found.entries for found in reports.values())
    return AssetCheckResult(
        passed=not broken,
        severity=AssetCheckSeverity.ERROR,
        description=(
            f"The {entries} entries of {len(reports)} tenants are as they were written."
            if not broken
            else f"The log of {len(broken)} tenants was tampered with: `footfall audit verify` says where."
        ),
        metadata={"entries": entries, "tenants": len(reports), "broken": MetadataValue.json(broken)},
    )
