"""`footfall access`: the table of who may do what, as text or as the committed page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def access(
    write: Annotated[Path | None, typer.Option(help="Write the page to this file instead of printing it.")] = None,
) -> None:
    """List every operation of the API with the roles that may use it."""
    from api.access_page import access_page

    page = access_page()
    if write is None:
        typer.echo(page, nl=False)
        return
    write.parent.mkdir(parents=True, exist_ok=True)
    write.write_text(page, encoding="utf-8")
    typer.echo(f"Wrote {write}.")
