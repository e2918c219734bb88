"""Query parameters that several lists share, and reading them. No route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from footfall.cursors import MAX_CURSOR_CHARACTERS
from footfall.listing import PageRequest

DEFAULT_PAGE = 50
MAX_PAGE = 500
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _within_reason(instant: datetime) -> datetime:
    # Python's and Postgres' calendars both end somewhere, and spans are added to these.
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueError("lies outside the years 1970 to 8999")
    return instant


Contained = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A part of a name to look for."""


def _date_and_time(value: object) -> object:
    # pydantic would take "0.5" for half a second after 1970; the document says date-time.
    if isinstance(value, str) and not {"T", "t", " "} & set(value):
        raise ValueError("is no date with a time")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_date_and_time), AfterValidator(_within_reason)]


class Query(BaseModel):
    """Closed: a misspelt filter that is silently ignored would answer another question."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Query):
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE, description="Items of one page.")
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARACTERS,
        description="`next_cursor` of the page before, in the same order; absent for the first page.",
    )


def page_of(query: PageQuery, sort: str) -> PageRequest:
    """The page that the query asks for, in that order."""
    return PageRequest(sort=sort, limit=query.limit, cursor=query.cursor)


class FormatQuery(Query):
    format: Literal["json", "csv"] | None = Field(
        default=None,
        description="What comes, for links in a browser, whose `Accept` is its own; without it that header decides.",
    )


AnyQuery = TypeVar("AnyQuery", bound=Query)


def read_as(model: type[AnyQuery]) -> Callable[[Request], Awaitable[AnyQuery]]:
    """A dependency that reads the request's parameters as `fastapi.Query()` would, for routes that are asked all the
    time: FastAPI looks at every field's type anew with each request, which costs more than the rest of the reading.
    What it would say of them in the OpenAPI document is `documented_query`'s to say."""

    async def read(request: Request) -> AnyQuery:
        try:
            return model.model_validate(dict(request.query_params))
        except ValidationError as error:
            found = error.errors(include_url=False)
        raise RequestValidationError([{**item, "loc": ("query", *item["loc"])} for item in found])

    return read


def documented_query(model: type[Query]) -> dict[str, Any]:
    """`openapi_extra` of a route whose parameters `read_as` reads: what FastAPI would have written."""
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": field}
            | ({"description": field["description"]} if "description" in field else {})
            for name, field in schema["properties"].items()
        ]
    }
