"""Commands to workers: given, sent, acknowledged, finished. Carrying them out is the daemon's; calling a worker
directly is `footfall.worker_calls`'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.commands import (
    Command,
    CommandCreate,
    CommandOrder,
    CommandPage,
    CommandProgress,
    CommandReport,
    CommandState,
    SetConfig,
    Snapshot,
)
from contracts.workers import Worker
from footfall import audit, cameras
from footfall.cursors import check_limit
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.listing import SortKey, choose_order
from footfall.pictures import kind_of
from footfall.settings import VisionSettings
from footfall.stores.postgres import commands as table
from footfall.stores.postgres import live
from footfall.stores.postgres import workers as workers_table
from footfall.tenancy import tenant_transaction
from footfall.vision.decode import decode
from footfall.worker_records import locked, missing_worker, own, seen_from, shown, sites_of

MOST_OPEN = 50
"""Of one worker: what nobody collects must not pile up."""
ORDERS_AT_ONCE = 20
SNAPSHOT_SECONDS = 600
"""A snapshot shows whoever is there; it is for the person who asked, now."""
MAX_SNAPSHOT_BYTES = 2_000_000
SORTS = (SortKey("created_at", "c.created_at", "timestamptz"),)
_LISTING = "commands"
_FINISHED: frozenset[CommandState] = frozenset({"succeeded", "failed"})


@dataclass(frozen=True, slots=True)
class Given:
    """A new command, and where its worker can be reached directly; None where it cannot."""

    command: Command
    worker: Worker


def give_command(engine: Engine, tenant_id: TenantId, worker_id: UUID, request: CommandCreate, *, actor: str) -> Given:
    """Queues the command for the worker's next heartbeat.

    Raises NotFoundError for an unknown worker and for a camera that is not the worker's, ConflictError for a worker
    that no daemon has registered as, or that has too many commands open.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        state = locked(connection, worker_id)
        if state.key_id is None:
            raise ConflictError(
                f"No daemon has registered as {state.worker.name}.",
                hint="`footfall worker register` does, on its host.",
            )
        camera_id = getattr(request.command, "camera_id", None)
        if camera_id is not None and camera_id not in state.worker.camera_ids:
            raise cameras.missing_camera(camera_id)
        if table.count_open(connection, worker_id) >= MOST_OPEN:
            raise ConflictError(
                f"{MOST_OPEN} commands wait for {state.worker.name} already.", hint="Is the worker online?"
            )
        if isinstance(request.command, SetConfig) and request.command.configuration is not None:
            workers_table.update_worker(connection, worker_id, configuration=request.command.configuration)
        command_id = table.insert_command(connection, tenant_id, worker_id, request, actor=actor)
        audit.record(
            connection,
            actor=actor,
            action="worker.commanded",
            subject_kind="worker",
            subject_id=worker_id,
            detail={
                "command_id": str(command_id),
                "kind": request.command.kind,
                "camera_id": None if camera_id is None else str(camera_id),
            },
        )
        worker = shown(connection, worker_id)
        _tell(connection, worker, command_id, "queued")
        command = _existing(connection, worker_id, command_id)
    return Given(command, worker)


def orders_for(connection: Connection, worker: Worker) -> tuple[CommandOrder, ...]:
    """What the worker is to do, in order. A command is sent again until the worker says that it has it."""
    orders, first = table.take_orders(connection, worker.worker_id, most=ORDERS_AT_ONCE)
    for command_id in first:
        _tell(connection, worker, command_id, "sent")
    return tuple(orders)


