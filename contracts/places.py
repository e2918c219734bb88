"""API v1: sites and cameras. Workers and their commands are not here."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Name, Patch, PrivacyMode, Unit

Timezone = Annotated[str, Field(max_length=64, description="IANA name, for instance Europe/Vienna.")]
VisitGapMinutes = Annotated[int, Field(ge=1, le=1440)]

Mask = Annotated[tuple[tuple[Unit, Unit], ...], Field(min_length=3, max_length=64)]
"""A polygon, each corner (x, y) in shares of the frame's width and height, origin top left."""

SourceUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="Where the camera's pictures come from: an rtsp, rtsps, http or https URL. User, password and "
        "tokens in it are taken out before it is stored; the worker has them from its own configuration.",
    ),
]

SiteSort = Literal["created_at", "-created_at", "name", "-name"]
CameraSort = Literal["created_at", "-created_at", "name", "-name"]

Archived = Literal["exclude", "only", "include"]
"""What a list does with archived records."""


class SiteCreate(Contract):
    name: Name
    timezone: Timezone
    visit_gap_minutes: VisitGapMinutes = 30


class SitePatch(Patch):
    """What is left out stays as it is."""

    name: Name | None = None
    timezone: Timezone | None = None
    visit_gap_minutes: VisitGapMinutes | None = None
    archived: bool | None = Field(
        default=None, description="An archived site takes no events; what it has counted stays."
    )


class Site(SiteCreate):
    site_id: UUID
    created_at: AwareDatetime
    version: int = Field(default=1, ge=1, description="Grows with every change; the ETag names it.")
    archived_at: AwareDatetime | None = None


class CameraSettings(Contract):
    """What a worker follows for this camera in place of its own configuration; what is absent stays the worker's."""

    detect_every_seconds: float | None = Field(
        default=None, ge=0.0, le=10, description="Least time between two detections."
    )
    sure_after_seconds: float | None = Field(
        default=None, ge=0.0, le=60, description="A track this old is sure and is sent."
    )
    lost_after_seconds: float | None = Field(default=None, gt=0, le=60, description="A face unseen this long has left.")


class _CameraFacts(Contract):
    source_url: SourceUrl | None = None
    masks: Annotated[tuple[Mask, ...], Field(max_length=16)] = Field(
        default=(), description="Regions in which faces are ignored, such as a poster or a street."
    )
    settings: CameraSettings = CameraSettings()


class CameraCreate(_CameraFacts):
    site_id: UUID
    name: Name


class CameraPatch(Patch):
    """What is left out stays as it is. `masks` and `settings` are replaced whole; `source_url` null forgets it."""

    name: Name | None = None
    enabled: bool | None = Field(default=None, description="A camera that is not takes no events.")
    source_url: SourceUrl | None = None
    masks: Annotated[tuple[Mask, ...], Field(max_length=16)] | None = None
    settings: CameraSettings | None = None
    archived: bool | None = Field(
        default=None, description="An archived camera takes no events and is no longer listed; what it saw stays."
    )


class Camera(CameraCreate):
    """What a worker needs to know of its camera, the tenant's privacy mode included. Of its source, never the
    credentials."""

    camera_id: UUID
    enabled: bool
    privacy_mode: PrivacyMode
    model_version: str = Field(description="The embedder version that events must be made with.")
    created_at: AwareDatetime
    version: int = Field(default=1, ge=1, description="Grows with every change; the ETag names it.")
    archived_at: AwareDatetime | None = None


class SitePage(Contract):
    items: tuple[Site, ...]
    next_cursor: str | None = None


class CameraPage(Contract):
    items: tuple[Camera, ...]
    next_cursor: str | None = None
