"""Customers of the caller's tenant: profiles, visits, sightings, and correcting who they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.openapi import PICTURES
from api.preconditions import RequiredVersion, Tagged, tag
from api.routes.paging import Contained, Instant, PageQuery, page_of
from api.routes.scope import site_filter
from api.state import State
from contracts.base import CustomerId, EventId
from contracts.corrections import Correction, MergeRequest, OptOut, OptOutRequest, PromoteRequest, SplitRequest
from contracts.customers import CustomerPage, CustomerPatch, CustomerSort, SightingPage
from contracts.records import CustomerProfileV1
from contracts.reports import VisitPage
from footfall import corrections, customer_records, opt_out, profiles, sighting_pictures
from footfall.stores.postgres.profiles import ProfileFilter

router = APIRouter(tags=["customers"])


class CustomerQuery(PageQuery):
    sort: CustomerSort = Field(default="-last_seen_at", description="The order; a `-` before the name turns it around.")
    site_id: UUID | None = Field(default=None, description="Customers who visited this site alone.")
    external_ref: Contained | None = Field(default=None, description="The company's own number for the visitor.")
    seen_since: Instant | None = Field(default=None, description="Last seen then or later.")
    seen_until: Instant | None = Field(default=None, description="Last seen before.")


@router.get("/v1/customers", operation_id="listCustomers", summary="List customers")
def list_customers(query: Annotated[CustomerQuery, fastapi.Query()], caller: Caller, state: State) -> CustomerPage:
    """Last seen first, unless sorted otherwise. A site manager sees those who visited their sites, and their visits
    there."""
    wanted = ProfileFilter(
        site_id=site_filter(state, caller, query.site_id),
        external_ref=query.external_ref,
        seen_since=query.seen_since,
        seen_until=query.seen_until,
    )
    return profiles.list_customers(
        state.services.engine, caller.tenant_id, page_of(query, query.sort), wanted, allowed_sites=caller.site_ids
    )


@router.get("/v1/customers/{customer_id}", operation_id="getCustomer", summary="Read a customer's profile")
def get_customer(customer_id: UUID, caller: Caller, state: State, tagged: Tagged) -> CustomerProfileV1:
    """Of a customer who was merged, the survivor's profile."""
    found = profiles.get_customer(
        state.services.engine, caller.tenant_id, CustomerId(customer_id), allowed_sites=caller.site_ids
    )
    return tagged(found, *_shown_beside(found))


@router.patch("/v1/customers/{customer_id}", operation_id="changeCustomer", summary="Change a customer's record")
def change_customer(
    customer_id: UUID,
    patch: CustomerPatch,
    *,
    caller: Caller,
    state: State,
    expected: RequiredVersion,
    response: Response,
) -> CustomerProfileV1:
    """The company's own number for the visitor. Of a customer who was merged, the survivor's record. A customer is not
    deleted here: `POST /v1/customers/{customer_id}/erase-request` has it done everywhere."""
    changed = customer_records.change_customer(
        state.services.engine, caller.tenant_id, CustomerId(customer_id), patch, expected, actor=caller.subject
    )
    return tag(response, changed, *_shown_beside(changed))


@router.get("/v1/customers/{customer_id}/visits", operation_id="listCustomerVisits", summary="List a customer's visits")
def list_customer_visits(
    customer_id: UUID, query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State
) -> VisitPage:
    """Latest first."""
    return profiles.customer_visits(
        state.services.engine,
        caller.tenant_id,
        CustomerId(customer_id),
        limit=query.limit,
        cursor=query.cursor,
        now=datetime.now(UTC),
        allowed_sites=caller.site_ids,
    )


@router.get(
    "/v1/customers/{customer_id}/sightings", operation_id="listSightings", summary="List a customer's sightings"
)
def list_sightings(
    customer_id: UUID, query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State
) -> SightingPage:
    """Latest first, each with the path of its picture."""
    return profiles.customer_sightings(
        state.services,
        caller.tenant_id,
        CustomerId(customer_id),
        limit=query.limit,
        cursor=query.cursor,
        allowed_sites=caller.site_ids,
    )


@router.get(
    "/v1/sightings/{event_id}/image",
    operation_id="getSightingImage",
    summary="Show a sighting's face",
    response_class=Response,
    responses=PICTURES,
)
def get_sighting_image(event_id: UUID, caller: Caller, state: State) -> Response:
    """The crop as the worker sent it, for as long as it is kept. A site manager sees those of their sites."""
    picture, media_type = sighting_pictures.read_sighting_picture(
        state.services, caller.tenant_id, EventId(event_id), allowed_sites=caller.site_ids
    )
    return Response(picture, media_type=media_type)


@router.post(
    "/v1/customers/{customer_id}/merge", operation_id="mergeCustomer", summary="Merge into another", status_code=201
)
def merge_customer(customer_id: UUID, request: MergeRequest, caller: Caller, state: State) -> Correction:
    """Two customers are one person: visits, sightings and templates go to the other, who stays."""
    return corrections.merge(
        state.services, caller.tenant_id, CustomerId(customer_id), CustomerId(request.into), actor=caller.subject
    )


@router.post("/v1/customers/{customer_id}/split", operation_id="splitCustomer", summary="Split in two", status_code=201)
def split_customer(customer_id: UUID, request: SplitRequest, caller: Caller, state: State) -> Correction:
    """Some of the sightings are another person's, who becomes a customer of their own."""
    leaving = [EventId(event_id) for event_id in request.event_ids]
    return corrections.split(state.services, caller.tenant_id, CustomerId(customer_id), leaving, actor=caller.subject)


@router.post(
    "/v1/customers/{customer_id}/promote", operation_id="promoteCustomer", summary="Make staff", status_code=201
)
def promote_customer(customer_id: UUID, request: PromoteRequest, caller: Caller, state: State) -> Correction:
    """The customer is a staff member, whom visits, sightings and templates go to."""
    return corrections.promote(state.services, caller.tenant_id, CustomerId(customer_id), request, actor=caller.subject)


@router.post(
    "/v1/customers/{customer_id}/opt-out", operation_id="optOutCustomer", summary="Opt a customer out", status_code=201
)
def opt_out_customer(customer_id: UUID, request: OptOutRequest, caller: Caller, state: State) -> OptOut:
    """From now on the customer's faces are dropped at once; the templates are kept for that alone."""
    return opt_out.opt_out_of_customer(
        state.services, caller.tenant_id, CustomerId(customer_id), consent=request.consent, actor=caller.subject
    )


def _shown_beside(customer: CustomerProfileV1) -> tuple[object, ...]:
    """What follows from visits and templates, and is no part of the record itself."""
    return customer.customer_id, customer.last_seen_at, customer.visits, customer.site_ids, customer.templates
