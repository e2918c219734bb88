"""When the check of the audit log passes, and that its verdict names places and never what an entry says."""

from __future__ import annotations

from uuid import UUID

from assets.audit import verdict_on_chains
from contracts.base import TenantId
from footfall.audit_chain import Anchor, ChainReport, Finding

ONE, OTHER = TenantId(UUID(int=1)), TenantId(UUID(int=2))
WHOLE = ChainReport(3, Anchor(3, bytes(32)), ())
BROKEN = ChainReport(2, Anchor(2, bytes(32)), (Finding("changed", "The entry is not what was chained.", 2, 7),))


def test_whole_chains_pass() -> None:
    verdict = verdict_on_chains({ONE: WHOLE, OTHER: ChainReport(0, None, ())})
    assert verdict.passed
    assert verdict.metadata["entries"].value == 3


def test_one_broken_chain_fails_and_is_named() -> None:
    verdict = verdict_on_chains({ONE: WHOLE, OTHER: BROKEN})
    assert not verdict.passed
    assert "1 tenants" in (verdict.description or "")
    assert verdict.metadata["broken"].value == {str(OTHER): ["changed at 2"]}
