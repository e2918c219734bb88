"""The table idempotency_keys: rows in and out. What a state of one means is `footfall.idempotency`'s."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, text

_FORGOTTEN_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given. `headers` in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`leased`: somebody may still be at work. `deed`: (action, kind, id) of what was committed under the key."""

    leased: bool
    fingerprint: bytes | None
    deed: tuple[str, str, str] | None
    answer: KeptAnswer | None


def insert_key(
    connection: Connection,
    *,
    principal: str,
    key: str,
    operation: str,
    claim_id: UUID,
    lease_seconds: float,
    kept_hours: int,
) -> bool:
    """False where the bound tenant's principal has used the key already."""
    found = connection.execute(
        text("""
            insert into footfall.idempotency_keys (
                tenant_id, principal, key, claim_id, operation, lease_until, expires_at
            )
            values (
                footfall.current_tenant(), :principal, :key, :claim_id, :operation,
                clock_timestamp() + make_interval(secs => :lease_seconds),
                clock_timestamp() + make_interval(hours => :kept_hours)
            )
            on conflict (tenant_id, principal, key) do nothing
        """),
        {
            "principal": principal,
            "key": key,
            "claim_id": claim_id,
            "operation": operation,
            "lease_seconds": lease_seconds,
            "kept_hours": kept_hours,
        },
    )
    return found.rowcount == 1


def select_key(connection: Connection, *, principal: str, key: str) -> KeyRow | None:
    """The row, held until the transaction ends; None while somebody's work holds it, or where there is none."""
    row = connection.execute(
        text("""
            select lease_until > clock_timestamp() as leased, fingerprint, did_action, did_kind, did_id,
                   status, headers, body
            from footfall.idempotency_keys
            where principal = :principal and key = :key
            for update skip locked
        """),
        {"principal": principal, "key": key},
    ).one_or_none()
    if row is None:
        return None
    return KeyRow(
        leased=row.leased,
        fingerprint=None if row.fingerprint is None else bytes(row.fingerprint),
        deed=None if row.did_action is None else (row.did_action, row.did_kind, row.did_id),
        answer=None if row.status is None else KeptAnswer(row.status, row.headers, bytes(row.body)),
    )


def take_over(connection: Connection, *, principal: str, key: str, claim_id: UUID, lease_seconds: float) -> None:
    """The claim before no longer counts: its work can no longer be committed."""
    connection.execute(
        text("""
            update footfall.idempotency_keys
            set claim_id = :claim_id, fingerprint = null,
                lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
            where principal = :principal and key = :key
        """),
        {"principal": principal, "key": key, "claim_id": claim_id, "lease_seconds": lease_seconds},
    )


def note_deed(connection: Connection, claim_id: UUID, *, action: str, subject_kind: str, subject_id: str) -> bool:
    """Notes what is being done under the claim, in the transaction that does it; False for a claim that was taken
    over."""
    found = connection.execute(
        text("""
            update footfall.idempotency_keys
            set did_action = :action, did_kind = :kind, did_id = :id
            where claim_id = :claim_id
        """),
        {"claim_id": claim_id, "action": action, "kind": subject_kind, "id": subject_id},
    )
    return found.rowcount == 1


def keep_answer(connection: Connection, claim_id: UUID, fingerprint: bytes, answer: KeptAnswer) -> None:
    connection.execute(
        text("""
            update footfall.idempotency_keys
            set fingerprint = :fingerprint, status = :status, headers = cast(:headers as jsonb), body = :body
            where claim_id = :claim_id
        """),
        {
            "claim_id": claim_id,
            "fingerprint": fingerprint,
            "status": answer.status,
            "headers": json.dumps(dict(answer.headers)),
            "body": answer.body,
        },
    )


def end_claim(connection: Connection, claim_id: UUID, fingerprint: bytes | None) -> None:
    """Nobody is at work any more and no answer is kept: a key under which nothing was committed is free again."""
    connection.execute(
        text("delete from footfall.idempotency_keys where claim_id = :claim_id and did_action is null"),
        {"claim_id": claim_id},
    )
    connection.execute(
        text("""
            update footfall.idempotency_keys
            set lease_until = clock_timestamp(), fingerprint = :fingerprint
            where claim_id = :claim_id
        """),
        {"claim_id": claim_id, "fingerprint": fingerprint},
    )


def forget_expired(connection: Connection) -> None:
    """Some of the bound tenant's expired keys, those that nobody holds."""
    connection.execute(
        text("""
            delete from footfall.idempotency_keys
            where (tenant_id, principal, key) in (
                select tenant_id, principal, key from footfall.idempotency_keys
                where expires_at <= clock_timestamp()
                limit :limit
                for update skip locked
            )
        """),
        {"limit": _FORGOTTEN_AT_ONCE},
    )
