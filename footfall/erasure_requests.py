"""Requests to forget a customer: that somebody asked, when, and until when. Carrying one out, and proving it, is not
here: a request says `open` until that is done."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import CustomerId, TenantId
from contracts.customers import ErasureRequest, ErasureRequestPage, ErasureStatus
from footfall import audit
from footfall.errors import ConflictError, NotFoundError
from footfall.listing import PageRequest, choose_order, cut_page
from footfall.profiles import read_profile
from footfall.stores.postgres import erasure_requests as table
from footfall.tenancy import tenant_transaction

_DUE_AFTER = timedelta(days=30)  # a month, at its shortest but one: GDPR, Article 12(3)


def request_erasure(
    engine: Engine, tenant_id: TenantId, customer_id: CustomerId, *, reference: str, now: datetime, actor: str
) -> ErasureRequest:
    """Records the request; of a customer who was merged, about the survivor, who is the same person.

    Raises NotFoundError, ConflictError for one who is staff by now or about whom a request is open already.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        customer = CustomerId(read_profile(connection, tenant_id, customer_id).customer_id)
        made = table.insert_request(
            connection, customer, reference=reference, requested_by=actor, due_at=now + _DUE_AFTER
        )
        if made is None:
            raise ConflictError(
                f"There is a request to erase the customer {customer} already.",
                hint=f"GET /v1/erasure-requests?customer_id={customer} shows it.",
            )
        audit.record(
            connection,
            actor=actor,
            action="customer.erasure_requested",
            subject_kind="customer",
            subject_id=customer,
            detail={"request_id": str(made.request_id)},
        )
    return made


def list_requests(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest,
    *,
    status: ErasureStatus | None = None,
    customer_id: UUID | None = None,
) -> ErasureRequestPage:
    """Requests in the page's order. Raises InputError for a bad page."""
    order = choose_order("erasure-requests", table.SORTS, table.ID_COLUMN, page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_requests(
            connection, order, status=status, customer_id=customer_id, cursor=page.cursor, limit=page.rows
        )
    items, next_cursor = cut_page(order, found, page.limit, lambda request: request.request_id)
    return ErasureRequestPage(items=items, next_cursor=next_cursor)


def get_request(engine: Engine, tenant_id: TenantId, request_id: UUID) -> ErasureRequest:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_request(connection, request_id)
    if found is None:
        raise NotFoundError(f"There is no erasure request {request_id}.")
    return found
