"""A readable page made of the OpenAPI document. Self-contained: a premises without the internet has documentation, too.

No script, no request to anywhere; calls are tried out with the client or with curl.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any

Json = dict[str, Any]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de; text-transform: capitalize; }
section { margin: 1.5rem 0; padding: 1rem; border: 1px solid #d0d7de; border-radius: 6px; }
h3 { margin: 0 0 .5rem; font-size: 1rem; } h3 code { background: none; font-size: 1rem; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; background: #f3f5f7; border-radius: 4px; padding: .1rem .3rem; }
pre { padding: .75rem; overflow-x: auto; } table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid #eaeef2; }
.roles { color: #57606a; font-size: .9rem; }
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


def render(document: Json, document_url: str) -> str:
    """The page as HTML. Everything that comes from the document is escaped."""
    info = document["info"]
    by_tag: dict[str, list[str]] = {tag["name"]: [] for tag in document.get("tags", [])}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            tag = operation.get("tags", ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    described = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    sections = "".join(
        f"<h2>{escape(tag)}</h2><p>{escape(described.get(tag, ''))}</p>{''.join(operations)}"
        for tag, operations in by_tag.items()
        if operations
    )
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{title}</h1><p>{escape(info.get('description', ''))}</p>"
        f'<p>The machine-readable document: <a href="{escape(document_url)}">{escape(document_url)}</a></p>'
        f"{sections}</body></html>"
    )


def _operation(method: str, path: str, operation: Json) -> str:
    roles = operation.get("x-footfall-roles")
    allowed = f"Roles: {', '.join(roles)}" if roles else "Public"
    return (
        f"<section><h3><code>{escape(method.upper())} {escape(path)}</code> {escape(operation.get('summary', ''))}</h3>"
        f'<p>{escape(operation.get("description", ""))}</p><p class="roles">{escape(allowed)}</p>'
        f"{_parameters(operation)}{_body(operation)}{_responses(operation)}</section>"
    )


def _parameters(operation: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}"
        f"{', required' if parameter.get('required') else ''}</td><td>{escape(_described(parameter))}</td></tr>"
        for parameter in operation.get("parameters", [])
    )
    return f"<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>{rows}</table>" if rows else ""


def _described(parameter: Json) -> str:
    schema = parameter.get("schema", {})
    return str(parameter.get("description") or schema.get("description") or schema.get("title", ""))


def _body(operation: Json) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(
        f"<p>Body: <code>{escape(media_type)}</code> {_schema_name(described.get('schema', {}))}</p>"
        for media_type, described in content.items()
    )


def _responses(operation: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(status)}</code></td><td>{_answer(answer)}</td></tr>"
        for status, answer in sorted(operation["responses"].items())
    )
    return f"<table><tr><th>Answer</th><th></th></tr>{rows}</table>"


def _answer(answer: Json) -> str:
    if "$ref" in answer:
        return "a problem document"
    schemas = [_schema_name(described.get("schema", {})) for described in answer.get("content", {}).values()]
    return f"{escape(answer.get('description', ''))} {' '.join(schemas)}"


def _schema_name(schema: Json) -> str:
    if "$ref" in schema:
        return f"<code>{escape(schema['$ref'].rpartition('/')[2])}</code>"
    if "properties" in schema:
        return "with the parts " + ", ".join(
            f"<code>{escape(name)}</code>{' (required)' if name in schema.get('required', []) else ''}"
            for name in schema["properties"]
        )
    choices: list[Json] = schema.get("oneOf") or schema.get("anyOf") or []
    return " or ".join(_schema_name(choice) for choice in choices)
