"""Checks that the stores hold what the record says, tenant by tenant. What is looked at is
`footfall.data_quality_stores`'.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Iterable
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    MetadataValue,
    ResourceParam,
    asset_check,
)

from assets.failures import told_plainly
from assets.gallery import gallery_index
from assets.needs import OpensServices
from assets.retention import orphaned_objects
from footfall.data_quality import Finding
from footfall.data_quality_stores import missing_images, odd_templates
from footfall.gallery import list_tenant_ids

_SHOWN = 50


@asset_check(
    asset=orphaned_objects,
    description="The object store holds the image of every row that names one: photographs and crops of staff, and the "
    "raw images of the latest events.",
)
def every_row_has_its_image(services: ResourceParam[OpensServices]) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        tenant_ids = list_tenant_ids(opened.engine)
        found = list(missing_images(opened.engine, opened.objects, tenant_ids, datetime.now(UTC)))
    return verdict_on_stores(found, len(tenant_ids))


@asset_check(
    asset=gallery_index,
    description="Stored templates of the served version are finite, of norm 1 and not all alike.",
)
def templates_have_their_norm(services: ResourceParam[OpensServices]) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        tenant_ids = list_tenant_ids(opened.engine)
        found = list(odd_templates(opened.engine, tenant_ids, opened.model_version))
    return verdict_on_stores(found, len(tenant_ids))


STORE_CHECKS: list[AssetChecksDefinition] = [every_row_has_its_image, templates_have_their_norm]


def verdict_on_stores(findings: Iterable[Finding], tenants: int) -> AssetCheckResult:
    """Passed when nothing was found in any tenant."""
    found = list(findings)
    listed = "\n".join(f"- **{each.tenant}**: {each.about} {each.says}" for each in found[:_SHOWN])
    return AssetCheckResult(
        passed=not found,
        severity=AssetCheckSeverity.ERROR,
        description=(
            f"Nothing in {tenants} tenants." if not found else f"{found[0].tenant}: {found[0].about} {found[0].says}."
        ),
        metadata={
            "tenants": tenants,
            "findings": len(found),
            **({"list": MetadataValue.md(listed)} if found else {}),
        },
    )
