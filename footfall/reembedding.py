"""Bringing a tenant's templates to another model version from stored crops: in batches, from where it stopped last.
Which version, and serving it, is `footfall.reembedding_switch`'s; single pictures are `footfall.reembedding_crops`'."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.calibration import VersionCoverage
from footfall.errors import ConflictError
from footfall.gallery import mend_gallery
from footfall.reembedding_crops import FAULTS, twins_of
from footfall.services import Services
from footfall.serving import Serving, refresh
from footfall.stores.postgres import reembeddings as table
from footfall.stores.postgres.model_coverage import Coverage, count_coverage
from footfall.stores.postgres.reembedding_sources import Kind, select_sources
from footfall.stores.postgres.reembeddings import Cursor, SetAside
from footfall.tenancy import tenant_transaction

logger = logging.getLogger(__name__)

BATCH_ROWS = 64
"""Crops of one batch: a second's work or two, which is what a killed process loses and what a pause waits for."""

_ORDER: tuple[Kind, ...] = ("face", "template", "sighting")

Outcome = Literal["complete", "paused"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did, of which kind of template."""

    tenant_id: TenantId
    kind: Kind
    embedded: int
    set_aside: int


OnBatch = Callable[[Batch], None]


@dataclass(frozen=True, slots=True)
class Reembedded:
    """What a run did to a tenant. `coverage` is how the tenant stands now."""

    outcome: Outcome
    embedded: int
    set_aside: int
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Lost:
    """A template that could not be brought over, and why in words."""

    item: SetAside
    message: str


def reembed_tenant(
    services: Services, tenant_id: TenantId, model_version: str, *, on_batch: OnBatch = lambda _: None
) -> Reembedded:
    """Makes the twin in `model_version` of every template of the tenant that has none, or records why there can be
    none; until nothing is left, or somebody pauses it.

    Each batch is a transaction that moves the tenant's cursor with it: a process that is killed loses the batch at
    hand, and running again goes on from there. Two processes take turns. Events go on meanwhile.

    Raises ConflictError for a version that is neither served nor beside the one served, ModelError and
    ConfigurationError when this machine lacks its model, ServiceUnavailableError.
    """
    began = time.monotonic()
    embedded = set_aside = 0
    outcome: Outcome | None = None
    while outcome is None:
        done = _next_batch(services, tenant_id, model_version)
        if isinstance(done, Batch):
            embedded, set_aside = embedded + done.embedded, set_aside + done.set_aside
            on_batch(done)
        else:
            outcome = done
    if embedded or set_aside:
        logger.info(
            "tenant %s: %d templates in %s and %d set aside, %.0f a second; %s.",
            tenant_id,
            embedded,
            model_version,
            set_aside,
            (embedded + set_aside) / (time.monotonic() - began),
            outcome,
        )
    if embedded and services.model_version == model_version:
        mend_gallery(services.engine, services.vectors, tenant_id, model_version)  # it is searched already
    with tenant_transaction(services.engine, tenant_id) as connection:
        return Reembedded(outcome, embedded, set_aside, count_coverage(connection, model_version))


def coverages(engine: Engine, tenant_ids: Iterable[TenantId], model_version: str) -> dict[TenantId, Coverage]:
    """How much of each tenant's gallery there is in the version. Raises PostgresUnavailableError."""
    found: dict[TenantId, Coverage] = {}
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            found[tenant_id] = count_coverage(connection, model_version)
    return found


def list_lost(engine: Engine, tenant_id: TenantId, model_version: str, *, limit: int) -> list[Lost]:
    """What could not be brought over, photographs of staff first: those can be enrolled again."""
    with tenant_transaction(engine, tenant_id) as connection:
        return [
            Lost(item, FAULTS[item.fault]) for item in table.select_set_aside(connection, model_version, limit=limit)
        ]


def retry_lost(engine: Engine, tenant_id: TenantId, model_version: str) -> int:
    """Has the next run try again what could not be brought over, as after a restored bucket; how many."""
    with tenant_transaction(engine, tenant_id) as connection:
        cursor = table.hold_cursor(connection, tenant_id, model_version)
        forgotten = table.delete_faults(connection, model_version)
        table.move_cursor(
            connection,
            model_version,
            replace(cursor, kind=_ORDER[0], after_id=None, set_aside=0, finished_at=None),
        )
    return forgotten


def report_versions(connection: Connection, serving: Serving) -> tuple[VersionCoverage, ...]:
    """The versions that stand, the one served first, with the bound tenant's coverage."""
    stand: list[tuple[str, str, bool]] = [(serving.served, "served", False)]
    if serving.companion is not None:
        stand.append((serving.companion.model_version, serving.companion.role, serving.companion.paused))
    return tuple(
        VersionCoverage.model_validate(
            {
                "model_version": model_version,
                "role": role,
                "paused": paused,
                **asdict(count_coverage(connection, model_version)),
            }
        )
        for model_version, role, paused in stand
    )


def complete(coverage: Coverage) -> bool:
    """Whether every template was brought over or is set aside."""
    return coverage.untried == 0


def _next_batch(services: Services, tenant_id: TenantId, model_version: str) -> Batch | Outcome:
    with tenant_transaction(services.engine, tenant_id) as connection:
        serving = refresh(services, connection)
        _require_wanted(serving, model_version)
        if serving.companion is not None and serving.companion.paused:
            return "paused"
        cursor = table.hold_cursor(connection, tenant_id, model_version)
        sources = select_sources(connection, cursor.kind, model_version, after=cursor.after_id, limit=BATCH_ROWS)
        if not sources:
            left = _turn_page(connection, model_version, cursor)
            return Batch(tenant_id, left, 0, 0) if left is not None else "complete"
        twins = twins_of(
            connection,
            services,
            tenant_id,
            sources,
            kind=cursor.kind,
            model=services.vision.opened(model_version),
        )
        table.insert_twins(connection, tenant_id, cursor.kind, model_version, twins)
        embedded = sum(twin.embedding is not None for twin in twins)
        set_aside = len(twins) - embedded
        table.move_cursor(
            connection,
            model_version,
            Cursor(
                kind=cursor.kind,
                after_id=sources[-1].row_id,
                embedded=cursor.embedded + embedded,
                set_aside=cursor.set_aside + set_aside,
                finished_at=None,
            ),
        )
    return Batch(tenant_id, cursor.kind, embedded, set_aside)


def _turn_page(connection: Connection, model_version: str, cursor: Cursor) -> Kind | None:
    """Goes to the next kind; after the last one to the beginning, where late rows may wait under ids that were passed.
    None when nothing is left."""
    later = _ORDER[_ORDER.index(cursor.kind) + 1 :]
    left = later or tuple(
        kind for kind in _ORDER if select_sources(connection, kind, model_version, after=None, limit=1)
    )
    table.move_cursor(
        connection,
        model_version,
        replace(
            cursor,
            kind=left[0] if left else _ORDER[0],
            after_id=None,
            finished_at=None if left else datetime.now(UTC),
        ),
    )
    return left[0] if left else None


def _require_wanted(serving: Serving, model_version: str) -> None:
    wanted = {serving.served} | ({serving.companion.model_version} if serving.companion is not None else set())
    if model_version not in wanted:
        raise ConflictError(
            f"{model_version} is neither served nor beside {serving.served}, which is.",
            hint=f"`footfall gallery reembed --to {model_version}` makes it the candidate first.",
        )
