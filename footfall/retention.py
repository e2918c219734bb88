"""Images that outlived their term or their record, found and deleted bucket by bucket. People's terms are
`footfall.anonymising`'s, rows' `footfall.retention_terms`'; erasure on request is not here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.stores.base import BucketKind, ObjectStore, StoredObject
from footfall.stores.postgres import legal_holds, object_keys, tenants
from footfall.tenancy import tenant_transaction

ORPHAN_GRACE = timedelta(days=1)
"""An image is stored before the row that names it, so a young one without a row may be about to get it."""

LIFECYCLE_SLACK = timedelta(days=1)
"""A lifecycle rule counts in whole days and its server sweeps in its own time; S3 promises no more."""

_BATCH = 1000  # of S3's DeleteObjects

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was found in one bucket of one tenant. `found`: images that should not be there any more; `deleted` of
    them, none on a dry run; `held`: those that a legal hold keeps. Sizes in bytes; `left_bytes` of what
    is there afterwards. `oldest`: of those found."""

    tenant_id: TenantId
    slug: str
    bucket: BucketKind
    looked_at: int
    found: int
    found_bytes: int
    oldest: datetime | None
    deleted: int
    held: int = 0
    left_bytes: int = 0


def raw_term(bucket_days: int, tenant_days: int | None) -> timedelta:
    """How long a tenant's raw images may live: what the bucket promises everyone, or less where the tenant promises
    less."""
    return timedelta(days=bucket_days if tenant_days is None else min(bucket_days, tenant_days))


def captured_too_early(
    engine: Engine, tenant_id: TenantId, found: Iterable[StoredObject], cutoff: datetime
) -> Iterator[StoredObject]:
    """Those of faces that were captured before `cutoff`, whenever they were stored: what waited in a worker's outbox or
    came back from a backup is as old as the day on which the face was seen."""
    batch: dict[str, StoredObject] = {}
    for item in found:
        batch[item.key] = item
        if len(batch) == _BATCH:
            yield from _captured_before(engine, tenant_id, batch, cutoff)
            batch = {}
    yield from _captured_before(engine, tenant_id, batch, cutoff)


def _captured_before(
    engine: Engine, tenant_id: TenantId, batch: Mapping[str, StoredObject], cutoff: datetime
) -> Iterator[StoredObject]:
    if not batch:
        return
    with tenant_transaction(engine, tenant_id) as connection:
        early = object_keys.captured_before(connection, batch, cutoff)
    yield from (batch[key] for key in sorted(early))


def without_record(
    found: Iterable[StoredObject], recorded: frozenset[str], now: datetime, grace: timedelta = ORPHAN_GRACE
) -> Iterator[StoredObject]:
    """Those that no row names and that are too old to be waiting for one."""
    return (item for item in found if item.key not in recorded and now - item.modified_at > grace)


def sweep_expired_raw_images(
    engine: Engine,
    objects: ObjectStore,
    tenant_ids: Sequence[TenantId],
    *,
    bucket_days: int,
    now: datetime,
    dry_run: bool,
    progress: Progress | None = None,
) -> list[Sweep]:
    """Deletes raw images that are past their tenant's term, a thousand at once; the bucket's rule should have left
    none but those of tenants whose own term is shorter. Killed half way, the next run finds the rest.

    `progress` is told the number of images looked at, now and then. Raises ObjectsUnavailableError,
    PostgresUnavailableError and, for a server that refuses, ConfigurationError; what was deleted until then is gone.
    """
    sweeps = []
    for tenant_id in tenant_ids:
        tenant = _tenant(engine, tenant_id)
        if tenant is None:
            continue
        term = raw_term(bucket_days, tenant.retention_days)
        counted = _Counted(objects.list(tenant_id, "raw"), progress)
        condemned = _outlived(engine, tenant_id, counted, term, now)
        sweeps.append(_delete(engine, objects, tenant, "raw", condemned, looked_at=counted, dry_run=dry_run))
    return sweeps


