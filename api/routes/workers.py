"""Workers: their registry, their registration and their heartbeats. What they are told to do is in `commands`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, tag
from api.routes.paging import PageQuery
from api.routes.scope import camera_filter
from api.state import State
from contracts.workers import (
    Heartbeat,
    HeartbeatAnswer,
    RegistrationToken,
    Worker,
    WorkerCreate,
    WorkerPage,
    WorkerPatch,
    WorkerRegister,
    WorkerRegistered,
    WorkerStatus,
)
from footfall import registrations, workers

router = APIRouter(tags=["workers"])


class WorkerQuery(PageQuery):
    status: WorkerStatus | None = Field(default=None, description="Workers in this state alone.")
    camera_id: UUID | None = Field(default=None, description="The worker that watches this camera.")
    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"


@router.get("/v1/workers", operation_id="listWorkers", summary="List workers")
def list_workers(query: Annotated[WorkerQuery, fastapi.Query()], caller: Caller, state: State) -> WorkerPage:
    """With what each last said of itself. A site manager sees those that watch a camera on their sites."""
    return workers.list_workers(
        state.services.engine,
        caller.tenant_id,
        limit=query.limit,
        cursor=query.cursor,
        sort=query.sort,
        status=query.status,
        camera_id=camera_filter(state, caller, query.camera_id),
        allowed_sites=caller.site_ids,
    )


@router.post("/v1/workers", operation_id="createWorker", summary="Create a worker", status_code=201)
def create_worker(worker: WorkerCreate, caller: Caller, state: State, response: Response) -> RegistrationToken:
    """With the cameras that it watches. The answer holds a token, shown only now, with which a daemon registers once:
    `footfall worker register`."""
    made = workers.create_worker(state.services.engine, caller.tenant_id, worker, actor=caller.subject)
    response.headers["Location"] = f"/v1/workers/{made.worker.worker_id}"
    tag(response, made.worker)
    return made


@router.post("/v1/workers/register", operation_id="registerWorker", summary="Register as a worker")
def register_worker(registration: WorkerRegister, state: State) -> WorkerRegistered:
    """Exchanges a one-time token for an API key, shown only now. A key that the worker had before is revoked."""
    return registrations.register(state.services.engine, registration.registration_token.get_secret_value())


@router.get("/v1/workers/{worker_id}", operation_id="getWorker", summary="Read a worker")
def get_worker(worker_id: UUID, caller: Caller, state: State, tagged: Tagged) -> Worker:
    found = workers.get_worker(state.services.engine, caller.tenant_id, worker_id, allowed_sites=caller.site_ids)
    # Heartbeats change what is shown, and are no new version of the record.
    return tagged(found, found.status, found.last_heartbeat_at, found.last_event_at)


@router.patch("/v1/workers/{worker_id}", operation_id="changeWorker", summary="Change a worker")
def change_worker(
    *,
    worker_id: UUID,
    patch: WorkerPatch,
    expected: RequiredVersion,
    caller: Caller,
    state: State,
    response: Response,
) -> Worker:
    """What is left out stays. A new configuration reaches the worker with its next heartbeat."""
    changed = workers.change_worker(
        state.services.engine, caller.tenant_id, worker_id, patch, expected, actor=caller.subject
    )
    return tag(response, changed)


@router.delete(
    "/v1/workers/{worker_id}",
    operation_id="deleteWorker",
    summary="Delete a worker",
    status_code=204,
)
def delete_worker(worker_id: UUID, expected: ExpectedVersion, caller: Caller, state: State) -> None:
    """Its API key is revoked. The events that it sent stay."""
    workers.delete_worker(state.services.engine, caller.tenant_id, worker_id, expected, actor=caller.subject)


@router.post(
    "/v1/workers/{worker_id}/registration",
    operation_id="renewWorkerRegistration",
    summary="Make a new registration token",
    status_code=201,
)
def renew_registration(worker_id: UUID, caller: Caller, state: State) -> RegistrationToken:
    """For a host that was replaced, or a token that expired. The key in use works until the new token is used."""
    return registrations.renew_registration(state.services.engine, caller.tenant_id, worker_id, actor=caller.subject)


@router.post("/v1/workers/{worker_id}/heartbeat", operation_id="sendHeartbeat", summary="Send a heartbeat")
def send_heartbeat(worker_id: UUID, heartbeat: Heartbeat, caller: Caller, state: State) -> HeartbeatAnswer:
    """What the worker says of itself. The answer has the commands that wait for it, each to be carried out once, and
    the configuration where the worker runs with another one. A worker that misses two is offline."""
    answer = workers.take_heartbeat(
        state.services.engine, caller.tenant_id, worker_id, heartbeat, caller=caller.subject
    )
    state.metrics.live.heartbeats.inc()
    state.live.watch(caller.tenant_id)
    return answer
