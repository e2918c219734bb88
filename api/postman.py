"""A Postman collection (v2.1) of every operation, made from the OpenAPI document. No secret is in it."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Json = dict[str, Any]

SCHEMA_URL = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_METHODS = ("get", "post", "put", "patch", "delete")
_NAMESPACE = uuid5(NAMESPACE_URL, "urn:footfall:postman")
_SIGN_IN = "issueToken"
_KEEP_TOKEN = [
    "if (pm.response.code === 200) {",
    '  pm.collectionVariables.set("access_token", pm.response.json().access_token);',
    "}",
]
_HOW_TO = "Set `tenant`, `email` and `password`, then send Sign in: it keeps the access token for every other request."
_CREDENTIALS = {
    "grant_type": "password", "tenant": "{{tenant}}", "email": "{{email}}", "password": "{{password}}",
}  # fmt: skip
# Filled in by who uses the collection; the token by the request that signs in.
_VARIABLES = {"base_url": "http://127.0.0.1:8000", "tenant": "demo", "email": "", "password": "", "access_token": ""}


def collection(document: Json) -> Json:
    """The collection: a folder a tag, a request an operation, with its parameters, its example and its answers'."""
    folders: dict[str, list[Json]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                folders[item[method]["tags"][0]].append(_item(document, path, method, item[method]))
    info = document["info"]
    return {
        "info": {
            "_postman_id": str(uuid5(_NAMESPACE, "collection")),
            "name": info["title"],
            "description": f"{info['description']}\n\n{_HOW_TO}",
            "schema": SCHEMA_URL,
        },
        "item": [
            {"name": tag["name"], "description": tag["description"], "item": folders[tag["name"]]}
            for tag in document["tags"]
            if folders[tag["name"]]
        ],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}]},
        "variable": [{"key": name, "value": value, "type": "string"} for name, value in _VARIABLES.items()],
    }


def _item(document: Json, path: str, method: str, operation: Json) -> Json:
    request = _request(document, path, method, operation)
    item: Json = {
        "id": str(uuid5(_NAMESPACE, operation["operationId"])),
        "name": operation["summary"],
        "request": request,
        "response": _answers(operation, request),
    }
    if operation["operationId"] == _SIGN_IN:
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": _KEEP_TOKEN}}]
    return item


def _request(document: Json, path: str, method: str, operation: Json) -> Json:
    parameters = operation.get("parameters", [])
    steps = [re.sub(r"\{(\w+)\}", r":\1", step) for step in path.removeprefix("/").split("/")]
    url: Json = {"raw": "{{base_url}}/" + "/".join(steps), "host": ["{{base_url}}"], "path": steps}
    queries = [_parameter(found) for found in parameters if found["in"] == "query"]
    if queries:
        url["query"] = queries
    variables = [_parameter(found, path=True) for found in parameters if found["in"] == "path"]
    if variables:
        url["variable"] = variables
    request: Json = {
        "method": method.upper(),
        "header": [_parameter(found) for found in parameters if found["in"] == "header"],
        "url": url,
        "description": operation.get("description", operation["summary"]),
    }
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    content: Json = operation.get("requestBody", {}).get("content", {})
    for media_type, described in list(content.items())[:1]:
        request["header"].append({"key": "Content-Type", "value": media_type})
        request["body"] = _body(document, operation, media_type, described)
    return request


def _parameter(parameter: Json, *, path: bool = False) -> Json:
    schema = parameter.get("schema", {})
    default = schema.get("default")
    made: Json = {
        "key": parameter["name"],
        "value": "" if default is None else str(default),
        "description": parameter.get("description") or schema.get("description") or schema.get("title", ""),
    }
    if not path and not parameter.get("required"):
        made["disabled"] = True
    return made


def _body(document: Json, operation: Json, media_type: str, described: Json) -> Json:
    if media_type.startswith("multipart/"):
        return {"mode": "formdata", "formdata": _parts(document, described)}
    example = _CREDENTIALS if operation["operationId"] == _SIGN_IN else _example(described)
    return {"mode": "raw", "raw": _text(example), "options": {"raw": {"language": "json"}}}


def _parts(document: Json, described: Json) -> list[Json]:
    schema = described["schema"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    examples = described.get("example", {})
    parts: list[Json] = []
    for name, part in schema["properties"].items():
        if part.get("format") == "binary" or part.get("items", {}).get("format") == "binary":
            parts.append({"key": name, "type": "file", "src": None})
        else:
            example = examples.get(name, "")
            text = example if isinstance(example, str) else _text(example)
            parts.append({"key": name, "type": "text", "value": text})
    return parts


def _answers(operation: Json, request: Json) -> list[Json]:
    answers = []
    for status, answer in operation["responses"].items():
        for media_type, described in answer.get("content", {}).items():
            example = _example(described)
            if example is not None and status.startswith("2"):
                answers.append(
                    {
                        "name": answer["description"],
                        "originalRequest": request,
                        "status": HTTPStatus(int(status)).phrase,
                        "code": int(status),
                        "header": [{"key": "Content-Type", "value": media_type}],
                        "body": example if isinstance(example, str) else _text(example),
                        "_postman_previewlanguage": "json" if media_type.endswith("json") else "text",
                    }
                )
    return answers


def _example(described: Json) -> object:
    named = described.get("examples", {})
    return described.get("example", next((example["value"] for example in named.values()), None))


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
