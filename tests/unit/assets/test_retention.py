"""What the retention's assets report of what was swept, and when its check fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from assets.retention import buckets_as_seen, report_of, verdict_on
from contracts.base import TenantId
from footfall.retention import Sweep


def swept(slug: str, *, found: int, deleted: int) -> Sweep:
    oldest = datetime(2026, 1, 1, tzinfo=UTC) if found else None
    return Sweep(TenantId(uuid4()), slug, "raw", 10, found, found * 100, oldest, deleted)


@pytest.mark.parametrize(
    ("overdue", "rule_days", "says"),
    [
        ({"acme": 3}, 30, "3 raw images of 1 tenants outlived their term"),
        ({}, None, "the bucket's rule says nothing instead of 30 days"),
        ({}, 90, "the bucket's rule says 90 instead of 30 days"),
    ],
)
def test_the_check_fails_for_overdue_images_and_for_another_rule(
    overdue: dict[str, int], rule_days: int | None, says: str
) -> None:
    verdict = verdict_on(overdue, tenants=2, promised_days=30, rule_days=rule_days)
    assert not verdict.passed
    assert says in (verdict.description or "")


def test_the_check_passes_when_nothing_is_overdue_and_the_rule_is_the_promised_one() -> None:
    assert verdict_on({}, tenants=2, promised_days=30, rule_days=30).passed


def test_a_sweep_tells_what_the_buckets_hold_afterwards() -> None:
    sweeps = [
        replace(swept("acme", found=2, deleted=2), left_bytes=800),
        replace(swept("other", found=0, deleted=0), left_bytes=1000),
    ]
    raw, derived = buckets_as_seen(sweeps)
    assert (raw.asset_key.to_user_string(), derived.asset_key.to_user_string()) == ("raw_images", "derived_images")
    assert (raw.metadata["dagster/row_count"].value, raw.metadata["bytes"].value) == (18, 1800)
    assert (derived.metadata["dagster/row_count"].value, derived.metadata["bytes"].value) == (0, 0)


def test_the_report_sums_up_and_names_tenants_where_anything_was_found() -> None:
    told = report_of([swept("acme", found=2, deleted=2), swept("bolt", found=0, deleted=0)], dry_run=False).metadata
    assert told is not None
    assert (told["found"], told["found_bytes"], told["deleted"], told["dagster/row_count"]) == (2, 200, 2, 18)
    assert "acme" in str(told["by_tenant"])
    assert "bolt" not in str(told["by_tenant"])
