"""Telling workers to forget, and who of them has said that it did. What a worker forgets is the daemon's to know."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.base import TenantId
from contracts.commands import CommandCreate, Forget
from contracts.erasure import ErasureRequest
from footfall.stores.postgres import commands
from footfall.stores.postgres import erasure_workers as table

_ACTOR = "job:erasure"
_ONE_DAY_SECONDS = 86_400
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """`waits`: whose answer is missing, None where nobody's is."""

    counts: dict[str, int]
    waits: str | None


def order_for(request: ErasureRequest) -> Forget:
    """Of a person a worker knows nothing but faces without a name: it takes the faces out of all that waits. Of a
    period or a tenant it drops what waits."""
    return Forget(
        kind="forget",
        request_id=request.request_id,
        camera_id=request.camera_id,
        since=request.since,
        until=request.until,
        drop=request.subject_kind in {"camera", "tenant"},
        gallery=request.subject_kind in {"staff", "tenant"},
    )


def tell(connection: Connection, tenant_id: TenantId, request: ErasureRequest) -> Told:
    """Has every registered worker told that was not, and tells one again whose order expired or failed.

    A worker that was deleted from the registry is waited for no more. One that was never registered cannot be told: it
    is counted, and the certificate says so.
    """
    states = table.select_answers(connection, request.request_id)
    waiting = []
    for worker in states:
        if worker.succeeded:
            continue
        if not worker.under_way:
            commands.insert_command(
                connection,
                tenant_id,
                worker.worker_id,
                CommandCreate(command=order_for(request), expires_in_seconds=_ONE_DAY_SECONDS),
                actor=_ACTOR,
            )
        waiting.append(worker.name if worker.last_error is None else f"{worker.name} ({worker.last_error})")
    counts = {
        "registered": len(states),
        "acknowledged": sum(worker.succeeded for worker in states),
        "unregistered": table.count_unregistered(connection),
    }
    return Told(counts, _waiting_for(waiting))


def _waiting_for(names: list[str]) -> str | None:
    if not names:
        return None
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"Not yet forgotten by the workers {', '.join(names[:_NAMED])}{more}. One that is gone for good can be deleted "
        "from the registry."
    )
