"""Requests that must be carried out once, however often they are sent: who may work on one, and what is kept of it.
HTTP is the API's. Why it is safe when a process dies: docs/adr/idempotency-keys.md."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.stores.postgres import idempotency as table
from footfall.stores.postgres.idempotency import KeptAnswer
from footfall.tenancy import tenant_transaction

MAX_KEPT_BYTES = 262_144
"""Of a longer answer nothing is kept."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request under a key. `operation`: method and path."""

    tenant_id: TenantId
    principal: str
    key: str
    operation: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The request is the caller's to carry out, under this claim."""

    claim_id: UUID


@dataclass(frozen=True, slots=True)
class InUse:
    """Somebody carries it out now."""


@dataclass(frozen=True, slots=True)
class Answered:
    """It was carried out, and this was the answer."""

    fingerprint: bytes | None
    answer: KeptAnswer


@dataclass(frozen=True, slots=True)
class Done:
    """It was carried out, at least in part, and the answer is not kept. `deed`: (action, kind, id) of the last record
    that it changed."""

    fingerprint: bytes | None
    deed: tuple[str, str, str]


Outcome = Claimed | InUse | Answered | Done


def claim(engine: Engine, request: Request, *, lease_seconds: float, kept_hours: int) -> Outcome:
    """Who is to carry the request out. A claim ends by `keep` or `release`, or by its lease, after which another may
    take the request over as long as nothing was committed for it."""
    claim_id = uuid4()
    with tenant_transaction(engine, request.tenant_id) as connection:
        table.forget_expired(connection)
        if table.insert_key(
            connection,
            principal=request.principal,
            key=request.key,
            operation=request.operation,
            claim_id=claim_id,
            lease_seconds=lease_seconds,
            kept_hours=kept_hours,
        ):
            return Claimed(claim_id)
        row = table.select_key(connection, principal=request.principal, key=request.key)
        if row is not None and row.answer is not None:
            return Answered(row.fingerprint, row.answer)
        if row is None or row.leased:
            return InUse()
        if row.deed is not None:
            return Done(row.fingerprint, row.deed)
        table.take_over(
            connection,
            principal=request.principal,
            key=request.key,
            claim_id=claim_id,
            lease_seconds=lease_seconds,
        )
    return Claimed(claim_id)


def keep(engine: Engine, tenant_id: TenantId, claim_id: UUID, fingerprint: bytes, answer: KeptAnswer) -> None:
    """The answer of a request that was carried out, for whoever sends it again."""
    with tenant_transaction(engine, tenant_id) as connection:
        table.keep_answer(connection, claim_id, fingerprint, answer)


def release(engine: Engine, tenant_id: TenantId, claim_id: UUID, fingerprint: bytes | None) -> None:
    """The request has ended without an answer to keep. Where nothing was committed the key is as if unused."""
    with tenant_transaction(engine, tenant_id) as connection:
        table.end_claim(connection, claim_id, fingerprint)
