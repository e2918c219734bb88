"""Example bodies of workers, commands and the live stream, as contract values, so that none can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from contracts.base import Contract
from contracts.commands import (
    Command,
    CommandCreate,
    CommandOrder,
    CommandPage,
    CommandProgress,
    CommandReport,
    Snapshot,
    SnapshotResult,
)
from contracts.configuration import WorkerConfiguration
from contracts.events import EMBEDDING_BASE64_LENGTH, Embedding
from contracts.gallery import StaffGallery, StaffTemplate
from contracts.live import LiveEvent, StreamOpened
from contracts.workers import (
    CameraHealth,
    Heartbeat,
    HeartbeatAnswer,
    OutboxHealth,
    RegistrationToken,
    Worker,
    WorkerCreate,
    WorkerPage,
    WorkerRegistered,
)

_TENANT = UUID("0b1e5c3e-6f5d-4a59-9a52-6a0c8f1d2e01")
_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_VISIT = UUID("1f2e3d4c-5b6a-4978-8695-a4b3c2d1e006")
_WORKER = UUID("5e6f7081-92a3-44b5-86d7-e8f90102130a")
_COMMAND = UUID("6f708192-a3b4-45c6-97e8-f9010213240b")
_NOW = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)
_CONFIGURATION = WorkerConfiguration(detect_every_seconds=0.1, cpu_limit_cores=1.5)
_HEALTH = CameraHealth(
    camera_id=_CAMERA,
    running=True,
    connected=True,
    fps=12.4,
    frames_dropped=3,
    last_frame_at=_NOW,
    last_frame_age_seconds=0.1,
    blurred=False,
    occluded=False,
)
_OUTBOX = OutboxHealth(pending=0, pending_bytes=0, dropped=0, dead=0)
_WORKER_NOW = Worker(
    worker_id=_WORKER,
    name="entrance-1",
    version=3,
    status="online",
    camera_ids=(_CAMERA,),
    heartbeat_seconds=15,
    created_at=_NOW - timedelta(days=12),
    registered_at=_NOW - timedelta(days=12),
    last_heartbeat_at=_NOW,
    last_event_at=_NOW,
    release="0.1.0",
    cameras=(_HEALTH,),
    outbox=_OUTBOX,
    configuration=_CONFIGURATION,
    configuration_version=2,
    applied_configuration_version=2,
)
_WORKER_NEW = Worker(
    worker_id=_WORKER,
    name="entrance-1",
    version=1,
    status="pending",
    camera_ids=(_CAMERA,),
    heartbeat_seconds=15,
    created_at=_NOW,
    configuration=WorkerConfiguration(),
    configuration_version=1,
)
_OFFER = RegistrationToken(
    worker=_WORKER_NEW,
    registration_token="ffw_<tenant>_<worker>_<secret>",  # noqa: S106 - its form
    registration_expires_at=_NOW + timedelta(hours=1),
)
_SNAPSHOT = Snapshot(kind="snapshot", camera_id=_CAMERA)
_RESULT = SnapshotResult(kind="snapshot", width=1280, height=720, captured_at=_NOW, masks=1, faces_hidden=0)
_REPORT = CommandReport(state="succeeded", result=_RESULT)
_QUEUED = Command(
    command_id=_COMMAND,
    worker_id=_WORKER,
    command=_SNAPSHOT,
    state="queued",
    created_by="user:0f1e2d3c-4b5a-4697-8877-665544332211",
    created_at=_NOW,
    expires_at=_NOW + timedelta(minutes=5),
)
_RUNNING = _QUEUED.model_copy(
    update={"state": "running", "delivery": "heartbeat", "sent_at": _NOW, "acknowledged_at": _NOW, "started_at": _NOW}
)
_DONE = _RUNNING.model_copy(update={"state": "succeeded", "finished_at": _NOW, "result": _RESULT, "has_image": True})

COMMAND_REPORT = _REPORT.model_dump(mode="json", exclude_none=True)
STREAM = "\n".join(
    (
        "event: opened",
        "id: 41",
        f"data: {StreamOpened(position=41).model_dump_json()}",
        "",
        "event: visit.new",
        "id: 42",
        "data: "
        + LiveEvent(
            id=42, kind="visit.new", at=_NOW, subject_id=_VISIT, site_ids=(_SITE,), person_kind="customer"
        ).model_dump_json(exclude_none=True),
        "",
        "",
    )
)

WORKER_REQUESTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "createWorker": WorkerCreate(name="entrance-1", camera_ids=(_CAMERA,)).model_dump(mode="json"),
        "changeWorker": {"configuration": _CONFIGURATION.model_dump(mode="json")},
        "registerWorker": {"registration_token": "ffw_<tenant>_<worker>_<secret>"},
        "sendHeartbeat": Heartbeat(
            release="0.1.0", started_at=_NOW - timedelta(hours=9), cameras=(_HEALTH,), outbox=_OUTBOX
        ).model_dump(mode="json"),
        "giveCommand": CommandCreate(command=_SNAPSHOT).model_dump(mode="json"),
        "noteProgress": CommandProgress(state="running").model_dump(mode="json"),
    }
)
WORKER_RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "listWorkers": WorkerPage(items=(_WORKER_NOW,)),
        "createWorker": _OFFER,
        "renewWorkerRegistration": _OFFER,
        "registerWorker": WorkerRegistered(
            worker_id=_WORKER,
            tenant_id=_TENANT,
            name="entrance-1",
            api_key="ffk_<tenant>_<key>_<secret>",
            camera_ids=(_CAMERA,),
            heartbeat_seconds=15,
        ),
        "getWorker": _WORKER_NOW,
        "changeWorker": _WORKER_NOW,
        "sendHeartbeat": HeartbeatAnswer(
            heartbeat_seconds=15,
            configuration_version=2,
            configuration=_CONFIGURATION,
            commands=(CommandOrder(command_id=_COMMAND, command=_SNAPSHOT, expires_in_seconds=240.0),),
        ),
        "getStaffGallery": StaffGallery(
            version=4711,
            model_version="arcface-mbf-512-v1",
            threshold=0.46,
            templates=(
                StaffTemplate(
                    template_id=_COMMAND,
                    staff_id=_VISIT,
                    embedding=Embedding(model_version="arcface-mbf-512-v1", vector="A" * EMBEDDING_BASE64_LENGTH),
                ),
            ),
        ),
        "listCommands": CommandPage(items=(_DONE,)),
        "giveCommand": _QUEUED,
        "getCommand": _DONE,
        "noteProgress": _RUNNING,
        "reportCommand": _DONE,
    }
)
