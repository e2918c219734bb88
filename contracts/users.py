"""API v1: people who sign in. Password rules live in `footfall.passwords`; what a role may do, in the access table."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr

from contracts.base import Contract, Patch

UserRole = Literal["system_admin", "tenant_admin", "site_manager"]
MAX_SITES = 1000
SiteIds = Annotated[tuple[UUID, ...], Field(max_length=MAX_SITES)]
NewPassword = Annotated[SecretStr, Field(min_length=12, max_length=1024)]


class UserCreate(Contract):
    email: str = Field(min_length=3, max_length=254)
    password: NewPassword
    role: UserRole
    site_ids: SiteIds = Field(default=(), description="The sites of a site_manager; of nobody else.")


class UserPatch(Patch):
    """What is left out stays as it is."""

    role: UserRole | None = None
    active: bool | None = Field(default=None, description="false: may not sign in, and is signed out at once.")
    site_ids: SiteIds | None = None
    password: NewPassword | None = Field(default=None, description="A new one; the user is signed out at once.")


class PasswordChange(Contract):
    current_password: SecretStr = Field(min_length=1, max_length=1024)
    new_password: NewPassword


class User(Contract):
    user_id: UUID
    email: str
    role: UserRole
    active: bool
    site_ids: tuple[UUID, ...] = Field(default=(), description="The sites of a site_manager.")
    created_at: AwareDatetime
    last_login_at: AwareDatetime | None = None
    version: int = Field(ge=1)


UserSort = Literal["created_at", "-created_at", "email", "-email", "last_login_at", "-last_login_at"]


class UserPage(Contract):
    items: tuple[User, ...]
    next_cursor: str | None = None
