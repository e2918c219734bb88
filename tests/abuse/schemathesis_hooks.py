"""Checks of schemathesis' that are this project's own, and the one case that it draws wrongly. Loaded by schemathesis,
by leave of schemathesis.toml."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Response
from schemathesis.checks import CheckContext

# Said of requests that do not fit the OpenAPI document, and of no others.
_OF_THE_CONTRACT = ("invalid-request", "malformed-request", "unsupported-media-type")
# Rules of contracts that no schema can say, by how their message ends.
_BEYOND_SCHEMAS = (
    "lies outside the years 1970 to 8999",
    "give either staff_id or display_name",
    "external_ref is for a new staff member",
    "ended_at lies before started_at",
    "captured_at lies outside the track",
    "The file is not named after an event of the batch.",
)


_CONDITIONS = ("if-match", "if-none-match")


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Without the one case a conditional header that the coverage phase takes for a right one although the document's
    pattern forbids it: a tag of `0`, which has no quotes. It is drawn a second time as a wrong one, and kept."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return True
    return all((case.headers or {}).get(name) != "0" for name in _CONDITIONS)


@schemathesis.check
def refused_by_the_domain(ctx: CheckContext, response: Response, case: Any) -> bool | None:
    """A request that fits the document is refused by the domain's rules or not at all."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code < 400:
        return None
    problem: dict[str, Any] = response.json()
    slug = str(problem["type"]).rpartition(":")[2]
    told = [str(field["message"]) for field in problem.get("errors", [])]
    if told and all(message.endswith(_BEYOND_SCHEMAS) for message in told):
        return None
    assert slug not in _OF_THE_CONTRACT, f"the document allows what the API calls {slug}: {problem.get('errors')}"
    return None
