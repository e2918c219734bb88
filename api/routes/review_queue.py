"""Questions about who is who, which an asset finds. Answering one is a correction."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter

from api.auth import Caller
from api.routes.paging import PageQuery
from api.state import State
from contracts.corrections import ReviewPage
from footfall import review_queue

router = APIRouter(tags=["corrections"])


@router.get("/v1/review-queue", operation_id="listReviewQueue", summary="List open questions")
def list_review_queue(query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State) -> ReviewPage:
    """Likely duplicates and likely mixtures, latest first, with the evidence."""
    return review_queue.list_questions(state.services, caller.tenant_id, limit=query.limit, cursor=query.cursor)


@router.post(
    "/v1/review-queue/{item_id}/dismiss",
    operation_id="dismissReviewItem",
    summary="Dismiss a question",
    status_code=204,
)
def dismiss_review_item(item_id: UUID, caller: Caller, state: State) -> None:
    """It is not asked again."""
    review_queue.dismiss_question(state.services.engine, caller.tenant_id, item_id, actor=caller.subject)
