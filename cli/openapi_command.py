"""`footfall openapi`: the API's OpenAPI document, printed or written. It is made in `api.openapi`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def openapi_text() -> str:
    """The document as JSON. Needs no service and reads no environment: the document is the same everywhere."""
    from api.main import create_app
    from footfall.settings import Settings

    document = create_app(Settings.model_construct()).openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def openapi(
    write: Annotated[Path | None, typer.Option(help="Write the document to this file instead of printing it.")] = None,
) -> None:
    """Print the OpenAPI document of API v1."""
    if write is None:
        typer.echo(openapi_text(), nl=False)
        return
    write.parent.mkdir(parents=True, exist_ok=True)
    write.write_text(openapi_text(), encoding="utf-8")
    typer.echo(f"Wrote {write}.")
