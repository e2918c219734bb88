"""What the application holds while it runs, and how a route gets at it. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.lanes import Lane
from api.live import LiveHub
from api.login_throttle import LoginThrottle
from api.metrics import Metrics
from api.rate_limits import RateLimits
from api.upload_room import UploadRoom
from api.verified_tokens import VerifiedTokens
from footfall.services import Services
from footfall.settings import Settings
from footfall.signing_keys import KeyWatch
from footfall.standing import Standing


@dataclass(frozen=True, slots=True)
class ApiState:
    """Opened at start-up, closed at shut-down, shared by every request."""

    settings: Settings
    services: Services
    keys: KeyWatch
    verified: VerifiedTokens
    standing: Standing
    metrics: Metrics
    limits: RateLimits
    throttle: LoginThrottle
    login_lane: Lane
    vision_lane: Lane
    event_lane: Lane
    export_lane: Lane
    uploads: UploadRoom
    live: LiveHub


async def _state(request: Request) -> ApiState:
    state = request.app.state.api
    if not isinstance(state, ApiState):
        raise TypeError("the application answers requests only between start-up and shut-down")
    return state


State = Annotated[ApiState, Depends(_state)]
