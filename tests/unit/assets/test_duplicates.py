"""What the check of the corrections' log makes of the tenants' verdicts."""

from __future__ import annotations

from uuid import uuid4

from assets.duplicates import verdict_on_logs
from contracts.base import EventId, TenantId
from footfall.correction_log import LogVerdict

HOLDS = LogVerdict(3, frozenset(), "")


def test_logs_that_hold_pass() -> None:
    verdict = verdict_on_logs({TenantId(uuid4()): HOLDS, TenantId(uuid4()): HOLDS})
    assert verdict.passed
    assert "every one of 6" in (verdict.description or "")


def test_a_sighting_astray_and_a_broken_log_fail_and_name_the_tenant_alone() -> None:
    astray, broken, event = TenantId(uuid4()), TenantId(uuid4()), EventId(uuid4())
    verdict = verdict_on_logs(
        {
            astray: LogVerdict(1, frozenset({event}), ""),
            broken: LogVerdict(1, frozenset(), "the correction does not follow"),
            TenantId(uuid4()): HOLDS,
        }
    )
    assert not verdict.passed
    assert verdict.metadata["failing_tenants"].value == sorted(map(str, (astray, broken)))
    assert str(event) not in repr(verdict)
