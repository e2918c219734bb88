"""RFC 9457 problem details, the one shape of every error answer. The error classes live in `footfall.errors`."""

from __future__ import annotations

from pydantic import Field

from contracts.base import Contract


class FieldProblem(Contract):
    """One field of a request that failed validation."""

    field: str = Field(description="JSON pointer of the field, or the parameter's name.")
    message: str


class Problem(Contract):
    """Sent as `application/problem+json`. `type` is stable; `detail` is for people and may change."""

    type: str = Field(description="`urn:footfall:problem:<slug>`; the list is in docs/problems.md.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str | None = Field(default=None, description="The request's path.")
    hint: str | None = Field(default=None, description="What to do about it.")
    request_id: str | None = None
    errors: tuple[FieldProblem, ...] = ()
