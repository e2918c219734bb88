"""Query parameters that several lists share. No route."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

DEFAULT_PAGE = 50
MAX_PAGE = 500
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _within_reason(instant: datetime) -> datetime:
    # Python's and Postgres' calendars both end somewhere, and spans are added to these.
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueError("lies outside the years 1970 to 8999")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_within_reason)]


class Query(BaseModel):
    """Closed: a misspelt filter that is silently ignored would answer another question."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Query):
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE, description="Items of one page.")
    cursor: str | None = Field(
        default=None, max_length=300, description="`next_cursor` of the page before; absent for the first page."
    )
