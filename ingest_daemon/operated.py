"""What a heartbeat, a command and a snapshot need of the daemon that is being operated: interfaces, no behaviour.

`commands`, `heartbeat` and `surface` know these alone; who captures, analyses and tracks implements them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.base import PrivacyMode
from contracts.commands import Forget, ForgetResult
from contracts.workers import CameraHealth, OutboxHealth
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The newest frame of a camera. `image`: (height, width, 3) uint8 BGR, whatever the masks cover painted over."""

    image: BgrImage
    captured_at: datetime
    masks: int


@dataclass(frozen=True, slots=True)
class Tuning:
    """What can be changed while the daemon runs, for every camera whose own record says nothing else. Times in
    seconds; `cpu_limit_cores` None: no budget."""

    detect_every_seconds: float
    sure_after_seconds: float
    lost_after_seconds: float
    cpu_limit_cores: float | None = None


class OperatedCamera(Protocol):
    """One camera of the daemon. Thread-safe; nothing here waits for a frame or for the network."""

    @property
    def camera_id(self) -> UUID: ...

    @property
    def privacy_mode(self) -> PrivacyMode | None:
        """None while the API has never said."""
        ...

    def picture(self) -> Picture | None:
        """None before the first frame, and while the camera is stopped."""
        ...

    def health(self) -> CameraHealth: ...

    def switch(self, *, running: bool) -> None:
        """Stops or starts watching; a camera that is stopped ends its tracks and drops its frames."""
        ...


class Operated(Protocol):
    """The daemon."""

    @property
    def cameras(self) -> Sequence[OperatedCamera]: ...

    @property
    def vision(self) -> VisionPipeline | None:
        """None until the models are loaded."""
        ...

    def outbox_health(self) -> OutboxHealth: ...

    def tune(self, tuning: Tuning) -> tuple[str, ...]:
        """Takes `tuning` over; answers the names of what needs a restart to take effect."""
        ...

    def reload_gallery(self) -> tuple[int, bool]:
        """Fetches the staff gallery: how many templates it has, and whether they are others than before.

        Raises FootfallError or ApiError where it cannot be had, and InputError where this daemon keeps none.
        """
        ...

    def forget(self, order: Forget) -> ForgetResult:
        """Carries out the worker's part of an erasure. Raises ServiceUnavailableError where an outbox cannot be
        written."""
        ...
