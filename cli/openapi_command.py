"""`footfall openapi`: the API's OpenAPI document and what is made from it, printed or written. Made in `api`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def openapi_text() -> str:
    """The document as JSON. Needs no service and reads no environment: the document is the same everywhere."""
    return _text(_document())


def postman_text() -> str:
    """The Postman collection of the document, as JSON."""
    from api.postman import collection

    return _text(collection(_document()))


def typescript_text() -> str:
    """TypeScript declarations of the document's schemas and operations."""
    from api.typescript import declarations

    return declarations(_document())


def openapi(
    write: Annotated[Path | None, typer.Option(help="Write the document to this file instead of printing it.")] = None,
    postman: Annotated[Path | None, typer.Option(help="Write a Postman collection (v2.1) of it to this file.")] = None,
    typescript: Annotated[Path | None, typer.Option(help="Write TypeScript types of it to this file.")] = None,
) -> None:
    """Print the OpenAPI document of API v1, or write it, its Postman collection and its TypeScript types."""
    wanted = [
        (target, text)
        for target, text in ((write, openapi_text), (postman, postman_text), (typescript, typescript_text))
        if target is not None
    ]
    if not wanted:
        typer.echo(openapi_text(), nl=False)
    for target, text in wanted:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text(), encoding="utf-8")
        typer.echo(f"Wrote {target}.")


def _document() -> dict[str, Any]:
    from api.main import create_app
    from footfall.settings import Settings

    return create_app(Settings.model_construct()).openapi()


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
