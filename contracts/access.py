"""API v1: how a caller proves who it is. Password and key rules live in `footfall.access`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from contracts.base import Contract, Role

Slug = Annotated[str, Field(min_length=2, max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*[a-z0-9]$")]


class PasswordGrant(Contract):
    grant_type: Literal["password"]
    tenant: Slug
    email: str = Field(min_length=3, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=1024)


class ApiKeyGrant(Contract):
    grant_type: Literal["api_key"]
    api_key: SecretStr = Field(min_length=20, max_length=256)


TokenRequest = Annotated[PasswordGrant | ApiKeyGrant, Field(discriminator="grant_type")]


class TokenResponse(Contract):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme, no secret
    expires_in: int = Field(ge=1, description="Seconds.")
    tenant_id: UUID
    tenant_name: str
    role: Role
