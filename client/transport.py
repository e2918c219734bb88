"""One HTTP exchange with the API: connection reuse, timeouts, and answers turned into models or errors. No routes."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

import urllib3
from pydantic import BaseModel, ValidationError
from urllib3.fields import RequestField

from client.errors import ApiProblem, ApiUnavailable
from contracts.problems import Problem

logger = logging.getLogger(__name__)

_STREAM_CONNECT_SECONDS = 5.0
_MOST_IDLE_CONNECTIONS = 100
PROBLEM_MEDIA_TYPE = "application/problem+json"

Model = TypeVar("Model", bound=BaseModel)
Parameter = UUID | datetime | str | int | float | Sequence[str] | None
Part = tuple[str | None, bytes, str]
"""File name, content, media type of one multipart part."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to a request of `path`. The names of `headers` are found in any case."""

    path: str
    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Transport:
    """Pooled connections to one base URL, straight there: a proxy that the environment names is not asked to carry
    faces. Redirects are not followed, for they would carry the token elsewhere, and nothing is sent again from here."""

    def __init__(self, base_url: str, *, timeout: urllib3.Timeout) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._pool = urllib3.PoolManager(1, maxsize=_MOST_IDLE_CONNECTIONS)

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
    ) -> Answer:
        """The answer, when it is a success or one of the statuses in `also_answers`.

        Raises ApiProblem for a refusal and ApiUnavailable when there is no usable answer.
        """
        content, kind = _content(body, parts)
        sent = _headers(token, {**({"Content-Type": kind} if kind is not None else {}), **(headers or {})})
        try:
            response = self._request(method, path, params or {}, sent, self._timeout, content=content)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if _is_silence(error):
                raise ApiUnavailable(f"{method} {path} was not answered in time.") from error
            raise ApiUnavailable(f"{method} {path} could not be sent: {type(error).__name__}.") from error
        answer = _answer(path, response)
        if answer.is_success or answer.status in also_answers:
            return answer
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise ApiUnavailable(f"{method} {path} was answered with {answer.status}, which is no API answer.")
        problem = problem_of(answer)
        logger.debug("%s %s: %s %s, request %s", method, path, problem.status, problem.type, problem.request_id)
        raise ApiProblem(problem, retry_after_seconds=_retry_after_seconds(answer))

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
        timeout = urllib3.Timeout(connect=_STREAM_CONNECT_SECONDS, read=silence_seconds)
        try:
            response = self._request("GET", path, params, _headers(token, headers), timeout, whole=False)
            try:
                if response.status != HTTPStatus.OK:
                    answer = _answer(path, response)
                    raise ApiProblem(problem_of(answer), retry_after_seconds=_retry_after_seconds(answer))
                yield (line.decode("utf-8", "replace").rstrip("\r\n") for line in response)
            finally:
                # What was not read to its end is no use for another request.
                response.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if _is_silence(error):
                raise ApiUnavailable(f"{path} has fallen silent.") from error
            raise ApiUnavailable(f"{path} broke off: {type(error).__name__}.") from error

    def close(self) -> None:
        self._pool.clear()

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Parameter],
        headers: Mapping[str, str],
        timeout: urllib3.Timeout,
        *,
        content: bytes | None = None,
        whole: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        query = urlencode(_query(params), doseq=True)
        return self._pool.urlopen(
            method,
            f"{self._base_url}{path}{'?' if query else ''}{query}",
            body=content,
            headers=headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=whole,
        )


def parsed(answer: Answer, model: type[Model]) -> Model:
    """The answer as `model`. Fields that a newer server added are ignored. Raises ApiUnavailable for anything else,
    without quoting it."""
    try:
        return model.model_validate_json(answer.content, extra="ignore")
    except ValidationError as error:
        where = "; ".join("/".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False))
        # Not chained: pydantic's message quotes the answer.
        raise ApiUnavailable(f"The answer of {answer.path} is not a {model.__name__} ({where or 'no JSON'}).") from None


def problem_of(answer: Answer) -> Problem:
    """The problem document of an error answer, or one made from the status when the answer is none."""
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == PROBLEM_MEDIA_TYPE:
        try:
            return Problem.model_validate_json(answer.content, extra="ignore")
        except ValidationError:
            logger.debug("%s sent a problem document that is none", answer.path)
    return Problem(
        type="about:blank",
        title=answer.reason or "Error",
        status=min(answer.status, 599),
        detail=f"{answer.path} was not answered by Footfall, but by something between.",
        request_id=answer.headers.get("x-request-id"),
    )


def _answer(path: str, response: urllib3.BaseHTTPResponse) -> Answer:
    return Answer(path, response.status, response.reason or "", response.headers, response.data)


def _is_silence(error: Exception) -> bool:
    """Whether time ran out; urllib3 also calls a connection that was refused a timeout."""
    return isinstance(error, urllib3.exceptions.TimeoutError) and not isinstance(
        error, urllib3.exceptions.NewConnectionError
    )


def _headers(token: str | None, more: Mapping[str, str]) -> dict[str, str]:
    return {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "footfall-client/1",
        **({"Authorization": f"Bearer {token}"} if token is not None else {}),
        **more,
    }


def _content(
    body: BaseModel | Mapping[str, object] | None, parts: Mapping[str, Part] | Sequence[tuple[str, Part]] | None
) -> tuple[bytes | None, str | None]:
    """What is sent and its media type."""
    if parts is not None:
        named = parts.items() if isinstance(parts, Mapping) else parts
        return urllib3.encode_multipart_formdata([_field(name, part) for name, part in named])
    if isinstance(body, BaseModel):
        return body.model_dump_json().encode(), "application/json"
    if body is not None:
        return json.dumps(body, allow_nan=False).encode(), "application/json"
    return None, None


def _field(name: str, part: Part) -> RequestField:
    filename, content, kind = part
    field = RequestField(name, content, filename=filename)
    field.make_multipart(content_type=kind)
    return field


def _query(params: Mapping[str, Parameter]) -> dict[str, str | list[str]]:
    """A sequence becomes a parameter that is there several times."""
    return {name: _worded(value) for name, value in params.items() if value is not None}


def _worded(value: UUID | datetime | str | int | float | Sequence[str]) -> str | list[str]:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | str | int | float) else list(value)


def _retry_after_seconds(answer: Answer) -> float | None:
    stated = answer.headers.get("retry-after", "")
    return float(stated) if stated.isdecimal() else None
