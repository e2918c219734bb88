"""API v1: what of a worker's configuration the server may hold. How it is laid over a worker's own is the daemon's.

What is one camera's alone (masks, its own times) is the camera's record: `contracts.places`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.base import Contract

MAX_CAMERAS = 64
"""Of one worker."""


class WorkerConfiguration(Contract):
    """Null: not set here. A worker's own file and environment go before it."""

    detect_every_seconds: float | None = Field(
        default=None, ge=0, le=10, allow_inf_nan=False, description="Least time between two detections."
    )
    sure_after_seconds: float | None = Field(
        default=None, ge=0, le=60, allow_inf_nan=False, description="A track this old is sure and is sent."
    )
    lost_after_seconds: float | None = Field(
        default=None, gt=0, le=60, allow_inf_nan=False, description="A face unseen this long has left."
    )
    cpu_limit_cores: float | None = Field(
        default=None, gt=0, le=64, allow_inf_nan=False, description="What seeing may cost."
    )
    log_level: Literal["debug", "info", "warning", "error"] | None = None
