"""One HTTP exchange with the API: connection reuse, timeouts, and answers turned into models or errors. No routes."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from client.errors import ApiProblem, ApiUnavailable
from contracts.problems import Problem

logger = logging.getLogger(__name__)

_STREAM_CONNECT_SECONDS = 5.0
PROBLEM_MEDIA_TYPE = "application/problem+json"

Model = TypeVar("Model", bound=BaseModel)
Parameter = UUID | datetime | str | int | float | Sequence[str] | None
Part = tuple[str | None, bytes, str]
"""File name, content, media type of one multipart part."""


class Transport:
    """Pooled connections to one base URL. Redirects are not followed: they would carry the token elsewhere."""

    def __init__(self, base_url: str, *, timeout: httpx.Timeout) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            timeout=timeout,
            follow_redirects=False,
            headers={"Accept": "application/json", "User-Agent": "footfall-client/1"},
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        params: Mapping[str, Parameter] | None = None,
        body: BaseModel | Mapping[str, object] | None = None,
        parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None = None,
        headers: Mapping[str, str] | None = None,
        also_answers: Collection[int] = (),
    ) -> httpx.Response:
        """The answer, when it is a success or one of the statuses in `also_answers`.

        Raises ApiProblem for a refusal and ApiUnavailable when there is no usable answer.
        """
        try:
            request = self._http.build_request(
                method,
                path,
                params=_query(params or {}),
                json=body.model_dump(mode="json") if isinstance(body, BaseModel) else body,
                files=_files(parts),
                headers={**({"Authorization": f"Bearer {token}"} if token is not None else {}), **(headers or {})},
            )
            request.read()  # its parts go out in one piece and not in one each
            response = self._http.send(request)
        except httpx.TimeoutException as error:
            raise ApiUnavailable(f"{method} {path} was not answered in time.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ApiUnavailable(f"{method} {path} could not be sent: {type(error).__name__}.") from error
        if response.is_success or response.status_code in also_answers:
            return response
        if response.status_code < HTTPStatus.BAD_REQUEST:
            raise ApiUnavailable(f"{method} {path} was answered with {response.status_code}, which is no API answer.")
        problem = problem_of(response)
        logger.debug("%s %s: %s %s, request %s", method, path, problem.status, problem.type, problem.request_id)
        raise ApiProblem(problem, retry_after_seconds=_retry_after_seconds(response))

    @contextmanager
    def lines(
        self,
        path: str,
        *,
        token: str | None,
        params: Mapping[str, Parameter],
        headers: Mapping[str, str],
        silence_seconds: float,
    ) -> Iterator[Iterator[str]]:
        """The lines of an answer that goes on for as long as the server likes. Raises as `send`, within the block too:
        ApiUnavailable also when nothing has come for `silence_seconds`."""
        sent = {**({"Authorization": f"Bearer {token}"} if token is not None else {}), **headers}
        timeout = httpx.Timeout(silence_seconds, connect=_STREAM_CONNECT_SECONDS)
        try:
            with self._http.stream("GET", path, params=_query(params), headers=sent, timeout=timeout) as response:
                if not response.is_success:
                    response.read()
                    raise ApiProblem(problem_of(response), retry_after_seconds=_retry_after_seconds(response))
                yield response.iter_lines()
        except httpx.TimeoutException as error:
            raise ApiUnavailable(f"{path} has fallen silent.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ApiUnavailable(f"{path} broke off: {type(error).__name__}.") from error

    def close(self) -> None:
        self._http.close()


def parsed(response: httpx.Response, model: type[Model]) -> Model:
    """The answer as `model`. Fields that a newer server added are ignored. Raises ApiUnavailable for anything else,
    without quoting it."""
    try:
        return model.model_validate_json(response.content, extra="ignore")
    except ValidationError as error:
        where = "; ".join("/".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False))
        # Not chained: pydantic's message quotes the answer.
        raise ApiUnavailable(
            f"The answer of {response.request.url.path} is not a {model.__name__} ({where or 'no JSON'})."
        ) from None


def problem_of(response: httpx.Response) -> Problem:
    """The problem document of an error answer, or one made from the status when the answer is none."""
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() == PROBLEM_MEDIA_TYPE:
        try:
            return Problem.model_validate_json(response.content, extra="ignore")
        except ValidationError:
            logger.debug("%s sent a problem document that is none", response.request.url.path)
    return Problem(
        type="about:blank",
        title=response.reason_phrase or "Error",
        status=min(response.status_code, 599),
        detail=f"{response.request.url.path} was not answered by Footfall, but by something between.",
        request_id=response.headers.get("x-request-id"),
    )


def _files(parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None) -> list[tuple[str, Part]] | None:
    if parts is None:
        return None
    return list(parts.items()) if isinstance(parts, Mapping) else list(parts)


def _query(params: Mapping[str, Parameter]) -> dict[str, str | list[str]]:
    """A sequence becomes a parameter that is there several times."""
    return {name: _worded(value) for name, value in params.items() if value is not None}


def _worded(value: UUID | datetime | str | int | float | Sequence[str]) -> str | list[str]:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | str | int | float) else list(value)


def _retry_after_seconds(response: httpx.Response) -> float | None:
    stated = response.headers.get("retry-after", "")
    return float(stated) if stated.isdecimal() else None
