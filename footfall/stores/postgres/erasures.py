"""Tables erasure_steps, erasure_items and purge_certificates: how far an erasure has come. What is erased is
`erasure_rows`'."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from contracts.erasure import Certificate, ErasureStep, SignedCertificate, StepName, StepState
from footfall.stores.postgres.engine import translate_errors

ItemKind = Literal["person", "event", "template", "face", "raw", "derived"]


@contextmanager
def held_alone(engine: Engine, request_id: UUID) -> Iterator[bool]:
    """Whether this process alone carries the request out, until it leaves or dies. It sees no tenant's rows."""
    with translate_errors(), engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        key = {"key": f"footfall.erasure:{request_id}"}
        got = connection.execute(text("select pg_try_advisory_lock(hashtextextended(:key, 0))"), key).scalar_one()
        try:
            yield bool(got)
        finally:
            if got:
                connection.execute(text("select pg_advisory_unlock(hashtextextended(:key, 0))"), key)


def insert_steps(connection: Connection, request_id: UUID, steps: Sequence[StepName]) -> None:
    connection.execute(
        text("""
            insert into footfall.erasure_steps (tenant_id, request_id, step)
            select footfall.current_tenant(), :request_id, unnest(cast(:steps as text[]))
            on conflict do nothing
        """),
        {"request_id": request_id, "steps": list(steps)},
    )


def select_steps(connection: Connection, request_id: UUID) -> dict[StepName, ErasureStep]:
    rows = connection.execute(
        text("""
            select step, state, attempts, counts, error, started_at, finished_at
            from footfall.erasure_steps where request_id = :request_id
        """),
        {"request_id": request_id},
    )
    return {row["step"]: ErasureStep.model_validate(dict(row)) for row in rows.mappings()}


def begin_step(connection: Connection, request_id: UUID, step: StepName) -> None:
    connection.execute(
        text("""
            update footfall.erasure_steps
            set state = 'running', attempts = attempts + 1, error = null, finished_at = null,
                started_at = coalesce(started_at, clock_timestamp())
            where request_id = :request_id and step = :step
        """),
        {"request_id": request_id, "step": step},
    )


def end_step(
    connection: Connection, request_id: UUID, step: StepName, state: StepState, *, error: str | None = None
) -> None:
    connection.execute(
        text("""
            update footfall.erasure_steps
            set state = :state, error = :error, finished_at = clock_timestamp()
            where request_id = :request_id and step = :step
        """),
        {"request_id": request_id, "step": step, "state": state, "error": error},
    )


def add_counts(connection: Connection, request_id: UUID, step: StepName, counts: Mapping[str, int]) -> None:
    """Adds to what the step has counted, in the transaction that did it."""
    connection.execute(
        text("""
            update footfall.erasure_steps as s
            set counts = s.counts || (
                select coalesce(
                    jsonb_object_agg(n.key, n.value::bigint + coalesce((s.counts ->> n.key)::bigint, 0)), '{}'
                )
                from jsonb_each_text(cast(:counts as jsonb)) as n
            )
            where s.request_id = :request_id and s.step = :step
        """),
        {"request_id": request_id, "step": step, "counts": json.dumps({name: n for name, n in counts.items() if n})},
    )


def set_counts(connection: Connection, request_id: UUID, step: StepName, counts: Mapping[str, int]) -> None:
    """In place of what was counted: for a step that counts all of it each time."""
    connection.execute(
        text("""
            update footfall.erasure_steps set counts = cast(:counts as jsonb)
            where request_id = :request_id and step = :step
        """),
        {"request_id": request_id, "step": step, "counts": json.dumps(dict(counts))},
    )


def note_items(connection: Connection, request_id: UUID, kind: ItemKind, items: Collection[object]) -> None:
    connection.execute(
        text("""
            insert into footfall.erasure_items (tenant_id, request_id, kind, item)
            select footfall.current_tenant(), :request_id, :kind, unnest(cast(:items as text[]))
            on conflict do nothing
        """),
        {"request_id": request_id, "kind": kind, "items": [str(item) for item in items]},
    )


def select_items(connection: Connection, request_id: UUID, *kinds: ItemKind) -> list[str]:
    rows = connection.execute(
        text("""
            select item from footfall.erasure_items
            where request_id = :request_id and kind = any(cast(:kinds as text[]))
            order by item
        """),
        {"request_id": request_id, "kinds": list(kinds)},
    )
    return list(rows.scalars())


def forget_items(connection: Connection, request_id: UUID) -> None:
    connection.execute(
        text("delete from footfall.erasure_items where request_id = :request_id"), {"request_id": request_id}
    )


def select_started_at(connection: Connection, request_id: UUID) -> datetime | None:
    found: datetime | None = connection.execute(
        text("select started_at from footfall.erasure_requests where request_id = :request_id"),
        {"request_id": request_id},
    ).scalar_one()
    return found


def insert_certificate(connection: Connection, request_id: UUID, signed: SignedCertificate) -> None:
    certificate: Certificate = signed.certificate
    connection.execute(
        text("""
            insert into footfall.purge_certificates
                (tenant_id, request_id, certificate_id, issued_at, kid, document)
            values (footfall.current_tenant(), :request_id, :certificate_id, :issued_at, :kid,
                    cast(:document as jsonb))
        """),
        {
            "request_id": request_id,
            "certificate_id": certificate.certificate_id,
            "issued_at": certificate.issued_at,
            "kid": certificate.key_thumbprint,
            "document": signed.model_dump_json(),
        },
    )


def select_certificate(connection: Connection, request_id: UUID) -> SignedCertificate | None:
    found = connection.execute(
        text("select document::text from footfall.purge_certificates where request_id = :request_id"),
        {"request_id": request_id},
    ).scalar_one_or_none()
    return None if found is None else SignedCertificate.model_validate_json(found)
