"""The OpenAPI document: what FastAPI derives from the routes, completed with security, problems and examples."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api import problems
from api.auth import ACCESS
from api.examples import FACE_EVENT, REQUESTS, RESPONSES
from api.examples_records import RECORD_REQUESTS, RECORD_RESPONSES
from api.examples_rest import FORMS, PLAIN_RESPONSES, REST_RESPONSES, text_example
from api.examples_workers import COMMAND_REPORT, STREAM, WORKER_REQUESTS, WORKER_RESPONSES
from api.idempotency import KEY_HEADER, KEY_PATTERN, MAX_KEY_CHARACTERS, REPLAYED_HEADER, takes_key
from api.own_statuses import OWN_STATUSES
from contracts.commands import CommandReport
from contracts.events import FaceDetectedV1
from contracts.live import LiveEvent, StreamEnded, StreamGap, StreamHello, StreamOpened, StreamPing
from contracts.problems import Problem

Json = dict[str, Any]

OPENAPI_PATH = "/v1/openapi.json"
PICTURES: dict[int | str, Json] = {
    200: {
        "content": {
            f"image/{kind}": {"schema": {"type": "string", "format": "binary"}}
            for kind in ("jpeg", "png", "webp", "bmp")
        }
    }
}
"""What a route that hands out pictures of faces answers with."""

_SCHEMA_REF = "#/components/schemas/{model}"
_STREAM_MESSAGES = (StreamOpened, LiveEvent, StreamGap, StreamEnded, StreamPing)
_KEY_PARAMETER: Json = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Of your making, one for each request: sent again with it, a request is not carried out again, and "
    f"its answer comes again with `{REPLAYED_HEADER}: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": KEY_PATTERN},
}
_CONDITIONS = frozenset({"if-match", "if-none-match"})
_TAG_PATTERN = r'(W/)?"[!#-~]*"'
_TAGS_PATTERN = rf"^(\*|{_TAG_PATTERN}(, ?{_TAG_PATTERN})*)$"
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


class DocumentedApi(FastAPI):
    """FastAPI with the completed document."""

    _completed: Json | None = None

    def openapi(self) -> Json:
        if self._completed is None:
            self._completed = complete(super().openapi())
        return self._completed


def multipart_body(*, event: bool, image_required: bool) -> Json:
    """`openapi_extra` of a route that reads its parts itself."""
    properties: Json = {"image": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or BMP."}}
    encoding: Json = {
        "image": {"contentType": "image/jpeg, image/png, image/webp, image/bmp, application/octet-stream"}
    }
    required = ["image"] if image_required else []
    content: Json = {}
    if event:
        properties = {"event": {"$ref": _SCHEMA_REF.format(model=FaceDetectedV1.__name__)}, **properties}
        encoding = {"event": {"contentType": "application/json"}, **encoding}
        required = ["event", *required]
        content["example"] = {"event": FACE_EVENT.model_dump(mode="json", exclude_none=True)}
    content["schema"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }
    content["encoding"] = encoding
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def report_body() -> Json:
    """`openapi_extra` of a worker's report on a command."""
    properties: Json = {
        "report": {"$ref": _SCHEMA_REF.format(model=CommandReport.__name__)},
        "image": {"type": "string", "format": "binary", "description": "JPEG, of a snapshot."},
    }
    schema: Json = {
        "type": "object", "additionalProperties": False, "properties": properties, "required": ["report"],
    }  # fmt: skip
    encoding: Json = {"report": {"contentType": "application/json"}, "image": {"contentType": "image/jpeg"}}
    content: Json = {"schema": schema, "encoding": encoding, "example": {"report": COMMAND_REPORT}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def stream_answer(media_type: str) -> Json:
    """`responses` of a route that never ends by itself."""
    # Of each event, for who reads it as one; as a whole the body is text, as in the example.
    event = {name: {"type": "string"} for name in ("event", "id", "data")} | {"retry": {"type": "integer"}}
    return {
        "content": {media_type: {"schema": {"properties": event}, "example": STREAM}},
        "description": "Server-Sent Events; `data` is JSON, a `StreamMessage`.",
    }


def photographs_body(most: int) -> Json:
    """`openapi_extra` of a route that takes several photographs."""
    images: Json = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "minItems": 1,
        "maxItems": most,
        "description": "JPEG, PNG, WebP or BMP, each in a part of its own called `images`, with a file name.",
    }
    schema: Json = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"images": images},
        "required": ["images"],
    }
    encoding: Json = {
        "images": {"contentType": "image/jpeg, image/png, image/webp, image/bmp, application/octet-stream"}
    }
    content: Json = {"schema": schema, "encoding": encoding}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def complete(document: Json) -> Json:
    """Adds to FastAPI's document what it cannot know, in place. Every operation has an operation id."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, extra = models_json_schema(
        [
            (Problem, "serialization"),
            (FaceDetectedV1, "validation"),
            (CommandReport, "validation"),
            (StreamHello, "validation"),
            *((message, "serialization") for message in _STREAM_MESSAGES),
        ],
        ref_template=_SCHEMA_REF,
    )
    components["schemas"] = dict(sorted({**schemas, **extra["$defs"]}.items()))
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of POST /v1/auth/token.",
        }
    }
    used: set[int] = set()
    for path, method, operation in _operations(document):
        access = ACCESS.get((method.upper(), path), frozenset())
        if access == "public":
            operation["security"] = []
        else:
            operation["security"] = [{"bearer": []}]
            operation["x-footfall-roles"] = sorted(access)
        _document_parameters(method, operation)
        if takes_key(method.upper(), path, public=access == "public"):
            operation.setdefault("parameters", []).append(_KEY_PARAMETER)
        statuses = _problem_statuses(path, method, operation, public=access == "public")
        used |= statuses
        _document_problems(operation, statuses)
        _document_tags(operation)
        _document_streams(operation)
        _document_examples(operation)
    components["responses"] = {_response_name(status): _problem_response(status) for status in sorted(used)}
    return document


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _document_parameters(method: str, operation: Json) -> None:
    """What FastAPI says too widely: nobody can send null in a header, a path or a query; an optional parameter is left
    out. A PATCH without If-Match is answered with a 428, which is why the route itself takes it as optional."""
    for parameter in operation.get("parameters", []):
        schema: Json = parameter["schema"]
        choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
        if len(choices) == 1:
            rest = {key: value for key, value in schema.items() if key != "anyOf"}
            parameter["schema"] = schema = {**choices[0], **rest}
        if parameter["name"] in _CONDITIONS:
            schema["pattern"] = _TAGS_PATTERN
            parameter["required"] = parameter["name"] == "if-match" and method == "patch"


def _problem_statuses(path: str, method: str, operation: Json, *, public: bool) -> frozenset[int]:
    statuses = {500} | OWN_STATUSES.get(operation["operationId"], frozenset())
    if path.startswith("/v1/"):
        statuses.add(503)
    if not public:
        statuses |= {401, 403, 429}
    parameters = operation.get("parameters", [])
    if parameters:
        statuses.add(422)
    if any(parameter["in"] == "path" for parameter in parameters):
        statuses.add(404)
    if any(parameter["name"] in _CONDITIONS for parameter in parameters):
        statuses.add(400)
    if _KEY_PARAMETER in parameters:
        statuses |= {400, 408, 409}
    if any(parameter["name"] == "if-match" for parameter in parameters):
        statuses |= {412, 428} if method == "patch" else {412}
    body = operation.get("requestBody")
    if body is not None:
        statuses |= {400, 413, 415, 422}
        if "multipart/form-data" in body["content"]:
            statuses |= {408, 429}
    return frozenset(statuses)


def _document_problems(operation: Json, statuses: Collection[int]) -> None:
    responses: Json = operation["responses"]
    if str(HTTPStatus.UNPROCESSABLE_ENTITY.value) in responses:
        del responses[str(HTTPStatus.UNPROCESSABLE_ENTITY.value)]  # FastAPI's own shape, which is never sent
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{_response_name(status)}"})


def _document_tags(operation: Json) -> None:
    """The ETag of answers that have one, and the 304 of those that need not be sent again."""
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if not names & _CONDITIONS:
        return
    header: Json = {"description": "Stands for this version of the record.", "schema": {"type": "string"}}
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "content" in answer:
            answer["headers"] = {"ETag": header}
    if "if-none-match" in names:
        operation["responses"]["304"] = {"description": "You hold this already.", "headers": {"ETag": header}}


def _document_streams(operation: Json) -> None:
    """FastAPI adds that the body is text. The schema is each event's, which is none."""
    for answer in operation["responses"].values():
        for media_type, described in answer.get("content", {}).items():
            if media_type == "text/event-stream":
                described["schema"].pop("type", None)


