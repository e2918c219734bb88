"""TypeScript declarations of every schema and operation, made from the OpenAPI document. No code runs from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_PRIMITIVES = {
    "string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null",
}  # fmt: skip
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_HEAD = """\
// Types of Footfall's API v1, made from its OpenAPI document by `footfall openapi --typescript`. Do not edit.
// Dates are ISO 8601 strings with an offset, ids are UUIDs, and binary parts of uploads are Blobs.
"""


def declarations(document: Json) -> str:
    """The text of a `.d.ts` file: an interface or type for each of the document's schemas, and `Operations`, which
    names for each operation id its method, path, parameters, body and successful answer."""
    schemas: Mapping[str, Json] = document["components"]["schemas"]
    parts = [_HEAD, *(_declared(name, schema) for name, schema in sorted(schemas.items())), _operations(document)]
    return "\n".join(parts)


def _declared(name: str, schema: Json) -> str:
    comment = _comment(schema.get("description"), "")
    if schema.get("type") == "object" and "properties" in schema:
        return f"{comment}export interface {name} {_object(schema, '')}\n"
    return f"{comment}export type {name} = {type_of(schema)};\n"


def _operations(document: Json) -> str:
    lines = ["/** Every operation, by its id. */", "export interface Operations {"]
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                lines += _operation(method, path, item[method])
    return "\n".join([*lines, "}", ""])


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield _comment(operation.get("summary"), "  ").rstrip("\n")
    yield f"  {operation['operationId']}: {{"
    yield f"    method: {json.dumps(method.upper())};"
    yield f"    path: {json.dumps(path)};"
    for place in ("path", "query", "header"):
        found = [parameter for parameter in operation.get("parameters", []) if parameter["in"] == place]
        if found:
            schema: Json = {
                "properties": {parameter["name"]: parameter["schema"] for parameter in found},
                "required": [parameter["name"] for parameter in found if parameter.get("required")],
            }
            optional = "" if schema["required"] else "?"
            name = "pathParameters" if place == "path" else place
            yield f"    {name}{optional}: {_object(schema, '    ')};"
    content: Json = operation.get("requestBody", {}).get("content", {})
    for described in list(content.values())[:1]:
        yield f"    body: {type_of(described['schema'], '    ')};"
    yield f"    response: {_answer(operation)};"
    yield "  };"


def _answer(operation: Json) -> str:
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            for media_type, described in answer.get("content", {}).items():
                return type_of(described.get("schema", {}), "    ") if media_type.endswith("json") else "string"
    return "void"


def type_of(schema: Json, indent: str = "") -> str:
    """The TypeScript type of a JSON Schema (2020-12), as far as types can say it: bounds and formats are left out."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    for several, joint in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if several in schema:
            return _joined([type_of(choice, indent) for choice in schema[several]], joint)
    kinds = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kinds, list):
        return _joined([type_of({**schema, "type": kind}, indent) for kind in kinds], " | ")
    return _simple(str(kinds), schema, indent)


def _simple(kind: str, schema: Json, indent: str) -> str:
    if kind == "array":
        return _array(schema, indent)
    if kind == "object":
        return _object(schema, indent)
    if kind == "string" and schema.get("format") == "binary":
        return "Blob"
    return _PRIMITIVES.get(kind, "unknown")


def _array(schema: Json, indent: str) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(type_of(item, indent) for item in schema['prefixItems'])}]"
    item = type_of(schema.get("items", {}), indent)
    return f"({item})[]" if " " in item and not item.startswith("{") else f"{item}[]"


def _object(schema: Json, indent: str) -> str:
    properties: Mapping[str, Json] = schema.get("properties", {})
    if not properties:
        values = schema.get("additionalProperties", True)
        return f"Record<string, {type_of(values, indent) if isinstance(values, dict) else 'unknown'}>"
    required = set(schema.get("required", ()))
    inner = indent + "  "
    lines = []
    for name, described in properties.items():
        key = name if _IDENTIFIER.fullmatch(name) else json.dumps(name)
        optional = "" if name in required else "?"
        lines.append(f"{_comment(described.get('description'), inner)}{inner}{key}{optional}: ")
        lines[-1] += f"{type_of(described, inner)};"
    return "\n".join(["{", *lines, f"{indent}}}"])


def _joined(types: Sequence[str], joint: str) -> str:
    return joint.join(dict.fromkeys(types))


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    said = " ".join(text.split()).replace("*/", "*\\/")
    return f"{indent}/** {said} */\n"
