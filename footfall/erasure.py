"""Carrying an erasure out: step after step, each remembered when it is done, until the proof ends in a certificate. A
process may die anywhere; the next run goes on. What a step does is `footfall.erasure_steps`'.

docs/adr/erasure-ends-in-a-certificate.md
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.erasure import ErasureRequest, ErasureStep, StepName, StepState
from footfall import audit, erasure_certificate, erasure_proof
from footfall.erasure_proof import Reading
from footfall.erasure_requests import with_steps
from footfall.erasure_steps import STEPS, Erasing, Tick
from footfall.errors import ConflictError, FootfallError, NotFoundError
from footfall.settings import Settings
from footfall.signing_keys import SigningKeys
from footfall.stores.base import ObjectStore, VectorStore
from footfall.stores.postgres import erasure_requests as requests
from footfall.stores.postgres import erasure_rows, erasures, tenants
from footfall.tenancy import tenant_transaction

logger = logging.getLogger(__name__)

Phase = Literal["begun", "part", "worked", "recorded"]
"""Of a step: remembered as begun; a part of it committed; all of it done; remembered as done."""
Observe = Callable[[StepName, Phase], None]


class Parts(Protocol):
    """What an erasure works with: Postgres as footfall_operator, both stores, and the settings."""

    @property
    def settings(self) -> Settings: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def vectors(self) -> VectorStore: ...

    @property
    def objects(self) -> ObjectStore: ...


_ACTOR = "job:erasure"
_LONGEST_ERROR = 500
_BEFORE_WORKERS_ANSWER: tuple[StepName, ...] = ("rows", "keys", "vectors", "objects", "workers")


def plan(request: ErasureRequest) -> tuple[StepName, ...]:
    """The steps that a request takes, in their order."""
    steps: tuple[StepName, ...] = (*STEPS, "proof")
    return tuple(step for step in steps if step != "remains" or request.subject_kind == "tenant")


def carry_out(
    services: Parts,
    tenant_id: TenantId,
    request_id: UUID,
    *,
    refresh_marts: Callable[[], None] | None,
    only_erase: bool = False,
    observe: Observe = lambda _step, _phase: None,
    at_once: bool = False,
) -> ErasureRequest:
    """The request as it stands afterwards: completed, or waiting or failed with the reason. `only_erase`: without marts
    and proof, which another run does. `at_once`: without the days in which a tenant's end can be taken back.

    Raises NotFoundError, ConflictError while another process carries it out or while it can be taken back, and
    PostgresUnavailableError when nothing can be remembered.
    """
    with erasures.held_alone(services.engine, request_id) as alone:
        if not alone:
            raise ConflictError("Another process carries this erasure out.", hint="`footfall purge status` shows it.")
        request = _begin(services.engine, tenant_id, request_id, at_once=at_once)
        if request.status in {"completed", "withdrawn"}:
            return request
        erasing = Erasing(
            services.engine,
            services.vectors,
            services.objects,
            services.settings,
            tenant_id,
            request,
            refresh_marts,
        )
        _work(erasing, observe, only_erase=only_erase)
    with tenant_transaction(services.engine, tenant_id) as connection:
        return _existing(connection, request_id)


def _begin(engine: Engine, tenant_id: TenantId, request_id: UUID, *, at_once: bool) -> ErasureRequest:
    """The request, marked as running and with its steps, unless it is done, withdrawn or held."""
    with tenant_transaction(engine, tenant_id) as connection:
        request = requests.select_request(connection, request_id, lock=True)
        if request is None:
            raise NotFoundError(f"There is no erasure request {request_id}.")
        if request.status in {"completed", "withdrawn"}:
            return _existing(connection, request_id)
        if not at_once and request.not_before is not None and request.not_before > datetime.now(UTC):
            raise ConflictError(
                f"Until {request.not_before:%Y-%m-%d %H:%M} UTC the request can be taken back.",
                hint="Nothing is erased before, but with --at-once.",
            )
        if request.subject_kind == "tenant":
            _require_closed(connection)
        erasures.insert_steps(connection, request_id, plan(request))
        requests.set_status(connection, request_id, "running")
        return _existing(connection, request_id)


def _require_closed(connection: Connection) -> None:
    """Whoever could still write would write behind the erasure's back."""
    tenant = tenants.bound(connection)
    if tenant is None or tenant.platform or tenant.status not in {"deletion_requested", "erased"}:
        raise ConflictError(
            "The tenant's end was not asked for, or was taken back.", hint="DELETE /v1/tenants/{tenant_id} asks for it."
        )


