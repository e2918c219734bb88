"""What the OpenAPI document says an operation is. The document is the application's own; no request is made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.auth import ACCESS, Access
from api.main import create_app
from footfall.settings import Settings

Json = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `body` is the schema of its JSON or multipart body, references left as they are."""

    name: str
    method: str
    path: str
    access: Access
    path_parameters: tuple[str, ...]
    query_parameters: Mapping[str, Json]
    conditions: tuple[str, ...]
    media_type: str | None
    body: Json | None
    body_example: object
    success: int
    statuses: frozenset[int]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def changes(self) -> bool:
        return self.method != "GET"


@cache
def document() -> Json:
    """The application's document. It is the same for every configuration."""
    return create_app(Settings.model_construct()).openapi()


def operations(of: Json | None = None) -> list[Operation]:
    """Every operation of the document, in its order. A path that has no entry in the access table is an error."""
    return list(_operations(document() if of is None else of))


def resolved(schema: Json, of: Json | None = None) -> Json:
    """The schema itself, or what it refers to."""
    while "$ref" in schema:
        target: Json = document() if of is None else of
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def _operations(of: Json) -> Iterator[Operation]:
    for path, item in of["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(path, method.upper(), item[method], item.get("parameters", []))


def _operation(path: str, method: str, described: Json, shared: list[Json]) -> Operation:
    parameters = [*shared, *described.get("parameters", [])]
    content: Json = described.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), None)
    body: Json = next(iter(content.values()), {})
    named = body.get("examples", {})
    statuses = frozenset(int(status) for status in described["responses"])
    return Operation(
        name=described["operationId"],
        method=method,
        path=path,
        access=ACCESS[(method, path)],
        path_parameters=tuple(found["name"] for found in parameters if found["in"] == "path"),
        query_parameters={found["name"]: found["schema"] for found in parameters if found["in"] == "query"},
        conditions=tuple(found["name"] for found in parameters if found["name"] == "if-match"),
        media_type=media_type,
        body=body.get("schema"),
        body_example=body.get("example", next((example["value"] for example in named.values()), None)),
        success=min(status for status in statuses if status < 300),
        statuses=statuses,
    )
