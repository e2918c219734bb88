"""API v1: keys with which machines sign in. What one may do is the access table's."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Name, Patch

KeyRole = Literal["tenant_admin", "site_manager", "worker"]
MAX_SCOPE = 1000
ScopeIds = Annotated[tuple[UUID, ...], Field(max_length=MAX_SCOPE)]


class ApiKeyCreate(Contract):
    name: Name = Field(description="What the key is for.")
    role: KeyRole = "worker"
    camera_ids: ScopeIds | None = Field(default=None, description="Only these; null: every camera, also those to come.")
    site_ids: ScopeIds | None = Field(
        default=None, description="For a site_manager's key: only these; null: every site, also those to come."
    )
    expires_at: AwareDatetime | None = None


class ApiKeyPatch(Patch):
    """What is left out stays as it is. The role does not change: make another key."""

    name: Name | None = None
    camera_ids: ScopeIds | None = Field(default=None, description="null: every camera.")
    site_ids: ScopeIds | None = Field(default=None, description="null: every site.")
    expires_at: AwareDatetime | None = Field(default=None, description="null: never.")


class ApiKeyRotate(Contract):
    overlap_seconds: int = Field(
        default=3600, ge=0, le=604_800, description="The secret before works on for this long."
    )


class ApiKey(Contract):
    key_id: UUID
    name: str
    role: KeyRole
    camera_ids: tuple[UUID, ...] | None = None
    site_ids: tuple[UUID, ...] | None = None
    live: bool = Field(description="Neither revoked nor expired.")
    created_at: AwareDatetime
    created_by: str | None = None
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None = Field(default=None, description="To the minute.")
    version: int = Field(ge=1)


class NewApiKey(ApiKey):
    api_key: str = Field(description="The key itself: shown now and never again.")


KeySort = Literal["created_at", "-created_at", "name", "-name", "last_used_at", "-last_used_at"]


class ApiKeyPage(Contract):
    items: tuple[ApiKey, ...]
    next_cursor: str | None = None