def _work(erasing: Erasing, observe: Observe, *, only_erase: bool) -> None:
    waits: str | None = None
    for step in plan(erasing.request):
        if only_erase and step not in _BEFORE_WORKERS_ANSWER:
            break
        if waits is not None and step != "marts":
            continue  # aggregates forget at once; what rests on an answer waits for it
        if _steps(erasing)[step].state == "done":
            continue
        _remember(erasing, step, "running")
        observe(step, "begun")
        try:
            waits = _do(erasing, step, partial(observe, step, "part")) or waits
        except FootfallError as error:
            logger.warning("the erasure %s failed at %s: %s", erasing.request_id, step, error.message)
            _fail(erasing, step, error.message)
            return
        except Exception as error:
            _fail(erasing, step, f"An unexpected {type(error).__name__}; the log says more.")
            raise
        observe(step, "worked")
        if step != "proof":
            _remember(erasing, step, "done" if waits is None or step == "marts" else "waiting", waits)
        observe(step, "recorded")
        if step == "rows" and waits is not None:
            break
    if waits is not None:
        with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
            requests.set_status(connection, erasing.request_id, "waiting", error=waits[:_LONGEST_ERROR])


def _do(erasing: Erasing, step: StepName, tick: Tick) -> str | None:
    if step == "proof":
        _prove(erasing)
        return None
    return STEPS[step](erasing, tick)


def _prove(erasing: Erasing) -> None:
    """Issues the certificate. Raises ConflictError where anything was found, and has what should have erased it done
    again by the next run; as `read_back`, and ConfigurationError where the signing keys cannot be used."""
    steps = _steps(erasing)
    erased_at = steps["rows"].finished_at or datetime.now(UTC)
    readings = erasure_proof.read_back(erasing, erased_at=erased_at)
    verified_at = datetime.now(UTC)
    if any(reading.found for reading in readings):
        with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
            for step in erasure_proof.steps_to_repeat(readings):
                erasures.end_step(connection, erasing.request_id, step, "pending")
        raise ConflictError(f"Found after all: {_told(readings)}. The next run erases that again.")
    keys = SigningKeys.load_or_create(erasing.settings.keys_path)
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        signed = erasure_certificate.make(
            erasing.tenant_id,
            erasing.request,
            [reading.proven(steps) for reading in readings],
            keys,
            started_at=erasures.select_started_at(connection, erasing.request_id) or verified_at,
            verified_at=verified_at,
            issued_at=datetime.now(UTC),
        )
        erasures.insert_certificate(connection, erasing.request_id, signed)
        erasures.forget_items(connection, erasing.request_id)
        erasures.end_step(connection, erasing.request_id, "proof", "done")
        requests.set_status(connection, erasing.request_id, "completed")
        if erasing.whole:
            erasure_rows.mark_erased(connection)
        audit.record(
            connection,
            actor=_ACTOR,
            action="erasure.completed",
            subject_kind="erasure_request",
            subject_id=erasing.request_id,
            detail={"certificate_id": str(signed.certificate.certificate_id), "kid": signed.certificate.key_thumbprint},
        )


def _told(readings: list[Reading]) -> str:
    return ", ".join(
        f"{count} in {reading.store} ({name})" for reading in readings for name, count in sorted(reading.found.items())
    )


def _steps(erasing: Erasing) -> dict[StepName, ErasureStep]:
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        return erasures.select_steps(connection, erasing.request_id)


def _remember(erasing: Erasing, step: StepName, state: StepState, error: str | None = None) -> None:
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        if state == "running":
            erasures.begin_step(connection, erasing.request_id, step)
        else:
            told = error[:_LONGEST_ERROR] if error is not None and state == "waiting" else None
            erasures.end_step(connection, erasing.request_id, step, state, error=told)


def _fail(erasing: Erasing, step: StepName, message: str) -> None:
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        erasures.end_step(connection, erasing.request_id, step, "failed", error=message[:_LONGEST_ERROR])
        requests.set_status(connection, erasing.request_id, "failed", error=message[:_LONGEST_ERROR])


def _existing(connection: Connection, request_id: UUID) -> ErasureRequest:
    found = requests.select_request(connection, request_id)
    if found is None:
        raise NotFoundError(f"There is no erasure request {request_id}.")
    return with_steps(connection, found)
