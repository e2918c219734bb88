"""The real application over real HTTP, and callers of it that check every answer against the OpenAPI document."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from contracts.problems import Problem

Json = dict[str, Any]


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application's base URL, while it serves."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started:
                if not thread.is_alive() or time.monotonic() > deadline:
                    raise RuntimeError("the API did not start")
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)


class Documented:
    """Holds answers to the document: the status is listed, and the body is what is listed for it."""

    def __init__(self, document: Json) -> None:
        self._components = document["components"]
        self._paths = [
            (re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path)), item)
            # A path that is written out goes before one with a parameter in its place, as the routes do.
            for path, item in sorted(document["paths"].items(), key=lambda entry: entry[0].count("{"))
        ]
        self._validators: dict[int, Draft202012Validator] = {}

    def check(self, answer: httpx.Response) -> None:
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.status_code in (404, 405) and answer.json()["type"].endswith(("no-such-route", "method-not-allowed")):
            return
        operation = self._operation(answer.request)
        listed = operation["responses"].get(str(answer.status_code))
        where = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
        assert listed is not None, f"{where} is not documented; it said {answer.text}"
        if "$ref" in listed:
            listed = self._components["responses"][listed["$ref"].rpartition("/")[2]]
        content = listed.get("content")
        if content is None:
            assert answer.content == b"", f"{where} has a body that is not documented"
            return
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{where} is {media_type}"
        if media_type.endswith("json"):
            errors = list(self._validator(content[media_type]["schema"]).iter_errors(answer.json()))
            assert errors == [], f"{where}: {errors}"

    def _validator(self, schema: Json) -> Draft202012Validator:
        """Made once for each schema of the document: finding its references costs more than to check an answer."""
        found = self._validators.get(id(schema))
        if found is None:
            found = Draft202012Validator({**schema, "components": self._components})
            self._validators[id(schema)] = found
        return found

    def _operation(self, request: httpx.Request) -> Json:
        matching = [item for path, item in self._paths if path.fullmatch(request.url.path)]
        item = next(item for item in matching if request.method.lower() in item)
        operation: Json = item[request.method.lower()]
        return operation


@dataclass(frozen=True)
class Caller:
    """Somebody with or without a token. Every answer is held to the document."""

    http: httpx.Client
    documented: Documented
    token: str | None = None

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = dict(request.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        answer = self.http.request(method, path, headers=headers, **request)
        self.documented.check(answer)
        return answer

    def get(self, path: str, **params: Any) -> Json:
        return self._succeeding("GET", path, params=params)

    def post(self, path: str, body: Json | None = None, **request: Any) -> Json:
        return self._succeeding("POST", path, json=body, **request)

    def delete(self, path: str) -> None:
        assert self.ask("DELETE", path).status_code == 204

    def refused(self, method: str, path: str, **request: Any) -> Problem:
        answer = self.ask(method, path, **request)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return Problem.model_validate_json(answer.content)

    def with_token(self, token: str | None) -> Caller:
        return Caller(self.http, self.documented, token)

    def _succeeding(self, method: str, path: str, **request: Any) -> Json:
        answer = self.ask(method, path, **request)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found


def photograph(person: int, *, faces: int = 1, blur: bool = False) -> bytes:
    """A JPEG in which the mock detector sees so many faces; the mock embedder knows the same person again."""
    rng = np.random.default_rng(person)
    tiles = [cv2.resize(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8), (320, 320)) for _ in range(faces)]
    picture = np.hstack(tiles).astype(np.uint8)
    if not blur:
        # Fine texture, or the picture would be too soft to be enrolled.
        picture = picture // 2 + rng.integers(0, 60, picture.shape, dtype=np.uint8)
    done, encoded = cv2.imencode(".jpg", picture)
    assert done
    return encoded.tobytes()


def slug_of(problem: Problem) -> str:
    return problem.type.rpartition(":")[2]
