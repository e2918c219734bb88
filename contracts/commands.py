"""API v1: what workers are told to do, and what came of it. Carrying it out is the daemon's."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, FaceBox, FaceQualityReport
from contracts.configuration import WorkerConfiguration

CommandKind = Literal["start", "stop", "snapshot", "reload-gallery", "recognition-test", "set-config", "forget"]
CommandState = Literal["queued", "sent", "acknowledged", "running", "succeeded", "failed", "expired"]
Delivery = Literal["heartbeat", "direct"]
MAX_FACES_REPORTED = 50


class Start(Contract):
    """Goes on watching a camera, or all of the worker's."""

    kind: Literal["start"]
    camera_id: UUID | None = None


class Stop(Contract):
    """Stops watching a camera, or all of the worker's, until `start` or the worker's own restart."""

    kind: Literal["stop"]
    camera_id: UUID | None = None


class Snapshot(Contract):
    """The newest picture of a camera, with its masks applied. Outside `identify`, faces in it are made unknowable."""

    kind: Literal["snapshot"]
    camera_id: UUID


class ReloadGallery(Contract):
    """Fetches the staff gallery that the worker recognises staff with on its own."""

    kind: Literal["reload-gallery"]


class RecognitionTest(Contract):
    """Looks for faces in the newest picture of a camera, and says how good they are. Nothing is stored."""

    kind: Literal["recognition-test"]
    camera_id: UUID


class SetConfig(Contract):
    """Has the worker take over its configuration now. With a `configuration`, that becomes the worker's first."""

    kind: Literal["set-config"]
    configuration: WorkerConfiguration | None = None


class Forget(Contract):
    """Part of an erasure: the worker drops what waits of a camera and a time, or of all, or takes face and template out
    of it; and forgets the staff gallery, to fetch it anew."""

    kind: Literal["forget"]
    request_id: UUID
    camera_id: UUID | None = None
    since: AwareDatetime | None = Field(default=None, description="What was captured from then on; null: ever.")
    until: AwareDatetime | None = Field(default=None, description="What was captured before then; null: until now.")
    drop: bool = Field(default=False, description="Drop sightings that wait; else they lose face and template alone.")
    gallery: bool = Field(default=False, description="Forget the staff gallery.")


CommandPayload = Annotated[
    Start | Stop | Snapshot | ReloadGallery | RecognitionTest | SetConfig | Forget, Field(discriminator="kind")
]


class CommandCreate(Contract):
    command: CommandPayload
    expires_in_seconds: int = Field(default=300, ge=10, le=86_400, description="Not begun by then: not begun at all.")


class CommandOrder(Contract):
    """A command on its way to the worker. It may arrive more than once, and is carried out once."""

    command_id: UUID
    command: CommandPayload
    expires_in_seconds: float = Field(description="From when it was sent; two machines' clocks may differ.")


class SwitchResult(Contract):
    kind: Literal["start", "stop"]
    camera_ids: tuple[UUID, ...]


class SnapshotResult(Contract):
    kind: Literal["snapshot"]
    width: int = Field(ge=1, le=16_384)
    height: int = Field(ge=1, le=16_384)
    captured_at: AwareDatetime
    masks: int = Field(ge=0, description="Masks that were applied.")
    faces_hidden: int = Field(ge=0)


class GalleryResult(Contract):
    kind: Literal["reload-gallery"]
    templates: int = Field(ge=0)
    changed: bool


class TestedLiveFace(Contract):
    box: FaceBox
    quality: FaceQualityReport
    acceptable: bool = Field(description="Good enough to be matched.")


class RecognitionTestOutcome(Contract):
    kind: Literal["recognition-test"]
    captured_at: AwareDatetime
    faces: tuple[TestedLiveFace, ...] = Field(max_length=MAX_FACES_REPORTED)
    detector: str = Field(max_length=64)
    embedder: str = Field(max_length=64)
    milliseconds: float = Field(ge=0)


class ConfigResult(Contract):
    kind: Literal["set-config"]
    configuration_version: int = Field(ge=0)
    applied: tuple[str, ...] = Field(max_length=32, description="In force now.")
    pinned: tuple[str, ...] = Field(max_length=32, description="The worker's own file or environment says otherwise.")
    after_restart: tuple[str, ...] = Field(max_length=32)


class ForgetResult(Contract):
    kind: Literal["forget"]
    dropped: int = Field(ge=0, description="Sightings that waited and went.")
    stripped: int = Field(ge=0, description="Sightings that wait without face and template.")
    gallery_forgotten: bool


CommandResult = Annotated[
    SwitchResult | SnapshotResult | GalleryResult | RecognitionTestOutcome | ConfigResult | ForgetResult,
    Field(discriminator="kind"),
]


class Command(Contract):
    command_id: UUID
    worker_id: UUID
    command: CommandPayload
    state: CommandState
    delivery: Delivery | None = Field(default=None, description="How it reached the worker.")
    created_by: str
    created_at: AwareDatetime
    expires_at: AwareDatetime
    sent_at: AwareDatetime | None = None
    acknowledged_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    result: CommandResult | None = None
    error: str | None = None
    has_image: bool = Field(default=False, description="Its picture can still be fetched.")


class CommandPage(Contract):
    items: tuple[Command, ...]
    next_cursor: str | None = None


class CommandProgress(Contract):
    """`acknowledged`: the worker has it and will not lose it; `running`: it has begun."""

    state: Literal["acknowledged", "running"]


class CommandReport(Contract):
    """What came of a command. A picture goes beside it."""

    state: Literal["succeeded", "failed"]
    result: CommandResult | None = None
    error: str | None = Field(default=None, max_length=500)
