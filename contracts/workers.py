"""API v1: workers, what they say of themselves, and their heartbeats. What they are told to do is in `commands`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr

from contracts.base import Contract, Label
from contracts.commands import CommandOrder
from contracts.configuration import MAX_CAMERAS, WorkerConfiguration

WorkerName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
WorkerStatus = Literal["unmanaged", "pending", "online", "offline"]
"""`unmanaged`: a name that was seen in events, of a daemon with a key of its own. `pending`: it has not registered
yet. `online`: its last heartbeat is younger than two intervals."""
CameraIds = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MAX_CAMERAS)]
HeartbeatSeconds = Annotated[int, Field(ge=5, le=3600)]
AdvertisedUrl = Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s]+$")]


class CameraHealth(Contract):
    """One camera as its worker sees it. Rates are over the time since the heartbeat before."""

    camera_id: UUID
    running: bool = Field(description="False when it was told to stop, or is disabled.")
    connected: bool
    fps: float = Field(ge=0, le=1000, description="Frames a second that the source gave.")
    frames_dropped: int = Field(ge=0, description="Since the worker started.")
    last_frame_at: AwareDatetime | None = None
    last_frame_age_seconds: float | None = Field(default=None, ge=0)
    blurred: bool | None = Field(default=None, description="The picture has lost its detail.")
    occluded: bool | None = Field(default=None, description="Something covers the lens, or the picture is black.")
    trouble: str | None = Field(default=None, max_length=300)


class OutboxHealth(Contract):
    pending: int = Field(ge=0)
    pending_bytes: int = Field(ge=0)
    oldest_seconds: float | None = Field(default=None, ge=0)
    dropped: int = Field(ge=0)
    dead: int = Field(ge=0, description="Events that the server refused for good.")


class WorkerCreate(Contract):
    name: WorkerName = Field(description="As its events will name it.")
    camera_ids: CameraIds
    heartbeat_seconds: HeartbeatSeconds = 15
    configuration: WorkerConfiguration = WorkerConfiguration()


class WorkerPatch(Contract):
    """What is absent stays as it is."""

    camera_ids: CameraIds | None = None
    heartbeat_seconds: HeartbeatSeconds | None = None
    configuration: WorkerConfiguration | None = None


class Worker(Contract):
    worker_id: UUID
    name: str
    version: int = Field(ge=1)
    status: WorkerStatus
    camera_ids: tuple[UUID, ...]
    heartbeat_seconds: int
    created_at: AwareDatetime
    registered_at: AwareDatetime | None = None
    last_heartbeat_at: AwareDatetime | None = None
    last_event_at: AwareDatetime | None = Field(default=None, description="When an event of it was last recorded.")
    advertised_url: str | None = Field(default=None, description="Where the API can reach it directly.")
    release: str | None = Field(default=None, description="Footfall's version on it.")
    cameras: tuple[CameraHealth, ...] = Field(default=(), description="As of the last heartbeat.")
    outbox: OutboxHealth | None = None
    configuration: WorkerConfiguration
    configuration_version: int
    applied_configuration_version: int | None = Field(default=None, description="What it said that it runs with.")


class WorkerPage(Contract):
    items: tuple[Worker, ...]
    next_cursor: str | None = None


class RegistrationToken(Contract):
    """Good for one registration. It is shown only now."""

    worker: Worker
    registration_token: str
    registration_expires_at: AwareDatetime


class WorkerRegister(Contract):
    registration_token: SecretStr = Field(min_length=20, max_length=300)


class WorkerRegistered(Contract):
    """The API key is shown only now; it has the role worker, for exactly these cameras."""

    worker_id: UUID
    tenant_id: UUID
    name: str
    api_key: str
    camera_ids: tuple[UUID, ...]
    heartbeat_seconds: int


class Heartbeat(Contract):
    """What a worker says of itself, every `heartbeat_seconds`."""

    release: Label
    started_at: AwareDatetime
    advertised_url: AdvertisedUrl | None = Field(default=None, description="Null: it cannot be reached directly.")
    cameras: tuple[CameraHealth, ...] = Field(default=(), max_length=MAX_CAMERAS)
    outbox: OutboxHealth | None = None
    configuration_version: int = Field(default=0, ge=0, description="What it runs with; 0: none of the API's.")


class HeartbeatAnswer(Contract):
    heartbeat_seconds: int
    configuration_version: int
    configuration: WorkerConfiguration | None = Field(default=None, description="Only when the worker has another one.")
    commands: tuple[CommandOrder, ...] = Field(description="To be carried out in this order; each once.")
