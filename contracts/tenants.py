"""API v1: tenants, and one's own. What a privacy mode needs is decided in `footfall.tenant_records`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr

from contracts.access import Slug
from contracts.base import Contract, Name, Patch, PrivacyMode

TenantStatus = Literal["active", "suspended", "deletion_requested", "erased"]
LegalBasis = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
RetentionDays = Annotated[int, Field(ge=1, le=3650)]
SmallestCount = Annotated[int, Field(ge=1, le=100)]


class TenantCreate(Contract):
    slug: Slug
    name: Name
    privacy_mode: PrivacyMode = "count_only"
    legal_basis: LegalBasis | None = None
    retention_days: RetentionDays | None = None
    admin_email: str = Field(min_length=3, max_length=254, description="Of its first administrator.")
    admin_password: SecretStr = Field(min_length=12, max_length=1024)


class OwnTenantPatch(Patch):
    """What is left out stays as it is. The privacy mode `identify` needs a legal basis and retention days, in this
    request or from before."""

    name: Name | None = None
    privacy_mode: PrivacyMode | None = None
    legal_basis: LegalBasis | None = Field(
        default=None, description="Why visitors may be identified, for the record; null: none."
    )
    retention_days: RetentionDays | None = Field(
        default=None, description="Days after which a visitor who stays away is forgotten; null: no promise."
    )
    smallest_count: SmallestCount | None = Field(
        default=None, description="The least count of people that reports tell site managers; 1 tells them all."
    )


class TenantPatch(OwnTenantPatch):
    status: Literal["active", "suspended"] | None = Field(
        default=None, description="suspended: nobody of the tenant may sign in, and everybody is signed out at once."
    )


class Tenant(Contract):
    tenant_id: UUID
    slug: str
    name: str
    privacy_mode: PrivacyMode
    legal_basis: str | None = None
    retention_days: int | None = None
    smallest_count: int = Field(default=1, ge=1, description="The least count that reports tell site managers.")
    platform: bool = Field(description="The home of system administrators.")
    status: TenantStatus
    status_since: AwareDatetime
    created_at: AwareDatetime
    version: int = Field(ge=1)


TenantSort = Literal["created_at", "-created_at", "slug", "-slug", "name", "-name"]


class TenantPage(Contract):
    items: tuple[Tenant, ...]
    next_cursor: str | None = None
