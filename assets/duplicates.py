"""The review queue's asset: questions about who is who, and the check that the log of corrections tells the truth. What
is likely is `footfall.duplicates`'.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Mapping

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
    asset_check,
)

from assets.failures import told_plainly
from assets.needs import AFTER_SOUND_DEPS, CUSTOMERS, OWNERS, RETRIES, OpensServices, tagged
from assets.tables import table
from assets.timing import timed
from contracts.base import TenantId
from footfall.correction_log import LogVerdict, hold_against_record
from footfall.gallery import list_tenant_ids
from footfall.review_queue import find_questions


@asset(
    deps=["staff_gallery"],
    group_name=CUSTOMERS,
    owners=OWNERS,
    tags=tagged(holds="people", effect="rebuilds"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    pool="gallery",
    automation_condition=AFTER_SOUND_DEPS,
    description="The review queue: people who are likely one, and customers who are likely two, with the evidence. "
    "What somebody dismissed is not asked again.",
)
@timed
def duplicate_candidates(services: ResourceParam[OpensServices]) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        found = {
            tenant_id: find_questions(
                opened.engine,
                tenant_id,
                opened.model_version,
                opened.settings.recognition,
                models_folder=opened.settings.models_path,
            )
            for tenant_id in list_tenant_ids(opened.engine)
        }
    return MaterializeResult(
        metadata={
            "dagster/row_count": sum(questions.open for questions in found.values()),
            "people": sum(questions.people for questions in found.values()),
            "duplicates": sum(questions.duplicates for questions in found.values()),
            "mixtures": sum(questions.mixtures for questions in found.values()),
            "tenants": len(found),
            "by_tenant": table(
                (
                    {
                        "tenant": str(tenant_id),
                        "open": questions.open,
                        "duplicates": questions.duplicates,
                        "mixtures": questions.mixtures,
                    }
                    for tenant_id, questions in found.items()
                    if questions.open
                ),
                words=["tenant"],
                counts=["open", "duplicates", "mixtures"],
            ),
        }
    )


@asset_check(
    asset=duplicate_candidates,
    description="Whose each sighting is follows from who it was first decided to be and the log of corrections alone.",
)
def corrections_replay(services: ResourceParam[OpensServices]) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        verdicts = {
            tenant_id: hold_against_record(opened.engine, tenant_id) for tenant_id in list_tenant_ids(opened.engine)
        }
    return verdict_on_logs(verdicts)


def verdict_on_logs(verdicts: Mapping[TenantId, LogVerdict]) -> AssetCheckResult:
    """Passed when every log holds. Tenants are named; sightings are not."""
    failing = sorted(str(tenant_id) for tenant_id, verdict in verdicts.items() if not verdict.holds)
    sightings = sum(verdict.sightings for verdict in verdicts.values())
    return AssetCheckResult(
        passed=not failing,
        severity=AssetCheckSeverity.ERROR,
        description=(
            f"The logs of {len(verdicts)} tenants give every one of {sightings} corrected sightings to whom it has."
            if not failing
            else f"The log of {len(failing)} tenants does not tell whose every sighting is: a row was changed past it."
        ),
        metadata={"sightings": sightings, "tenants": len(verdicts), "failing_tenants": MetadataValue.json(failing)},
    )
