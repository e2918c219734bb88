"""What a call of the client can end in. Parsing answers into these is `client.transport`'s."""

from __future__ import annotations

from contracts.problems import Problem

_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class ApiError(Exception):
    """Root of what the client raises. `transient`: the same call may well succeed later, so it is worth repeating;
    otherwise the server has judged the request and will judge it the same again."""

    transient: bool = False
    retry_after_seconds: float | None = None


class ApiProblem(ApiError):  # noqa: N818 - named after the document it carries
    """The server refused. An answer that is no problem document (a proxy's page) becomes one of type `about:blank`."""

    def __init__(self, problem: Problem, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{problem.title} ({problem.status}): {problem.detail}")
        self.problem = problem
        self.transient = problem.status in _TRANSIENT_STATUSES
        self.retry_after_seconds = retry_after_seconds

    @property
    def slug(self) -> str:
        """The last part of the problem's type: `not-found` of `urn:footfall:problem:not-found`."""
        return self.problem.type.rpartition(":")[2]


class ApiUnavailable(ApiError):  # noqa: N818 - reads as the state it reports
    """No usable answer: no connection, a timeout, or something that is not Footfall at the other end."""

    transient = True
