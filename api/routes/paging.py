"""Query parameters that several lists share. No route."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_PAGE = 50
MAX_PAGE = 500


class Query(BaseModel):
    """Closed: a misspelt filter that is silently ignored would answer another question."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Query):
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE, description="Items of one page.")
    cursor: str | None = Field(
        default=None, max_length=300, description="`next_cursor` of the page before; absent for the first page."
    )
