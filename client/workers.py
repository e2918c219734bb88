"""The client's operations on workers and their commands, as an administrator and as the worker itself: a part of
`FootfallClient`. The live stream is in `client.stream`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from client.sending import Sends
from client.transport import Part
from contracts.commands import (
    Command,
    CommandCreate,
    CommandPage,
    CommandPayload,
    CommandProgress,
    CommandReport,
    CommandState,
)
from contracts.workers import (
    Heartbeat,
    HeartbeatAnswer,
    RegistrationToken,
    Worker,
    WorkerCreate,
    WorkerPage,
    WorkerPatch,
    WorkerStatus,
)

if TYPE_CHECKING:
    pass


class WorkerOperations:
    """Camera hosts. Every method raises as those of `FootfallClient`."""

    def workers(
        self: Sends,
        *,
        status: WorkerStatus | None = None,
        camera_id: UUID | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> WorkerPage:
        return self._get(
            "/v1/workers", WorkerPage, status=status, camera_id=camera_id, sort=sort, limit=limit, cursor=cursor
        )

    def worker(self: Sends, worker_id: UUID) -> Worker:
        return self._get(f"/v1/workers/{worker_id}", Worker)

    def create_worker(self: Sends, worker: WorkerCreate) -> RegistrationToken:
        """The token is shown only now, and good for one registration."""
        return self._post("/v1/workers", RegistrationToken, body=worker)

    def renew_worker_registration(self: Sends, worker_id: UUID) -> RegistrationToken:
        return self._post(f"/v1/workers/{worker_id}/registration", RegistrationToken)

    def change_worker(self: Sends, worker_id: UUID, patch: WorkerPatch, *, version: int) -> Worker:
        """Refused with `precondition-failed` when the worker is no longer at that version."""
        return self._patch(f"/v1/workers/{worker_id}", Worker, body=patch, version=version)

    def delete_worker(self: Sends, worker_id: UUID) -> None:
        """Its key is revoked; its events stay."""
        self._send("DELETE", f"/v1/workers/{worker_id}")

    def commands(
        self: Sends,
        worker_id: UUID,
        *,
        state: CommandState | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> CommandPage:
        """Latest first."""
        return self._get(f"/v1/workers/{worker_id}/commands", CommandPage, state=state, limit=limit, cursor=cursor)

    def command(self: Sends, worker_id: UUID, command_id: UUID) -> Command:
        return self._get(f"/v1/workers/{worker_id}/commands/{command_id}", Command)

    def give_command(
        self: Sends, worker_id: UUID, command: CommandPayload, *, expires_in_seconds: int = 300
    ) -> Command:
        return self._post(
            f"/v1/workers/{worker_id}/commands",
            Command,
            body=CommandCreate(command=command, expires_in_seconds=expires_in_seconds),
        )

    def command_image(self: Sends, worker_id: UUID, command_id: UUID) -> bytes:
        """The JPEG of a snapshot, for the minutes for which it is kept."""
        return self._send("GET", f"/v1/workers/{worker_id}/commands/{command_id}/image").content

    # as the worker itself

    def send_heartbeat(self: Sends, worker_id: UUID, heartbeat: Heartbeat) -> HeartbeatAnswer:
        return self._post(f"/v1/workers/{worker_id}/heartbeat", HeartbeatAnswer, body=heartbeat)

    def note_progress(self: Sends, worker_id: UUID, command_id: UUID, progress: CommandProgress) -> Command:
        return self._post(f"/v1/workers/{worker_id}/commands/{command_id}/progress", Command, body=progress)

    def report_command(
        self: Sends, worker_id: UUID, command_id: UUID, report: CommandReport, image: bytes | None = None
    ) -> Command:
        """Safe to repeat: the first report counts. `image`: a snapshot's JPEG."""
        parts: dict[str, Part] = {"report": (None, report.model_dump_json().encode(), "application/json")}
        if image is not None:
            parts["image"] = ("snapshot.jpg", image, "image/jpeg")
        return self._post(f"/v1/workers/{worker_id}/commands/{command_id}/result", Command, parts=parts)
