"""Partitions that assets share: tenants, days, and both; and what a key stands for. Adding and removing tenants is a
sensor's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from dagster import (
    AssetsDefinition,
    BackfillPolicy,
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    Failure,
    MultiPartitionKey,
    MultiPartitionsDefinition,
)

from contracts.base import TenantId

TENANTS = DynamicPartitionsDefinition(name="tenants")
"""By their ids; a sensor adds those that there are and removes those that are gone."""

DAYS = DailyPartitionsDefinition(start_date=datetime(2024, 1, 1, tzinfo=UTC), timezone="UTC", end_offset=1)
"""Of UTC, today's among them."""

TENANT_DAYS = MultiPartitionsDefinition({"tenant": TENANTS, "day": DAYS})

IN_ONE_RUN = BackfillPolicy.single_run()

TENANT_TAG = "footfall/tenant"
"""On runs of one tenant: of those, one at a time goes (`footfall up` says so to Dagster)."""


def in_one_run(made: AssetsDefinition) -> AssetsDefinition:
    """The asset, of which a range of partitions is one run: the stores answer for many as for one. Set apart from the
    decorator, whose parameter Dagster 1.13 warns of as beta wherever it is imported."""
    return made.with_attributes(backfill_policy=IN_ONE_RUN)


def tenants_of(keys: Sequence[str], known: Sequence[TenantId]) -> list[TenantId]:
    """The tenants of these partitions, each once. Raises Failure, which is not retried, for one that the record does
    not have: it was deleted, or never was."""
    tenant_ids = []
    there = set(known)
    for key in dict.fromkeys(keys):
        try:
            tenant_id = TenantId(UUID(key))
        except ValueError:
            raise Failure(f"The partition {key!r} is no tenant's id.", allow_retries=False) from None
        if tenant_id not in there:
            raise Failure(
                f"There is no tenant {key}: it was deleted, or never was.",
                metadata={"what to do": "The sensor tenants_changed removes its partition; choose another."},
                allow_retries=False,
            )
        tenant_ids.append(tenant_id)
    return tenant_ids


def days_of(keys: Sequence[str]) -> list[date]:
    """The days of these partitions, in order, each once."""
    return sorted({date.fromisoformat(key) for key in keys})


def tenant_days_of(keys: Sequence[str], known: Sequence[TenantId]) -> dict[TenantId, list[date]]:
    """Each tenant's days, in order. Raises as `tenants_of`."""
    found: dict[TenantId, set[date]] = {}
    for key in keys:
        parts = (
            key.keys_by_dimension
            if isinstance(key, MultiPartitionKey)
            else TENANT_DAYS.get_partition_key_from_str(key).keys_by_dimension
        )
        [tenant_id] = tenants_of([parts["tenant"]], known)
        found.setdefault(tenant_id, set()).add(date.fromisoformat(parts["day"]))
    return {tenant_id: sorted(days) for tenant_id, days in found.items()}
