"""API keys of the caller's tenant. What a key may be is `footfall.api_keys`'."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, tag
from api.routes.paging import PageQuery, page_of
from api.state import State
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
from footfall import api_keys

router = APIRouter(tags=["administration"])


class KeyQuery(PageQuery):
    sort: KeySort = Field(default="created_at", description="The order; a `-` before the name turns it around.")
    role: KeyRole | None = None
    live: bool | None = Field(default=None, description="Only those that work, or only those that do not.")


@router.get("/v1/api-keys", operation_id="listApiKeys", summary="List API keys")
def list_api_keys(query: Annotated[KeyQuery, fastapi.Query()], caller: Caller, state: State) -> ApiKeyPage:
    """Oldest first, unless sorted otherwise; revoked and expired ones too. None of them shows its secret."""
    return api_keys.list_keys(
        state.services.engine, caller.tenant_id, page_of(query, query.sort), role=query.role, live=query.live
    )


@router.post("/v1/api-keys", operation_id="createApiKey", summary="Create an API key", status_code=201)
def create_api_key(key: ApiKeyCreate, caller: Caller, state: State, response: Response) -> NewApiKey:
    """The key is in this answer and never again: only its hash is stored."""
    made = api_keys.create_key(state.services.engine, caller.tenant_id, key, actor=caller.subject)
    response.headers["Location"] = f"/v1/api-keys/{made.key_id}"
    return tag(response, made)


@router.get("/v1/api-keys/{key_id}", operation_id="getApiKey", summary="Read an API key's record")
def get_api_key(key_id: UUID, caller: Caller, state: State, tagged: Tagged) -> ApiKey:
    return tagged(api_keys.get_key(state.services.engine, caller.tenant_id, key_id))


@router.patch("/v1/api-keys/{key_id}", operation_id="changeApiKey", summary="Change an API key")
def change_api_key(
    key_id: UUID, patch: ApiKeyPatch, *, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> ApiKey:
    """Its name, expiry, cameras or sites. Access tokens that were made from it with another scope are refused."""
    changed = api_keys.change_key(
        state.services.engine, caller.tenant_id, key_id, patch, expected=expected, actor=caller.subject
    )
    state.standing.forget(caller.tenant_id)
    return tag(response, changed)


@router.post("/v1/api-keys/{key_id}/rotate", operation_id="rotateApiKey", summary="Give an API key a new secret")
def rotate_api_key(
    key_id: UUID,
    rotate: ApiKeyRotate,
    *,
    caller: Caller,
    state: State,
    expected: ExpectedVersion,
    response: Response,
) -> NewApiKey:
    """The same key with a new secret, which is in this answer and never again. The one before works on for
    `overlap_seconds`, so that no machine is cut off."""
    made = api_keys.rotate_key(
        state.services.engine,
        caller.tenant_id,
        key_id,
        overlap_seconds=rotate.overlap_seconds,
        expected=expected,
        actor=caller.subject,
    )
    return tag(response, made)


@router.delete("/v1/api-keys/{key_id}", operation_id="revokeApiKey", summary="Revoke an API key", status_code=204)
def revoke_api_key(key_id: UUID, caller: Caller, state: State, expected: ExpectedVersion) -> None:
    """The key and every access token made from it are refused at once. Its record stays."""
    api_keys.revoke_key(state.services.engine, caller.tenant_id, key_id, expected=expected, actor=caller.subject)
    state.standing.forget(caller.tenant_id)
