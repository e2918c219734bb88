"""Sites of the caller's tenant."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response

from api.auth import Caller
from api.routes.paging import PageQuery
from api.routes.scope import site_of
from api.state import State
from contracts.places import Site, SiteCreate, SitePage
from footfall import places

router = APIRouter(tags=["places"])


@router.get("/v1/sites", operation_id="listSites", summary="List sites")
def list_sites(query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State) -> SitePage:
    """Oldest first. A site manager sees the sites of theirs."""
    return places.list_sites(
        state.services.engine,
        caller.tenant_id,
        limit=query.limit,
        cursor=query.cursor,
        allowed_sites=caller.site_ids,
    )


@router.post("/v1/sites", operation_id="createSite", summary="Create a site", status_code=201)
def create_site(site: SiteCreate, caller: Caller, state: State, response: Response) -> Site:
    """Its time zone decides where its days and hours begin, its visit gap which sightings are one visit."""
    made = places.create_site(state.services.engine, caller.tenant_id, site, actor=caller.subject)
    response.headers["Location"] = f"/v1/sites/{made.site_id}"
    return made


@router.get("/v1/sites/{site_id}", operation_id="getSite", summary="Read a site")
def get_site(site_id: UUID, caller: Caller, state: State) -> Site:
    return site_of(state, caller, site_id)