def _document_examples(operation: Json) -> None:
    name = operation["operationId"]
    requests = {**REQUESTS, **RECORD_REQUESTS, **WORKER_REQUESTS}
    answers = {**RESPONSES, **RECORD_RESPONSES, **WORKER_RESPONSES, **REST_RESPONSES}
    if name in requests:
        operation["requestBody"]["content"]["application/json"]["example"] = requests[name]
    if name in FORMS:
        operation["requestBody"]["content"]["multipart/form-data"]["example"] = FORMS[name]
    success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    for media_type, described in success.get("content", {}).items():
        if media_type == "application/json" and name in answers:
            described["example"] = answers[name].model_dump(mode="json")
        elif media_type == "application/json" and name in PLAIN_RESPONSES:
            described["example"] = PLAIN_RESPONSES[name]
        elif (text := text_example(name, media_type, answers)) is not None:
            described["example"] = text


def _response_name(status: int) -> str:
    return f"Problem{status}"


def _problem_response(status: int) -> Json:
    kinds = [kind for kind in problems.catalogue() if kind.status == status]
    first = kinds[0]
    return {
        "description": f"{HTTPStatus(status).phrase}: one of {', '.join(f'`{kind.slug}`' for kind in kinds)}.",
        "content": {
            problems.MEDIA_TYPE: {
                "schema": {"$ref": _SCHEMA_REF.format(model=Problem.__name__)},
                "example": Problem(
                    type=first.type, title=first.title, status=status, detail="What went wrong, in a sentence."
                ).model_dump(mode="json", exclude_none=True),
            }
        },
    }
