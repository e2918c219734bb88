"""Commands to workers, and what workers say came of them. Heartbeats, with which commands travel, are in `workers`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError
from pydantic_core import from_json

from api.auth import Caller
from api.handlers import invalid
from api.openapi import report_body
from api.problems import MALFORMED, RefusedRequestError
from api.routes.paging import PageQuery
from api.state import State
from api.uploads import PartRule, read_parts
from contracts.commands import (
    Command,
    CommandCreate,
    CommandPage,
    CommandProgress,
    CommandReport,
    CommandState,
)
from footfall import commands, worker_calls
from footfall.addresses import AddressPolicy
from footfall.stores.postgres.commands import order_of

router = APIRouter(tags=["workers"])

_PARTS = (PartRule("report", required=True, file=False), PartRule("image", required=False, file=True))


class CommandQuery(PageQuery):
    state: CommandState | None = Field(default=None, description="Commands in this state alone.")
    sort: Literal["created_at", "-created_at"] = "-created_at"


@router.get("/v1/workers/{worker_id}/commands", operation_id="listCommands", summary="List a worker's commands")
def list_commands(
    worker_id: UUID, query: Annotated[CommandQuery, fastapi.Query()], caller: Caller, state: State
) -> CommandPage:
    """Latest first, each with how far it has come."""
    return commands.list_commands(
        state.services.engine,
        caller.tenant_id,
        worker_id,
        limit=query.limit,
        cursor=query.cursor,
        sort=query.sort,
        state=query.state,
        allowed_sites=caller.site_ids,
    )


@router.post("/v1/workers/{worker_id}/commands", operation_id="giveCommand", summary="Give a command", status_code=202)
def give_command(worker_id: UUID, request: CommandCreate, caller: Caller, state: State, response: Response) -> Command:
    """A worker that has said where it can be reached is called at once; any other, and one that does not answer,
    gets the command with its next heartbeat. Follow it at `Location`, or on the stream."""
    engine, tenant_id = state.services.engine, caller.tenant_id
    given = commands.give_command(engine, tenant_id, worker_id, request, actor=caller.subject)
    command, worker = given.command, given.worker
    response.headers["Location"] = f"/v1/workers/{worker_id}/commands/{command.command_id}"
    if worker.advertised_url is None or worker.status != "online":
        return command
    policy = AddressPolicy.of(state.settings.addresses.allowed_networks)
    order = order_of(command.command_id, command.command.model_dump(mode="json"), float(request.expires_in_seconds))
    server = worker_calls.Caller(keys=state.keys.current(), settings=state.settings, policy=policy)
    if not worker_calls.deliver(server, tenant_id, worker_id, worker.advertised_url, order):
        return command
    return commands.note_sent_directly(engine, tenant_id, worker_id, command.command_id)


@router.get("/v1/workers/{worker_id}/commands/{command_id}", operation_id="getCommand", summary="Read a command")
def get_command(worker_id: UUID, command_id: UUID, caller: Caller, state: State) -> Command:
    """With its result, once it has one."""
    return commands.get_command(
        state.services.engine, caller.tenant_id, worker_id, command_id, allowed_sites=caller.site_ids
    )


@router.get(
    "/v1/workers/{worker_id}/commands/{command_id}/image",
    operation_id="getCommandImage",
    summary="Read a snapshot's picture",
    response_class=Response,
    responses={
        200: {
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A JPEG, with the camera's masks applied.",
        }
    },
)
def get_command_image(worker_id: UUID, command_id: UUID, caller: Caller, state: State) -> Response:
    """It is kept for ten minutes. Who looked at it is recorded."""
    picture = commands.get_picture(state.services.engine, caller.tenant_id, worker_id, command_id, actor=caller.subject)
    return Response(picture, media_type="image/jpeg")


@router.post(
    "/v1/workers/{worker_id}/commands/{command_id}/progress",
    operation_id="noteProgress",
    summary="Acknowledge a command, or begin it",
)
def note_progress(
    worker_id: UUID, command_id: UUID, progress: CommandProgress, caller: Caller, state: State
) -> Command:
    """By the worker alone. What comes late changes nothing."""
    return commands.note_progress(
        state.services.engine, caller.tenant_id, worker_id, command_id, progress, caller=caller.subject
    )


@router.post(
    "/v1/workers/{worker_id}/commands/{command_id}/result",
    operation_id="reportCommand",
    summary="Report what came of a command",
    openapi_extra=report_body(),
)
async def report_command(worker_id: UUID, command_id: UUID, request: Request, caller: Caller, state: State) -> Command:
    """By the worker alone. Safe to repeat: the first report counts."""
    with state.uploads.place(request, caller):
        parts = await read_parts(request, _PARTS, within_seconds=state.settings.api.upload_seconds)
        report = _parse_report(parts["report"])
        command = await state.event_lane.run(
            lambda: commands.take_report(
                state.services.engine,
                caller.tenant_id,
                worker_id,
                command_id,
                report,
                picture=parts.get("image"),
                caller=caller.subject,
            )
        )
    state.metrics.live.commands.labels(command.command.kind, report.state).inc()
    return command


def _parse_report(data: bytes) -> CommandReport:
    """Raises RefusedRequestError, with JSON pointers into the report."""
    try:
        return CommandReport.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    try:
        document = from_json(data)
    except ValueError:
        raise RefusedRequestError(MALFORMED, "The part `report` is not JSON.") from None
    raise invalid([{**item, "loc": ("body", *item["loc"])} for item in found], document)
