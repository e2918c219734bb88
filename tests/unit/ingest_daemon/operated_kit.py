"""A daemon with one camera that shows a drawn picture, as those see it who operate it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from contracts.base import PrivacyMode
from contracts.commands import Forget, ForgetResult
from contracts.workers import CameraHealth, OutboxHealth
from footfall.vision.pipeline import VisionPipeline
from ingest_daemon.operated import OperatedCamera, Picture, Tuning
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.stage import Actor, picture, stage_vision

SEEN_AT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@dataclass
class StagedCamera:
    camera_id: UUID = CAMERA_ID
    privacy_mode: PrivacyMode | None = "identify"
    shown: Picture | None = field(
        default_factory=lambda: Picture(picture([Actor(1, 100.0), Actor(2, 400.0)]), SEEN_AT, 1)
    )
    switched: list[bool] = field(default_factory=list)

    def picture(self) -> Picture | None:
        return self.shown

    def health(self) -> CameraHealth:
        return CameraHealth(camera_id=self.camera_id, running=True, connected=True, fps=12.5, frames_dropped=0)

    def switch(self, *, running: bool) -> None:
        self.switched.append(running)


@dataclass
class StagedDaemon:
    camera: StagedCamera = field(default_factory=StagedCamera)
    vision: VisionPipeline | None = field(default_factory=lambda: stage_vision()[0])
    tunings: list[Tuning] = field(default_factory=list)
    needs_restart: tuple[str, ...] = ()

    @property
    def cameras(self) -> Sequence[OperatedCamera]:
        return (self.camera,)

    def outbox_health(self) -> OutboxHealth:
        return OutboxHealth(pending=0, pending_bytes=0, dropped=0, dead=0)

    def tune(self, tuning: Tuning) -> tuple[str, ...]:
        self.tunings.append(tuning)
        return self.needs_restart

    def reload_gallery(self) -> tuple[int, bool]:
        return 7, True

    def forget(self, order: Forget) -> ForgetResult:
        return ForgetResult(kind="forget", dropped=0, stripped=3, gallery_forgotten=order.gallery)
