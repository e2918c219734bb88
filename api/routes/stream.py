"""The live stream as Server-Sent Events. Its WebSocket twin is `api.live_socket`."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Header, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.auth import Caller, bearer_of
from api.live_access import sites_shown, standing_of
from api.live_messages import messages
from api.live_sse import MEDIA_TYPE, EventStream
from api.openapi import stream_answer
from api.routes.paging import Query
from api.state import State

router = APIRouter(tags=["stream"])


class StreamQuery(Query):
    site_id: UUID | None = Field(default=None, description="What happens at this site alone.")


@router.get(
    "/v1/stream",
    operation_id="openStream",
    summary="Follow what happens",
    response_class=EventStream,
    status_code=200,
    responses={200: stream_answer(MEDIA_TYPE)},
)
async def open_stream(
    request: Request,
    query: Annotated[StreamQuery, fastapi.Query()],
    caller: Caller,
    state: State,
    last_event_id: Annotated[
        int | None,
        Header(ge=0, le=2**53, description="`id` of the last event that was seen: what came after it is sent first."),
    ] = None,
) -> EventStream:
    """Visits, cameras, workers and commands, as they are committed. An event says what changed, and no more: read it
    where it lives. A caller who was away too long is told so with `gap`, one who is too slow with `ended`. The stream
    ends with the access token. The same messages come over a WebSocket at `/v1/stream/ws`."""
    sites = await run_in_threadpool(sites_shown, state, caller, query.site_id)
    standing = standing_of(state, bearer_of(request))
    opened = state.live.subscription(caller.tenant_id, caller.subject, sites)
    subscription = await opened.__aenter__()
    said = partial(messages, state.live, subscription, standing, after=last_event_id)
    return EventStream(opened, said, state.metrics.live)
