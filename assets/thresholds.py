"""The thresholds of every tenant, calibrated from its gallery, with the plot they were read off. How they are made is
`footfall.calibration_gallery`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Mapping
from html import escape

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
    asset_check,
)

from assets.failures import told_plainly
from assets.needs import AFTER_SOUND_DEPS, GALLERY, NIGHTLY_FRESH, OWNERS, RETRIES, OpensServices, tagged
from assets.score_plot import score_plot
from assets.timing import timed
from contracts.base import TenantId
from contracts.calibration import CalibrationReport
from footfall.calibration import LEAST_PEOPLE
from footfall.calibration_gallery import calibrate, calibration_report
from footfall.gallery import list_tenant_ids
from footfall.tenancy import tenant_transaction

_PLOTTED = 20


@asset(
    deps=["staff_gallery"],
    group_name=GALLERY,
    owners=OWNERS,
    tags=tagged(holds="traffic", effect="rebuilds"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    pool="gallery",
    freshness_policy=NIGHTLY_FRESH,
    automation_condition=AFTER_SOUND_DEPS,
    description="Cosine thresholds of each tenant for the stated share of strangers who may be taken for somebody, "
    "from the scores of its own gallery and a bundled background, for the size of its gallery.",
)
@timed
def thresholds(context: AssetExecutionContext, services: ResourceParam[OpensServices]) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        model_version = opened.model_version
        reports = {
            tenant_id: calibrate(
                opened.engine,
                opened.settings.recognition,
                tenant_id,
                model_version,
                models_folder=opened.settings.models_path,
            )
            for tenant_id in list_tenant_ids(opened.engine)
        }
    for tenant_id, report in reports.items():
        for note in report.notes:
            context.log.info("tenant %s: %s", tenant_id, note)
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(reports),
            "model_version": model_version,
            "thresholds": MetadataValue.md(table_of(reports)),
            "score distributions": MetadataValue.md(plots_of(reports)),
        }
    )


@asset_check(
    asset=thresholds,
    description="Every tenant's thresholds rest on enough people of its own, and not on the background alone.",
)
def thresholds_rest_on_enough_people(services: ResourceParam[OpensServices]) -> AssetCheckResult:
    with told_plainly(), services.open() as opened:
        reports = {}
        for tenant_id in list_tenant_ids(opened.engine):
            with tenant_transaction(opened.engine, tenant_id) as connection:
                reports[tenant_id] = calibration_report(
                    connection,
                    opened.settings.recognition,
                    opened.model_version,
                    models_folder=opened.settings.models_path,
                )
    return verdict_on(reports)


def verdict_on(reports: Mapping[TenantId, CalibrationReport]) -> AssetCheckResult:
    """A warning naming the tenants with too few people; they are on the safe stated default meanwhile."""
    short = sorted(str(tenant_id) for tenant_id, report in reports.items() if report.own_people < LEAST_PEOPLE)
    return AssetCheckResult(
        passed=not short,
        severity=AssetCheckSeverity.WARN,
        description=(
            f"The thresholds of all {len(reports)} tenants rest on people of their own."
            if not short
            else f"{len(short)} of {len(reports)} tenants have fewer than {LEAST_PEOPLE} people to measure: their "
            "thresholds are those of the bundled background. Enrol more people, or let visitors come, and calibrate "
            "again."
        ),
        metadata={"tenants": len(reports), "least_people": LEAST_PEOPLE, "short_tenants": short},
    )


def table_of(reports: Mapping[TenantId, CalibrationReport]) -> str:
    """Markdown: a row a tenant, thresholds with their 95 % intervals."""
    rows = [
        "| tenant | own people | weight | gallery worth | unsure from | match from | missed | rests on |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for tenant_id, report in reports.items():
        low, high = report.threshold_low, report.threshold_high
        missed = "unknown" if report.expected_miss_rate is None else f"{report.expected_miss_rate:.1%}"
        rows.append(
            f"| {tenant_id} | {report.own_people} | {report.own_weight:.0%} | {report.gallery_size:.0f} "
            f"| {low.value:.3f} ({low.low:.3f} to {low.high:.3f}) "
            f"| {high.value:.3f} ({high.low:.3f} to {high.high:.3f}) "
            f"| {missed} | {escape(report.source)} |"
        )
    return "\n".join(rows)


def plots_of(reports: Mapping[TenantId, CalibrationReport]) -> str:
    """Markdown with a plot of each of the first tenants, inside the text, so that no file has to be kept."""
    return "\n\n".join(
        f"**{tenant_id}**\n\n![score distributions]({score_plot(report)})"
        for tenant_id, report in list(reports.items())[:_PLOTTED]
    )
