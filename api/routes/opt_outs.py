"""People who opted out: registering by photograph, listing, withdrawing. Opting a customer out is in `customers`."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import fastapi
from fastapi import APIRouter, Request
from pydantic import ValidationError

from api.auth import Caller
from api.openapi import multipart_body
from api.problems import INVALID, RefusedRequestError
from api.routes.paging import PageQuery
from api.state import State
from api.uploads import PartRule, read_parts
from contracts.corrections import OptOut, OptOutPage, OptOutRequest
from contracts.problems import FieldProblem
from footfall import opt_out

router = APIRouter(tags=["customers"])

_PARTS = (PartRule("consent", required=True, file=False), PartRule("image", required=True, file=True))


def _body() -> dict[str, Any]:
    body = multipart_body(event=False, image_required=True)
    schema = body["requestBody"]["content"]["multipart/form-data"]["schema"]
    schema["properties"]["consent"] = OptOutRequest.model_json_schema()["properties"]["consent"]
    schema["required"] = ["consent", "image"]
    return body


@router.post(
    "/v1/opt-outs",
    operation_id="registerOptOut",
    summary="Opt somebody out by photograph",
    status_code=201,
    openapi_extra=_body(),
)
async def register_opt_out(request: Request, caller: Caller, state: State) -> OptOut:
    """From now on the person's faces are dropped at once. The photograph is not kept."""
    with state.uploads.place(request, caller):
        parts = await read_parts(request, _PARTS, within_seconds=state.settings.api.upload_seconds)
        consent = _consent(parts["consent"])
        async with state.vision_lane.place():
            return await state.vision_lane.run(
                lambda: opt_out.opt_out_by_photograph(
                    state.services, caller.tenant_id, parts["image"], consent=consent, actor=caller.subject
                )
            )


@router.get("/v1/opt-outs", operation_id="listOptOuts", summary="List opt-outs")
def list_opt_outs(query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State) -> OptOutPage:
    """Latest first, withdrawn ones among them."""
    return opt_out.list_opt_outs(state.services, caller.tenant_id, limit=query.limit, cursor=query.cursor)


@router.delete(
    "/v1/opt-outs/{opt_out_id}", operation_id="withdrawOptOut", summary="Withdraw an opt-out", status_code=204
)
def withdraw_opt_out(opt_out_id: UUID, caller: Caller, state: State) -> None:
    """Its templates are deleted."""
    opt_out.withdraw_opt_out(state.services.engine, caller.tenant_id, opt_out_id, actor=caller.subject)


def _consent(part: bytes) -> str:
    try:
        return OptOutRequest(consent=part.decode()).consent
    except (ValidationError, UnicodeDecodeError):
        raise RefusedRequestError(
            INVALID,
            "The consent cannot be used.",
            fields=[FieldProblem(field="consent", message="Name where it is recorded: 1 to 200 printable characters.")],
        ) from None