def note_sent_directly(engine: Engine, tenant_id: TenantId, worker_id: UUID, command_id: UUID) -> Command:
    """The worker took it when it was called. Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        if table.mark_sent(connection, command_id, "direct"):
            _tell(connection, shown(connection, worker_id), command_id, "sent")
        return _existing(connection, worker_id, command_id)


def list_commands(
    engine: Engine,
    tenant_id: TenantId,
    worker_id: UUID,
    *,
    limit: int,
    cursor: str | None,
    sort: str = "-created_at",
    state: CommandState | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> CommandPage:
    """Raises NotFoundError for a worker the caller may not see, InputError for a bad limit, sort or cursor."""
    check_limit(limit)
    order = choose_order(f"{_LISTING}:{worker_id.hex}", SORTS, "c.command_id", sort)
    with tenant_transaction(engine, tenant_id) as connection:
        _check_seen(connection, worker_id, allowed_sites)
        close_overdue(connection, worker_id)
        found = table.select_commands(connection, worker_id, state=state, order=order, cursor=cursor, limit=limit + 1)
    items = tuple(command for command, _ in found[:limit])
    if len(found) <= limit:
        return CommandPage(items=items)
    return CommandPage(items=items, next_cursor=order.cursor(found[limit - 1][1], items[-1].command_id))


def get_command(
    engine: Engine,
    tenant_id: TenantId,
    worker_id: UUID,
    command_id: UUID,
    *,
    allowed_sites: Collection[UUID] | None = None,
) -> Command:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        _check_seen(connection, worker_id, allowed_sites)
        close_overdue(connection, worker_id)
        return _existing(connection, worker_id, command_id)


def get_picture(engine: Engine, tenant_id: TenantId, worker_id: UUID, command_id: UUID, *, actor: str) -> bytes:
    """The JPEG that a snapshot brought back. That somebody looked at it is recorded. Raises NotFoundError once its
    minutes are over, too."""
    with tenant_transaction(engine, tenant_id) as connection:
        _existing(connection, worker_id, command_id)
        picture = table.select_snapshot(connection, command_id)
        if picture is None:
            raise NotFoundError(
                "There is no picture of this command, or no more.",
                hint=f"Pictures of snapshots are kept for {SNAPSHOT_SECONDS // 60} minutes.",
            )
        audit.record(
            connection,
            actor=actor,
            action="worker.snapshot_viewed",
            subject_kind="worker",
            subject_id=worker_id,
            detail={"command_id": str(command_id)},
        )
    return picture


def note_progress(
    engine: Engine, tenant_id: TenantId, worker_id: UUID, command_id: UUID, progress: CommandProgress, *, caller: str
) -> Command:
    """What is late changes nothing: a command does not go backwards. Raises ForbiddenError for a worker that is not
    the caller's, NotFoundError for a command that is not the worker's."""
    with tenant_transaction(engine, tenant_id) as connection:
        worker = own(connection, worker_id, caller=caller).worker
        command = _existing(connection, worker_id, command_id, lock=True)
        if command.state not in _FINISHED and not (command.state == "running" and progress.state == "acknowledged"):
            table.advance(connection, command_id, progress.state)
            _tell(connection, worker, command_id, progress.state)
        return _existing(connection, worker_id, command_id)


def take_report(
    engine: Engine,
    tenant_id: TenantId,
    worker_id: UUID,
    command_id: UUID,
    report: CommandReport,
    *,
    picture: bytes | None,
    caller: str,
) -> Command:
    """Idempotent: the first report counts, and is answered to every later one. A report of a command that had expired
    counts too, for it says what happened.

    Raises as `note_progress`, and InputError for a result of another kind than the command's, a picture that does not
    belong to a snapshot, is no JPEG or too large, and NotAnImageError and ImageTooLargeError as decoding it does.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        worker = own(connection, worker_id, caller=caller).worker
        command = _existing(connection, worker_id, command_id, lock=True)
        if command.state in _FINISHED:
            return command
        _check_report(command, report, picture)
        table.finish(connection, command_id, report)
        if picture is not None:
            table.keep_snapshot(connection, tenant_id, command_id, picture, seconds=SNAPSHOT_SECONDS)
        _tell(connection, worker, command_id, report.state)
        return _existing(connection, worker_id, command_id)


def close_overdue(connection: Connection, worker_id: UUID | None) -> None:
    """Open commands whose time is up become expired, of one worker or of all of the tenant's."""
    for expired in table.expire_overdue(connection, worker_id):
        _tell(connection, shown(connection, expired.worker_id), expired.command_id, "expired")


def _check_report(command: Command, report: CommandReport, picture: bytes | None) -> None:
    if report.state == "succeeded" and (report.result is None or report.result.kind != command.command.kind):
        raise InputError(f"The result is not one of a {command.command.kind}.")
    if picture is None:
        return
    if not isinstance(command.command, Snapshot) or report.state != "succeeded":
        raise InputError("Only a snapshot that succeeded has a picture.")
    if len(picture) > MAX_SNAPSHOT_BYTES or kind_of(picture).content_type != "image/jpeg":
        raise InputError(f"The picture must be a JPEG of at most {MAX_SNAPSHOT_BYTES} bytes.")
    # An administrator's browser opens it: whatever lies behind its head, and whatever size that claims, is tried here.
    decode(picture, VisionSettings())


def _check_seen(connection: Connection, worker_id: UUID, allowed_sites: Collection[UUID] | None) -> None:
    worker = shown(connection, worker_id)
    if not seen_from(connection, worker, allowed_sites):
        raise missing_worker(worker_id)


def _existing(connection: Connection, worker_id: UUID, command_id: UUID, *, lock: bool = False) -> Command:
    found = table.select_command(connection, worker_id, command_id, lock=lock)
    if found is None:
        raise NotFoundError(f"The worker has no command {command_id}.")
    return found


def _tell(connection: Connection, worker: Worker, command_id: UUID, state: CommandState) -> None:
    live.publish(connection, "command.changed", command_id, sites_of(connection, worker), {"state": state})
