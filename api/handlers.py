"""Turns whatever a request ended in into its problem document. Which problem an error is, is `api.problems`'."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api import problems
from api.idempotency import REPLAYED_HEADER, ReplayedAnswerError
from api.methods import allow_header
from api.preconditions import NotModifiedError
from api.problems import RefusedRequestError, problem_response, request_id_of
from contracts.problems import FieldProblem
from footfall.errors import FootfallError, TooManyRequestsError

logger = logging.getLogger(__name__)

_MAX_FIELDS = 20
_MAX_MESSAGE_CHARACTERS = 300


def install(app: FastAPI) -> None:
    """Registers the handlers; after this no answer of the app is an error of another shape."""
    app.add_exception_handler(FootfallError, _domain_error)
    app.add_exception_handler(RefusedRequestError, _refused)
    app.add_exception_handler(NotModifiedError, _not_modified)
    app.add_exception_handler(ReplayedAnswerError, _replayed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def invalid(found: Iterable[ErrorDetails], body: object) -> RefusedRequestError:
    """The refusal of a document that does not fit its model, with a JSON pointer a field.

    `body` is the document as it was sent (parsed JSON), which tells keys from the names of union members in pydantic's
    locations. Nothing of the values is repeated.
    """
    fields = [_field_problem(error["loc"], error["msg"], body) for error in found][:_MAX_FIELDS]
    return RefusedRequestError(
        problems.INVALID, "The request does not fit the contract; `errors` says where.", fields=fields
    )


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FootfallError)  # noqa: S101 - what the handler is registered for
    kind, detail, hint = problems.problem_of(error)
    if kind.status >= 500:
        logger.error("request %s: %s: %s", request_id_of(request.scope), type(error).__name__, error.message)
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooManyRequestsError) else None
    return problem_response(request.scope, kind, detail, hint=hint, headers=headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedRequestError)  # noqa: S101 - what the handler is registered for
    return problem_response(request.scope, error.kind, error.detail, hint=error.hint, fields=error.fields)


async def _replayed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ReplayedAnswerError)  # noqa: S101 - what the handler is registered for
    headers = {**error.answer.headers, REPLAYED_HEADER: "true"}
    return Response(error.answer.body, status_code=error.answer.status, headers=headers)


async def _not_modified(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModifiedError)  # noqa: S101 - what the handler is registered for
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": error.tag})


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what the handler is registered for
    found: Sequence[ErrorDetails] = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return problem_response(request.scope, problems.MALFORMED, "The body is not JSON.")
    if isinstance(error.body, bytes) and error.body:
        # FastAPI leaves a body of another media type unparsed.
        stated = request.headers.get("content-type", "a body without a type")
        return problem_response(
            request.scope, problems.UNSUPPORTED_MEDIA_TYPE, f"This route takes application/json, not {stated}."[:300]
        )
    return await _refused(request, invalid(found, error.body))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what the handler is registered for
    kind = problems.kind_for_status(error.status_code)
    headers = error.headers
    if kind == problems.METHOD_NOT_ALLOWED:
        headers = {**(headers or {}), **allow_header(request.url.path)}
    return problem_response(request.scope, kind, _said(kind, error.detail, request), headers=headers)


def _said(kind: problems.ProblemKind, detail: str, request: Request) -> str:
    if kind == problems.NO_ROUTE:
        return f"There is nothing at {request.url.path}."
    if kind == problems.METHOD_NOT_ALLOWED:
        return f"{request.url.path} does not offer {request.method}."
    return detail


async def _gone(request: Request, _error: Exception) -> Response:
    # Nobody is there to read it; it is what the log and the metrics show.
    return problem_response(request.scope, problems.MALFORMED, "The caller left before the body was whole.")


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.error("request %s failed: %s", request_id_of(request.scope), type(error).__name__)
    kind, detail, hint = problems.problem_of(FootfallError("unexpected"))
    return problem_response(request.scope, kind, detail, hint=hint)


def _field_problem(location: tuple[int | str, ...], message: str, body: object) -> FieldProblem:
    source, *path = location or ("body",)
    said = message[:_MAX_MESSAGE_CHARACTERS]
    if source != "body":
        return FieldProblem(field="/".join(str(part) for part in path) or str(source), message=said)
    return FieldProblem(field=_pointer(path, body), message=said)


def _pointer(path: Sequence[int | str], body: object) -> str:
    """RFC 6901. Among the steps are names of union members and validators: those that the document has no place for,
    or that would lead into a bare value with more steps to come. The last step may be the field that is missing."""
    pointer, here = "", body
    for index, step in enumerate(path):
        last = index == len(path) - 1
        if isinstance(here, Mapping) and isinstance(step, str) and (last or _holds_more(here.get(step))):
            pointer, here = f"{pointer}/{step.replace('~', '~0').replace('/', '~1')}", here.get(step)
        elif isinstance(here, Sequence) and not isinstance(here, str) and isinstance(step, int):
            pointer, here = f"{pointer}/{step}", here[step] if step < len(here) else None
    return pointer


def _holds_more(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))
