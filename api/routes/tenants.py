"""Tenants: the caller's own, and every one for the system administrators of a platform tenant."""

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
from contracts.base import TenantId
from contracts.erasure import TenantErasure
from contracts.tenants import OwnTenantPatch, Tenant, TenantCreate, TenantPage, TenantPatch, TenantSort, TenantStatus
from footfall import tenant_records

router = APIRouter(tags=["administration"])


class TenantQuery(PageQuery):
    sort: TenantSort = Field(default="created_at", description="The order; a `-` before the name turns it around.")
    status: TenantStatus | None = None


@router.get("/v1/tenant", operation_id="getOwnTenant", summary="Read one's own tenant")
def get_own_tenant(caller: Caller, state: State, tagged: Tagged) -> Tenant:
    """Its name, privacy mode, and what the mode rests on."""
    return tagged(tenant_records.own(state.services.engine, caller.tenant_id))


@router.patch("/v1/tenant", operation_id="changeOwnTenant", summary="Change one's own tenant")
def change_own_tenant(
    patch: OwnTenantPatch, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> Tenant:
    """Its name or privacy mode. `identify` needs a legal basis and retention days, here or from before: without them
    the answer is a problem of the type `legal-basis-missing`. Workers learn of a new mode when they next read their
    camera, and the server holds every event to it from now on."""
    return tag(response, tenant_records.change_own(state.services.engine, caller, patch, expected=expected))


@router.get("/v1/tenants", operation_id="listTenants", summary="List tenants")
def list_tenants(query: Annotated[TenantQuery, fastapi.Query()], caller: Caller, state: State) -> TenantPage:
    """For system administrators, from their own tenant. Their records, and nothing else of them."""
    return tenant_records.list_tenants(state.services.engine, caller, page_of(query, query.sort), status=query.status)


@router.post("/v1/tenants", operation_id="createTenant", summary="Create a tenant", status_code=201)
async def create_tenant(tenant: TenantCreate, caller: Caller, state: State, response: Response) -> Tenant:
    """With its first administrator."""
    async with state.login_lane.place():
        made = await state.login_lane.run(lambda: tenant_records.create(state.services.engine, caller, tenant))
    response.headers["Location"] = f"/v1/tenants/{made.tenant_id}"
    return tag(response, made)


@router.get("/v1/tenants/{tenant_id}", operation_id="getTenant", summary="Read a tenant's record")
def get_tenant(tenant_id: UUID, caller: Caller, state: State, tagged: Tagged) -> Tenant:
    """Of its data nothing is seen from here: POST /v1/auth/switch leads there, and is recorded in both tenants."""
    return tagged(tenant_records.get(state.services.engine, caller, TenantId(tenant_id)))


@router.patch("/v1/tenants/{tenant_id}", operation_id="changeTenant", summary="Change or suspend a tenant")
def change_tenant(
    tenant_id: UUID, patch: TenantPatch, *, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> Tenant:
    """The status `active` ends a suspension, and takes back the request for deletion as long as nothing was erased."""
    changed = tenant_records.change(state.services.engine, caller, TenantId(tenant_id), patch, expected=expected)
    state.standing.forget(TenantId(tenant_id))
    return tag(response, changed)


@router.delete(
    "/v1/tenants/{tenant_id}", operation_id="requestTenantDeletion", summary="Ask for a tenant's end", status_code=202
)
def request_tenant_deletion(
    tenant_id: UUID, caller: Caller, state: State, expected: ExpectedVersion, response: Response
) -> Tenant:
    """Everybody of the tenant is signed out at once and nobody gets in. The erasure of all of its data is asked for
    with this; it begins a day later, and until then the status `active` takes it back."""
    changed = tenant_records.request_deletion(state.services.engine, caller, TenantId(tenant_id), expected=expected)
    state.standing.forget(TenantId(tenant_id))
    return tag(response, changed)


@router.get("/v1/tenants/{tenant_id}/erasure", operation_id="getTenantErasure", summary="Follow a tenant's erasure")
def get_tenant_erasure(tenant_id: UUID, caller: Caller, state: State) -> TenantErasure:
    """The last request for its end with what each step has erased, and the certificate once every store was read back
    and nothing was found."""
    return tenant_records.erasure(state.services.engine, caller, TenantId(tenant_id))
