"""What the application holds while it runs, and how a route gets at it. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.lanes import Lane
from api.metrics import Metrics
from footfall.services import Services
from footfall.settings import Settings
from footfall.tokens import SigningKeys


@dataclass(frozen=True, slots=True)
class ApiState:
    """Opened at start-up, closed at shut-down, shared by every request."""

    settings: Settings
    services: Services
    keys: SigningKeys
    metrics: Metrics
    login_lane: Lane
    vision_lane: Lane
    event_lane: Lane


async def _state(request: Request) -> ApiState:
    state = request.app.state.api
    if not isinstance(state, ApiState):
        raise TypeError("the application answers requests only between start-up and shut-down")
    return state


State = Annotated[ApiState, Depends(_state)]
