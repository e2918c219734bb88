"""Checks of the events that come in, tenant by tenant, against what was usual. What is usual is
`footfall.data_quality`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.failures import told_plainly
from assets.needs import OpensRecord
from footfall.data_quality import (
    Finding,
    TenantData,
    clocks_ahead,
    drifting_scores,
    floods,
    measure,
    silent_cameras,
    unparsable_events,
)
from footfall.record import Record

_EVENTS = AssetKey("face_events")
_SHOWN = 50

Find = Callable[[TenantData, datetime], Iterable[Finding]]

# A warning is worth a look and may have a good reason; an error says that the record itself is wrong.
CHECKS: dict[str, tuple[str, AssetCheckSeverity, Find]] = {
    "no_camera_is_silent": (
        "No camera saw nobody for much longer than its longest pause of the last four weeks.",
        AssetCheckSeverity.WARN,
        silent_cameras,
    ),
    "no_camera_floods": (
        "No camera made five times as many sightings in an hour of the last day as in any hour of four weeks before.",
        AssetCheckSeverity.WARN,
        floods,
    ),
    "clocks_agree": (
        "Sightings of the last day are not dated after their arrival: the clocks of camera hosts are right.",
        AssetCheckSeverity.WARN,
        clocks_ahead,
    ),
    "scores_do_not_drift": (
        "Staff are recognised with the scores that were usual in the last four weeks.",
        AssetCheckSeverity.WARN,
        lambda data, _: drifting_scores(data),
    ),
    "events_keep_their_contract": (
        "The latest stored events still parse as what Event.FaceDetected.v1 says.",
        AssetCheckSeverity.ERROR,
        lambda data, _: unparsable_events(data),
    ),
}


@multi_asset_check(
    name="quality_of_events",
    specs=[
        AssetCheckSpec(name, asset=_EVENTS, description=description) for name, (description, _, _) in CHECKS.items()
    ],
)
def quality_of_events(record: ResourceParam[OpensRecord]) -> Iterator[AssetCheckResult]:
    now = datetime.now(UTC)
    with told_plainly(), record.open() as opened:
        yield from verdicts_on(_measured(opened, now), now)


QUALITY_CHECKS: list[AssetChecksDefinition] = [quality_of_events]


def verdicts_on(tenants: Iterable[TenantData], now: datetime) -> Iterator[AssetCheckResult]:
    """One result a check, over all tenants; failed when any tenant has a finding."""
    found: dict[str, list[Finding]] = {name: [] for name in CHECKS}
    looked_at = 0
    for data in tenants:
        looked_at += 1
        for name, (_, _, find) in CHECKS.items():
            found[name] += find(data, now)
    for name, (_, severity, _) in CHECKS.items():
        findings = found[name]
        yield AssetCheckResult(
            check_name=name,
            asset_key=_EVENTS,
            passed=not findings,
            severity=severity,
            description=_told(findings, looked_at),
            metadata={
                "tenants": looked_at,
                "findings": len(findings),
                **({"list": MetadataValue.md(_listed(findings))} if findings else {}),
            },
        )


def _measured(record: Record, now: datetime) -> Iterator[TenantData]:
    return measure(record.engine, record.tenant_ids(), now)


def _told(findings: list[Finding], tenants: int) -> str:
    if not findings:
        return f"Nothing in {tenants} tenants."
    first = findings[0]
    others = f"; and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{first.tenant}: {first.about} {first.says}{others}."


def _listed(findings: list[Finding]) -> str:
    return "\n".join(f"- **{finding.tenant}**: {finding.about} {finding.says}" for finding in findings[:_SHOWN])
