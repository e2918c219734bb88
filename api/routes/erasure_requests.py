"""Requests to erase, of the caller's tenant: asking for one, following it, and its certificate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.routes.paging import PageQuery, page_of
from api.state import State
from contracts.erasure import (
    CustomerSubject,
    ErasureOrder,
    ErasureRequest,
    ErasureRequestCreate,
    ErasureRequestPage,
    ErasureStatus,
    ErasureSubject,
    SignedCertificate,
)
from footfall import erasure_requests

router = APIRouter(tags=["customers"])


class ErasureRequestQuery(PageQuery):
    sort: Literal["due_at", "-due_at", "requested_at", "-requested_at"] = Field(
        default="due_at", description="The order; a `-` before the name turns it around."
    )
    status: ErasureStatus | None = Field(default=None, description="Requests that stand so alone.")
    customer_id: UUID | None = Field(default=None, description="About this customer alone.")


@router.post(
    "/v1/customers/{customer_id}/erase-request",
    operation_id="requestErasure",
    summary="Ask for a customer to be erased",
    status_code=201,
)
def request_erasure(
    customer_id: UUID, request: ErasureRequestCreate, caller: Caller, state: State, response: Response
) -> ErasureRequest:
    """Records that it was asked for, and until when it must be done. Nothing is erased by this call, and the request
    says so: its status is `open`. It is carried out within a minute or so, and is `completed` when that is proved."""
    subject = CustomerSubject(kind="customer", customer_id=customer_id)
    return _requested(subject, request.reference, caller, state, response)


@router.post(
    "/v1/erasure-requests",
    operation_id="orderErasure",
    summary="Ask for a person or a camera's period to be erased",
    status_code=201,
)
def order_erasure(order: ErasureOrder, caller: Caller, state: State, response: Response) -> ErasureRequest:
    """Of a customer, a staff member, or what a camera saw in a period that is over. As for a customer, the request says
    how far it has come."""
    return _requested(order.subject, order.reference, caller, state, response)


@router.get("/v1/erasure-requests", operation_id="listErasureRequests", summary="List erasure requests")
def list_erasure_requests(
    query: Annotated[ErasureRequestQuery, fastapi.Query()], caller: Caller, state: State
) -> ErasureRequestPage:
    """Those that are due first, first."""
    return erasure_requests.list_requests(
        state.services.engine,
        caller.tenant_id,
        page_of(query, query.sort),
        status=query.status,
        customer_id=query.customer_id,
    )


@router.get("/v1/erasure-requests/{request_id}", operation_id="getErasureRequest", summary="Read an erasure request")
def get_erasure_request(request_id: UUID, caller: Caller, state: State) -> ErasureRequest:
    """With its steps: what each has erased, what it waits for, and what failed."""
    return erasure_requests.get_request(state.services.engine, caller.tenant_id, request_id)


@router.get(
    "/v1/erasure-requests/{request_id}/certificate",
    operation_id="getPurgeCertificate",
    summary="Download the certificate of an erasure",
)
def get_purge_certificate(request_id: UUID, caller: Caller, state: State, response: Response) -> SignedCertificate:
    """Signed when every store had been read back and nothing was found. It holds no personal data; `footfall purge
    verify` checks it without this server."""
    found = erasure_requests.certificate_of(state.services.engine, caller.tenant_id, request_id)
    response.headers["Content-Disposition"] = f'attachment; filename="purge-certificate-{request_id}.json"'
    return found


def _requested(
    subject: ErasureSubject, reference: str, caller: Caller, state: State, response: Response
) -> ErasureRequest:
    made = erasure_requests.request_erasure(
        state.services.engine,
        caller.tenant_id,
        subject,
        reference=reference,
        now=datetime.now(UTC),
        actor=caller.subject,
    )
    response.headers["Location"] = f"/v1/erasure-requests/{made.request_id}"
    return made
