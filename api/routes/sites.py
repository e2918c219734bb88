"""Sites of the caller's tenant."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, tag
from api.routes.paging import Contained, PageQuery, page_of
from api.routes.scope import site_of
from api.state import State
from contracts.base import SiteId
from contracts.places import Archived, Site, SiteCreate, SitePage, SitePatch, SiteSort
from footfall import places

router = APIRouter(tags=["places"])


class SiteQuery(PageQuery):
    sort: SiteSort = Field(default="created_at", description="The order; a `-` before the name turns it around.")
    name_contains: Contained | None = Field(default=None, description="Part of the name, in either case.")
    archived: Archived = Field(default="exclude", description="What to do with archived sites.")


@router.get("/v1/sites", operation_id="listSites", summary="List sites")
def list_sites(query: Annotated[SiteQuery, fastapi.Query()], caller: Caller, state: State) -> SitePage:
    """Oldest first, unless sorted otherwise. A site manager sees the sites of theirs."""
    return places.list_sites(
        state.services.engine,
        caller.tenant_id,
        page_of(query, query.sort),
        allowed_sites=caller.site_ids,
        name_contains=query.name_contains,
        archived=query.archived,
    )


@router.post("/v1/sites", operation_id="createSite", summary="Create a site", status_code=201)
def create_site(site: SiteCreate, caller: Caller, state: State, response: Response) -> Site:
    """Its time zone decides where its days and hours begin, its visit gap which sightings are one visit."""
    made = places.create_site(state.services.engine, caller.tenant_id, site, actor=caller.subject)
    response.headers["Location"] = f"/v1/sites/{made.site_id}"
    return tag(response, made)


@router.get("/v1/sites/{site_id}", operation_id="getSite", summary="Read a site")
def get_site(site_id: UUID, caller: Caller, state: State, tagged: Tagged) -> Site:
    return tagged(site_of(state, caller, site_id))


@router.patch("/v1/sites/{site_id}", operation_id="changeSite", summary="Change or archive a site")
def change_site(
    site_id: UUID, patch: SitePatch, *, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> Site:
    """A new visit gap joins and splits the site's visits at once, as if it had always held. A new name or time zone
    reaches the traffic reports when the marts are next built. An archived site takes no events and is no longer
    listed; what it has counted stays."""
    changed = places.change_site(
        state.services.engine, caller.tenant_id, SiteId(site_id), patch, expected, actor=caller.subject
    )
    return tag(response, changed)


@router.delete("/v1/sites/{site_id}", operation_id="deleteSite", summary="Delete a site", status_code=204)
def delete_site(site_id: UUID, caller: Caller, state: State, expected: ExpectedVersion) -> None:
    """Only of a site that has no cameras and has counted nothing; another can be archived."""
    places.delete_site(state.services.engine, caller.tenant_id, SiteId(site_id), expected, actor=caller.subject)
