"""API v1: sites and cameras. Workers and their commands are not here."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Name, PrivacyMode


class SiteCreate(Contract):
    name: Name
    timezone: str = Field(max_length=64, description="IANA name, for instance Europe/Vienna.")
    visit_gap_minutes: int = Field(default=30, ge=1, le=1440)


class Site(SiteCreate):
    site_id: UUID
    created_at: AwareDatetime


class CameraCreate(Contract):
    site_id: UUID
    name: Name


class Camera(CameraCreate):
    """What a worker needs to know of its camera, the tenant's privacy mode included. Source URLs stay on the
    camera host, for they carry credentials."""

    camera_id: UUID
    enabled: bool
    privacy_mode: PrivacyMode
    model_version: str = Field(description="The embedder version that events must be made with.")
    created_at: AwareDatetime


class SitePage(Contract):
    items: tuple[Site, ...]
    next_cursor: str | None = None


class CameraPage(Contract):
    items: tuple[Camera, ...]
    next_cursor: str | None = None
