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
from contracts.events import FaceDetectedV1
from contracts.problems import Problem

Json = dict[str, Any]

OPENAPI_PATH = "/v1/openapi.json"
_SCHEMA_REF = "#/components/schemas/{model}"
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})

# What follows from a route's meaning and not from its form.
_OWN_STATUSES: dict[str, frozenset[int]] = {
    "issueToken": frozenset({401}),
    "createSite": frozenset({409}),
    "createCamera": frozenset({404, 409}),
    "createStaff": frozenset({409}),
    "deleteStaff": frozenset({409}),
    "enrolFace": frozenset({409}),
    "recordFaceEvent": frozenset({404, 409}),
    "listCameras": frozenset({404}),
    "listCustomers": frozenset({404}),
    "getCustomer": frozenset({409}),
    "listCustomerVisits": frozenset({409}),
    "listSightings": frozenset({409}),
    "mergeCustomer": frozenset({409}),
    "splitCustomer": frozenset({409}),
    "promoteCustomer": frozenset({409}),
    "optOutCustomer": frozenset({409}),
    "detachSighting": frozenset({409}),
    "moveSighting": frozenset({409}),
    "moveFace": frozenset({409}),
    "undoCorrection": frozenset({409}),
    "registerOptOut": frozenset({409}),
    "listVisits": frozenset({404}),
    "reportTraffic": frozenset({404}),
}


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
        [(Problem, "serialization"), (FaceDetectedV1, "validation")], ref_template=_SCHEMA_REF
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
        statuses = _problem_statuses(path, operation, public=access == "public")
        used |= statuses
        _document_problems(operation, statuses)
        _document_examples(operation)
    components["responses"] = {_response_name(status): _problem_response(status) for status in sorted(used)}
    return document


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _problem_statuses(path: str, operation: Json, *, public: bool) -> frozenset[int]:
    statuses = {500} | _OWN_STATUSES.get(operation["operationId"], frozenset())
    if path.startswith("/v1/"):
        statuses.add(503)
    if not public:
        statuses |= {401, 403}
    if operation.get("parameters"):
        statuses.add(422)
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        statuses.add(404)
    body = operation.get("requestBody")
    if body is not None:
        statuses |= {400, 413, 415, 422}
        if "multipart/form-data" in body["content"]:
            statuses.add(408)
    return frozenset(statuses)


def _document_problems(operation: Json, statuses: Collection[int]) -> None:
    responses: Json = operation["responses"]
    if str(HTTPStatus.UNPROCESSABLE_ENTITY.value) in responses:
        del responses[str(HTTPStatus.UNPROCESSABLE_ENTITY.value)]  # FastAPI's own shape, which is never sent
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{_response_name(status)}"})


def _document_examples(operation: Json) -> None:
    name = operation["operationId"]
    if name in REQUESTS:
        operation["requestBody"]["content"]["application/json"]["example"] = REQUESTS[name]
    if name in RESPONSES:
        success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        success["content"]["application/json"]["example"] = RESPONSES[name].model_dump(mode="json")


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
