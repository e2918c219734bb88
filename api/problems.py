"""Every error answer: which problem an error is, and its RFC 9457 document. No route, no rule of the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Scope

from api.headers import REQUEST_ID_HEADER, REQUEST_ID_KEY, STANDARD_HEADERS
from contracts.problems import FieldProblem, Problem
from footfall import errors

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:footfall:problem:"
_RETRY_AFTER_SECONDS = "2"
_PASSING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_UNSAID = "The server could not do this. Its log says why, under the request id."


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A problem type as docs/problems.md lists it."""

    slug: str
    status: int
    title: str

    @property
    def type(self) -> str:
        return f"{_TYPE_PREFIX}{self.slug}"


class RefusedRequestError(Exception):
    """A request that HTTP's own rules refuse, before the domain hears of it."""

    def __init__(
        self, kind: ProblemKind, detail: str, *, hint: str | None = None, fields: Sequence[FieldProblem] = ()
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.hint = hint
        self.fields = tuple(fields)


# What HTTP itself can get wrong, before the domain hears of it.
MALFORMED = ProblemKind("malformed-request", HTTPStatus.BAD_REQUEST, "The request cannot be read")
INVALID = ProblemKind("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, "The request does not fit the contract")
NO_ROUTE = ProblemKind("no-such-route", HTTPStatus.NOT_FOUND, "There is nothing at this address")
METHOD_NOT_ALLOWED = ProblemKind("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "The method is not offered here")
TIMEOUT = ProblemKind("request-timeout", HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time")
TOO_LARGE = ProblemKind("request-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large")
UNSUPPORTED_MEDIA_TYPE = ProblemKind(
    "unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request's media type is not taken here"
)
PRECONDITION_REQUIRED = ProblemKind(
    "precondition-required", HTTPStatus.PRECONDITION_REQUIRED, "The request must say which version it changes"
)
HTTP_KINDS = (
    MALFORMED, INVALID, NO_ROUTE, METHOD_NOT_ALLOWED, TIMEOUT, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE,
    PRECONDITION_REQUIRED,
)  # fmt: skip
# What this API's own protocols add; HTTP machinery raises none of them.
KEY_REUSED = ProblemKind(
    "idempotency-key-reused", HTTPStatus.UNPROCESSABLE_ENTITY, "The idempotency key was used for another request"
)
KEY_IN_USE = ProblemKind(
    "idempotency-key-in-use", HTTPStatus.CONFLICT, "A request with the same idempotency key is being answered"
)
ANSWER_NOT_KEPT = ProblemKind(
    "idempotency-answer-not-kept", HTTPStatus.CONFLICT, "The request was carried out, and its answer is not kept"
)
_OWN_KINDS = (KEY_REUSED, KEY_IN_USE, ANSWER_NOT_KEPT)
_BY_STATUS = {kind.status: kind for kind in HTTP_KINDS}

# A class that is not named takes the status of the nearest class above it.
_STATUSES: Mapping[type[errors.FootfallError], int] = {
    errors.FootfallError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ImageTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.ModelVersionMismatchError: HTTPStatus.CONFLICT,
    errors.PrivacyModeError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.StaleVersionError: HTTPStatus.PRECONDITION_FAILED,
    errors.UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.ServiceUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BusyError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.ModelError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def kind_of(error: type[errors.FootfallError]) -> ProblemKind:
    status = next(_STATUSES[above] for above in error.__mro__ if above in _STATUSES)
    return ProblemKind(error.slug, status, error.title)


INTERNAL = kind_of(errors.FootfallError)


def catalogue() -> tuple[ProblemKind, ...]:
    """Every problem type there is, by status and slug."""
    kinds = {kind_of(error) for error in _tree(errors.FootfallError)} | {*HTTP_KINDS, *_OWN_KINDS}
    return tuple(sorted(kinds, key=lambda kind: (kind.status, kind.slug)))


def kind_for_status(status: int) -> ProblemKind:
    """The kind of an error that HTTP machinery raised with nothing but a status."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return INTERNAL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else MALFORMED


def problem_of(error: errors.FootfallError) -> tuple[ProblemKind, str, str | None]:
    """Kind, detail and hint of a domain error. What went wrong inside the server (a host, a path, a setting) is for
    its log: callers are told what is away, and no more."""
    kind = kind_of(type(error))
    if kind.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return kind, _UNSAID, None
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return kind, f"{kind.title}.", "Try again in a moment; /readyz says what is away."
    return kind, error.message, error.hint


def problem_document(
    scope: Scope, kind: ProblemKind, detail: str, *, hint: str | None = None, fields: Sequence[FieldProblem] = ()
) -> Problem:
    """The document about the request of `scope`."""
    return Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=scope["path"],
        hint=hint,
        request_id=request_id_of(scope),
        errors=tuple(fields),
    )


def problem_response(
    scope: Scope,
    kind: ProblemKind,
    detail: str,
    *,
    hint: str | None = None,
    fields: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The document as an answer to the request of `scope`."""
    document = problem_document(scope, kind, detail, hint=hint, fields=fields)
    extra = dict(STANDARD_HEADERS) | dict(headers or {})
    if document.request_id is not None:
        extra[REQUEST_ID_HEADER] = document.request_id
    if kind.status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    if kind.status in _PASSING or kind == KEY_IN_USE:
        extra.setdefault("Retry-After", _RETRY_AFTER_SECONDS)
    return Response(document.model_dump_json(), status_code=kind.status, headers=extra, media_type=MEDIA_TYPE)


def request_id_of(scope: Scope) -> str | None:
    """The id that the outermost middleware gave the request."""
    found = scope.get(REQUEST_ID_KEY)
    return found if isinstance(found, str) else None


def _tree(error: type[errors.FootfallError]) -> Iterator[type[errors.FootfallError]]:
    yield error
    for below in error.__subclasses__():
        yield from _tree(below)
