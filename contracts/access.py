"""API v1: how a caller proves who it is. Password and key rules live in `footfall.access`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from contracts.base import Contract, Name, Role

Slug = Annotated[str, Field(min_length=2, max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*[a-z0-9]$")]


class PasswordGrant(Contract):
    grant_type: Literal["password"]
    tenant: Slug
    email: str = Field(min_length=3, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=1024)


class ApiKeyGrant(Contract):
    grant_type: Literal["api_key"]
    api_key: SecretStr = Field(min_length=20, max_length=256)


class RefreshGrant(Contract):
    grant_type: Literal["refresh_token"]
    refresh_token: SecretStr = Field(min_length=20, max_length=256)


TokenRequest = Annotated[PasswordGrant | ApiKeyGrant | RefreshGrant, Field(discriminator="grant_type")]


class TokenResponse(Contract):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme, no secret
    expires_in: int = Field(ge=1, description="Seconds.")
    tenant_id: UUID
    tenant_name: str
    role: Role
    refresh_token: str | None = Field(
        default=None,
        description="For a person: good for one renewal by the grant `refresh_token`, which gives the next. One that "
        "is used twice ends the session.",
    )


class SwitchRequest(Contract):
    tenant_id: UUID
    reason: Name = Field(description="Why, as both tenants' audit logs will say.")


class Impersonation(Contract):
    """The system administrator behind a caller who switched tenants."""

    tenant_id: UUID = Field(description="Their home.")
    user_id: UUID


class Identity(Contract):
    """Who the caller is."""

    tenant_id: UUID
    tenant_slug: str
    tenant_name: str
    role: Role
    subject: str = Field(description="As the audit log names the caller.")
    email: str | None = Field(default=None, description="Of a person.")
    key_name: str | None = Field(default=None, description="Of an API key.")
    site_ids: tuple[UUID, ...] | None = Field(default=None, description="null: every site.")
    camera_ids: tuple[UUID, ...] | None = Field(default=None, description="null: every camera.")
    session_id: UUID
    acting: Impersonation | None = None