def sweep_orphaned_images(
    engine: Engine,
    objects: ObjectStore,
    tenant_ids: Sequence[TenantId],
    *,
    now: datetime,
    dry_run: bool,
    progress: Progress | None = None,
) -> list[Sweep]:
    """Deletes images of both buckets that no row of their tenant names: left by a crash between storing and recording,
    or between deleting a row and its images. Parameters and errors as in sweep_expired_raw_images.
    """
    sweeps = []
    for tenant_id in tenant_ids:
        tenant = _tenant(engine, tenant_id)
        if tenant is None:
            continue
        for bucket in ("raw", "derived"):
            # The rows are read after the images: one that is recorded between the two is not taken for an orphan.
            counted = _Counted(objects.list(tenant_id, bucket), progress)
            found = list(counted)
            with tenant_transaction(engine, tenant_id) as connection:
                recorded = object_keys.recorded(connection, bucket)
            orphans = without_record(found, recorded, now)
            sweeps.append(_delete(engine, objects, tenant, bucket, orphans, looked_at=counted, dry_run=dry_run))
    return sweeps


def count_overdue_raw_images(
    engine: Engine, objects: ObjectStore, tenant_ids: Sequence[TenantId], *, bucket_days: int, now: datetime
) -> dict[str, int]:
    """By tenant's slug, raw images past their term and a day's slack that no legal hold keeps, where there are any.
    Deletes nothing."""
    overdue = {}
    for tenant_id in tenant_ids:
        tenant = _tenant(engine, tenant_id)
        if tenant is None:
            continue
        term = raw_term(bucket_days, tenant.retention_days) + LIFECYCLE_SLACK
        overdue_keys = [item.key for item in _outlived(engine, tenant_id, objects.list(tenant_id, "raw"), term, now)]
        with tenant_transaction(engine, tenant_id) as connection:
            late = len(overdue_keys) - len(object_keys.held(connection, overdue_keys))
        if late:
            overdue[tenant.slug] = late
    return overdue


def _outlived(
    engine: Engine, tenant_id: TenantId, found: Iterable[StoredObject], term: timedelta, now: datetime
) -> Iterator[StoredObject]:
    """Those past their term by the time they were stored or by the time the face was captured."""
    young: list[StoredObject] = []
    for item in found:
        if now - item.modified_at > term:
            yield item
        else:
            young.append(item)
    yield from captured_too_early(engine, tenant_id, young, now - term)


class _Counted:
    """An iterable of stored objects that knows how many went by, and of how many bytes."""

    def __init__(self, found: Iterator[StoredObject], progress: Progress | None) -> None:
        self._found = found
        self._progress = progress
        self.looked_at = 0
        self.bytes = 0

    def __iter__(self) -> Iterator[StoredObject]:
        for item in self._found:
            self.looked_at += 1
            self.bytes += item.size_bytes
            if self._progress is not None and self.looked_at % _BATCH == 0:
                self._progress(self.looked_at)
            yield item


def _tenant(engine: Engine, tenant_id: TenantId) -> tenants.TenantRow | None:
    """None for one that was deleted after it was listed."""
    with tenant_transaction(engine, tenant_id) as connection:
        return tenants.bound(connection)


def _delete(
    engine: Engine,
    objects: ObjectStore,
    tenant: tenants.TenantRow,
    bucket: BucketKind,
    condemned: Iterable[StoredObject],
    *,
    looked_at: _Counted,
    dry_run: bool,
) -> Sweep:
    outlived = list(condemned)
    held = gone_bytes = 0
    for start in range(0, len(outlived), _BATCH):
        batch = outlived[start : start + _BATCH]
        keys = [item.key for item in batch]
        # No hold is placed while a batch goes: docs/adr/retention-ages-quietly.md.
        with tenant_transaction(engine, tenant.tenant_id) as connection:
            legal_holds.hold_still(connection)
            kept = object_keys.held(connection, keys)
            if not dry_run:
                objects.delete(tenant.tenant_id, bucket, [key for key in keys if key not in kept])
        held += len(kept)
        gone_bytes += sum(item.size_bytes for item in batch if item.key not in kept)
    return Sweep(
        tenant_id=tenant.tenant_id,
        slug=tenant.slug,
        bucket=bucket,
        looked_at=looked_at.looked_at,
        found=len(outlived),
        found_bytes=sum(item.size_bytes for item in outlived),
        oldest=min((item.modified_at for item in outlived), default=None),
        deleted=0 if dry_run else len(outlived) - held,
        held=held,
        left_bytes=looked_at.bytes - (0 if dry_run else gone_bytes),
    )
