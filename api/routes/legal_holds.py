"""Legal holds of the caller's tenant: placing, listing, lifting."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter
from pydantic import Field

from api.auth import Caller
from api.routes.paging import PageQuery, page_of
from api.state import State
from contracts.legal_holds import LegalHold, LegalHoldCreate, LegalHoldPage
from footfall import legal_hold
from footfall.legal_hold import Subject

router = APIRouter(tags=["audit"])


class LegalHoldQuery(PageQuery):
    sort: Literal["placed_at", "-placed_at"] = Field(
        default="-placed_at", description="The order; a `-` before the name turns it around."
    )
    standing: bool | None = Field(default=None, description="True: those that stand alone; false: those lifted.")


@router.post("/v1/legal-holds", operation_id="placeLegalHold", summary="Place a legal hold", status_code=201)
def place_legal_hold(request: LegalHoldCreate, caller: Caller, state: State) -> LegalHold:
    """From now on neither retention nor erasure touches the subject."""
    return legal_hold.place_hold(
        state.services.engine,
        caller.tenant_id,
        Subject(request.subject_kind, request.subject_id),
        reference=request.reference,
        actor=caller.subject,
    )


@router.get("/v1/legal-holds", operation_id="listLegalHolds", summary="List legal holds")
def list_legal_holds(query: Annotated[LegalHoldQuery, fastapi.Query()], caller: Caller, state: State) -> LegalHoldPage:
    """The latest first, lifted ones among them."""
    return legal_hold.list_holds(
        state.services.engine, caller.tenant_id, page_of(query, query.sort), standing=query.standing
    )


@router.post("/v1/legal-holds/{hold_id}/lift", operation_id="liftLegalHold", summary="Lift a legal hold")
def lift_legal_hold(hold_id: UUID, caller: Caller, state: State) -> LegalHold:
    """What reached its term meanwhile goes with the next night."""
    return legal_hold.lift_hold(state.services.engine, caller.tenant_id, hold_id, actor=caller.subject)
