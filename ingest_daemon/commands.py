"""Carries out what the server orders, each command once, one after the other, and reports. How orders arrive
(heartbeat, the daemon's own surface) is not here, and neither is what a camera does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event
from typing import Protocol
from uuid import UUID

from client.errors import ApiError, ApiProblem
from contracts.base import FaceBox, FaceQualityReport
from contracts.commands import (
    MAX_FACES_REPORTED,
    Command,
    CommandOrder,
    CommandProgress,
    CommandReport,
    CommandResult,
    ConfigResult,
    Forget,
    GalleryResult,
    RecognitionTest,
    RecognitionTestOutcome,
    ReloadGallery,
    SetConfig,
    Snapshot,
    SnapshotResult,
    Start,
    Stop,
    SwitchResult,
    TestedLiveFace,
)
from footfall.errors import ConflictError, FootfallError, NotFoundError
from footfall.vision.types import AnalysedFace
from ingest_daemon.command_ledger import CommandLedger
from ingest_daemon.configuration import Applied
from ingest_daemon.operated import Operated, OperatedCamera, Picture
from ingest_daemon.snapshot import safe_picture

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_REPORT_AGAIN_SECONDS = 5.0
_LONGEST_ERROR = 500


class Reports(Protocol):
    """The server, as far as commands need it. Every method raises ApiError."""

    def note_progress(self, worker_id: UUID, command_id: UUID, progress: CommandProgress) -> Command: ...

    def report_command(
        self, worker_id: UUID, command_id: UUID, report: CommandReport, image: bytes | None = None
    ) -> Command: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    order: CommandOrder
    expires_at: float


class CommandDesk:
    """`accept` may be called from any thread; `work` runs in one of its own until `stop` is set, so that no command
    ever holds up a frame."""

    def __init__(
        self,
        daemon: Operated,
        server: Reports,
        worker_id: UUID,
        ledger: CommandLedger,
        *,
        configure: Callable[[SetConfig], Applied],
    ) -> None:
        self._daemon = daemon
        self._server = server
        self._worker_id = worker_id
        self._ledger = ledger
        self._configure = configure
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
        self._pictures: dict[UUID, bytes] = {}
        self._report_at = 0.0

    def accept(self, order: CommandOrder) -> bool:
        """False for a command that was taken before: it is not carried out again."""
        if not self._ledger.take(order):
            return False
        self._waiting.put(_Waiting(order, time.monotonic() + order.expires_in_seconds))
        return True

    def work(self, stop: Event) -> None:
        for command_id in self._ledger.interrupted():
            self._finish(command_id, CommandReport(state="failed", error="The worker ended before it was done."))
        while not stop.is_set():
            try:
                waiting = self._waiting.get(timeout=_POLL_SECONDS)
            except Empty:
                self._report(stop)
                continue
            self._carry_out(waiting)
            self._report_at = 0.0
            self._report(stop)

    def _carry_out(self, waiting: _Waiting) -> None:
        order = waiting.order
        if time.monotonic() >= waiting.expires_at:
            self._finish(order.command_id, CommandReport(state="failed", error="It came too late to be begun."))
            return
        self._say(order.command_id, "acknowledged")
        self._ledger.begin(order.command_id)
        self._say(order.command_id, "running")
        logger.info("The server's command %s (%s) is carried out.", order.command_id, order.command.kind)
        try:
            report = CommandReport(state="succeeded", result=self._result_of(order))
        except (FootfallError, ApiError) as error:
            logger.warning("The command %s failed: %s", order.command_id, error)
            report = CommandReport(state="failed", error=str(error)[:_LONGEST_ERROR])
        self._finish(order.command_id, report)

    def _result_of(self, order: CommandOrder) -> CommandResult:
        command = order.command
        match command:
            case Start() | Stop():
                running = isinstance(command, Start)
                cameras = self._daemon.cameras if command.camera_id is None else [self._camera(command.camera_id)]
                for camera in cameras:
                    camera.switch(running=running)
                return SwitchResult(kind=command.kind, camera_ids=tuple(camera.camera_id for camera in cameras))
            case Snapshot():
                return self._snapshot(order.command_id, self._camera(command.camera_id))
            case ReloadGallery():
                templates, changed = self._daemon.reload_gallery()
                return GalleryResult(kind="reload-gallery", templates=templates, changed=changed)
            case RecognitionTest():
                return self._recognition_test(self._camera(command.camera_id))
            case Forget():
                return self._daemon.forget(command)
            case SetConfig():
                made = self._configure(command)
                return ConfigResult(
                    kind="set-config",
                    configuration_version=made.version,
                    applied=made.applied,
                    pinned=made.pinned,
                    after_restart=made.after_restart,
                )

    def _snapshot(self, command_id: UUID, camera: OperatedCamera) -> SnapshotResult:
        picture = _picture_of(camera)
        vision = self._daemon.vision
        safe = safe_picture(picture, None if vision is None else vision.detector, camera.privacy_mode)
        self._pictures[command_id] = safe.jpeg
        return SnapshotResult(
            kind="snapshot",
            width=safe.width,
            height=safe.height,
            captured_at=picture.captured_at,
            masks=picture.masks,
            faces_hidden=safe.faces_hidden,
        )

    def _recognition_test(self, camera: OperatedCamera) -> RecognitionTestOutcome:
        picture, vision = _picture_of(camera), self._daemon.vision
        if vision is None:
            raise ConflictError("The models are not loaded yet.", hint="Try again soon.")
        began = time.monotonic()
        faces = vision.analyse(picture.image, embed=camera.privacy_mode in {"staff_only", "identify"})
        return RecognitionTestOutcome(
            kind="recognition-test",
            captured_at=picture.captured_at,
            faces=tuple(_tested(face) for face in faces[:MAX_FACES_REPORTED]),
            detector=vision.detector.name,
            embedder=vision.embedder.model_version,
            milliseconds=round((time.monotonic() - began) * 1000, 1),
        )

    def _camera(self, camera_id: UUID) -> OperatedCamera:
        for camera in self._daemon.cameras:
            if camera.camera_id == camera_id:
                return camera
        raise NotFoundError(f"This worker does not watch the camera {camera_id}.")

    def _finish(self, command_id: UUID, report: CommandReport) -> None:
        self._ledger.finish(command_id, report)

    def _report(self, stop: Event) -> None:
        """What is not reported yet, in order; again later where the server is away."""
        if time.monotonic() < self._report_at:
            return
        for done in self._ledger.unreported():
            if stop.is_set():
                return
            try:
                self._server.report_command(
                    self._worker_id, done.command_id, self._with_picture(done.command_id, done.report),
                    self._pictures.get(done.command_id),
                )  # fmt: skip
            except ApiProblem as error:
                if error.transient:
                    self._report_at = time.monotonic() + _REPORT_AGAIN_SECONDS
                    return
                logger.warning("The server does not take the report on %s: %s", done.command_id, error)
            except ApiError as error:
                logger.info("The report on %s waits: %s", done.command_id, error)
                self._report_at = time.monotonic() + _REPORT_AGAIN_SECONDS
                return
            self._pictures.pop(done.command_id, None)
            self._ledger.reported(done.command_id)

    def _with_picture(self, command_id: UUID, report: CommandReport) -> CommandReport:
        if isinstance(report.result, SnapshotResult) and command_id not in self._pictures:
            return CommandReport(state="failed", error="The worker ended before the picture was sent.")
        return report

    def _say(self, command_id: UUID, state: str) -> None:
        try:
            self._server.note_progress(self._worker_id, command_id, CommandProgress.model_validate({"state": state}))
        except ApiError as error:
            # The report will say it all.
            logger.debug("The progress of %s could not be told: %s", command_id, error)


def _picture_of(camera: OperatedCamera) -> Picture:
    picture = camera.picture()
    if picture is None:
        raise ConflictError("There is no picture of this camera: it is stopped, or has given none yet.")
    return picture


def _tested(face: AnalysedFace) -> TestedLiveFace:
    box, quality = face.face.box, face.quality
    return TestedLiveFace(
        box=FaceBox(x=box.x, y=box.y, width=box.width, height=box.height),
        quality=FaceQualityReport(
            score=quality.score,
            size_px=quality.size_px,
            sharpness=quality.sharpness,
            yaw_deg=quality.yaw_deg,
            roll_deg=quality.roll_deg,
            detection_score=quality.detection_score,
        ),
        acceptable=face.acceptable,
    )
