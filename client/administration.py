"""The client's operations on users, API keys and tenants: a part of `FootfallClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, SecretStr

from client.sending import Sends
from client.transport import parsed
from contracts.access import Identity, SwitchRequest, TokenResponse
from contracts.api_keys import (
    ApiKey,
    ApiKeyCreate,
    ApiKeyPage,
    ApiKeyPatch,
    ApiKeyRotate,
    KeyRole,
    KeySort,
    NewApiKey,
)
from contracts.tenants import OwnTenantPatch, Tenant, TenantCreate, TenantPage, TenantPatch, TenantSort, TenantStatus
from contracts.users import PasswordChange, User, UserCreate, UserPage, UserPatch, UserRole, UserSort

if TYPE_CHECKING:
    pass


class AdministrationOperations:
    """Who may do what. Every method raises as those of `FootfallClient`; `version` is the record's as it was read."""

    def me(self: Sends) -> Identity:
        return self._get("/v1/auth/me", Identity)

    def switch_tenant(self: Sends, tenant_id: UUID, reason: str) -> TokenResponse:
        """An access token of another tenant, for a client of its own: `FootfallClient(url, token=...)`."""
        return self._post("/v1/auth/switch", TokenResponse, body=SwitchRequest(tenant_id=tenant_id, reason=reason))

    def users(
        self: Sends,
        *,
        role: UserRole | None = None,
        active: bool | None = None,
        email_contains: str | None = None,
        sort: UserSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> UserPage:
        return self._get(
            "/v1/users",
            UserPage,
            role=role,
            active=_flag(active),
            email_contains=email_contains,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )

    def user(self: Sends, user_id: UUID) -> User:
        return self._get(f"/v1/users/{user_id}", User)

    def create_user(self: Sends, user: UserCreate) -> User:
        return parsed(self._send("POST", "/v1/users", body=_revealed(user)), User)

    def change_user(self: Sends, user_id: UUID, patch: UserPatch, *, version: int) -> User:
        conditions = {"If-Match": f'"{version}"'}
        return parsed(self._send("PATCH", f"/v1/users/{user_id}", body=_revealed(patch), headers=conditions), User)

    def delete_user(self: Sends, user_id: UUID) -> None:
        self._send("DELETE", f"/v1/users/{user_id}")

    def change_own_password(self: Sends, current: str, new: str) -> None:
        change = PasswordChange(current_password=SecretStr(current), new_password=SecretStr(new))
        self._send("POST", "/v1/users/me/password", body=_revealed(change))

    def api_keys(
        self: Sends,
        *,
        role: KeyRole | None = None,
        live: bool | None = None,
        sort: KeySort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ApiKeyPage:
        return self._get("/v1/api-keys", ApiKeyPage, role=role, live=_flag(live), sort=sort, limit=limit, cursor=cursor)

    def api_key(self: Sends, key_id: UUID) -> ApiKey:
        return self._get(f"/v1/api-keys/{key_id}", ApiKey)

    def create_api_key(self: Sends, key: ApiKeyCreate) -> NewApiKey:
        """The key is in the answer and never again."""
        return self._post("/v1/api-keys", NewApiKey, body=key)

    def change_api_key(self: Sends, key_id: UUID, patch: ApiKeyPatch, *, version: int) -> ApiKey:
        return self._patch(f"/v1/api-keys/{key_id}", ApiKey, body=patch, version=version)

    def rotate_api_key(self: Sends, key_id: UUID, *, overlap_seconds: int = 3600) -> NewApiKey:
        """The new secret is in the answer and never again."""
        body = ApiKeyRotate(overlap_seconds=overlap_seconds)
        return self._post(f"/v1/api-keys/{key_id}/rotate", NewApiKey, body=body)

    def revoke_api_key(self: Sends, key_id: UUID) -> None:
        self._send("DELETE", f"/v1/api-keys/{key_id}")

    def own_tenant(self: Sends) -> Tenant:
        return self._get("/v1/tenant", Tenant)

    def change_own_tenant(self: Sends, patch: OwnTenantPatch, *, version: int) -> Tenant:
        return self._patch("/v1/tenant", Tenant, body=patch, version=version)

    def tenants(
        self: Sends,
        *,
        status: TenantStatus | None = None,
        sort: TenantSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> TenantPage:
        return self._get("/v1/tenants", TenantPage, status=status, sort=sort, limit=limit, cursor=cursor)

    def tenant(self: Sends, tenant_id: UUID) -> Tenant:
        return self._get(f"/v1/tenants/{tenant_id}", Tenant)

    def create_tenant(self: Sends, tenant: TenantCreate) -> Tenant:
        return parsed(self._send("POST", "/v1/tenants", body=_revealed(tenant)), Tenant)

    def change_tenant(self: Sends, tenant_id: UUID, patch: TenantPatch, *, version: int) -> Tenant:
        return self._patch(f"/v1/tenants/{tenant_id}", Tenant, body=patch, version=version)

    def request_tenant_deletion(self: Sends, tenant_id: UUID) -> Tenant:
        return parsed(self._send("DELETE", f"/v1/tenants/{tenant_id}"), Tenant)


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _revealed(model: BaseModel) -> dict[str, object]:
    """What was set of the model as JSON values, its secrets as they are: pydantic would send stars."""
    body: dict[str, Any] = model.model_dump(mode="json", exclude_unset=True)
    for name in model.model_fields_set:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            body[name] = value.get_secret_value()
    return body
