"""`footfall settings`: every setting with its meaning, default and bounds, as text or as the committed page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import typer
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from footfall.settings import PREFIX, Settings

_HEADER = """# Settings

Every setting is read from the environment. A name that is not listed here is refused at start, so a misspelt one
never passes silently. `footfall doctor` checks a configuration; `footfall settings` prints this page.

Written by `footfall settings --write docs/settings.md`; a test holds it to the code.
"""


@dataclass(frozen=True, slots=True)
class SettingRow:
    variable: str
    default: str
    bounds: str
    meaning: str


def setting_rows(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[SettingRow]:
    """Every leaf of the settings tree, in the order in which it is declared."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from setting_rows(kind, f"{prefix}{name.upper()}__")
            continue
        yield SettingRow(f"{prefix}{name.upper()}", _default(field), _bounds(field), field.description or "")


def _default(field: FieldInfo) -> str:
    if field.default is None:
        return "-"
    if isinstance(field.default, SecretStr):
        return "(secret)"
    return f"`{field.default}`"


def _bounds(field: FieldInfo) -> str:
    signs = {Ge: "≥", Gt: ">", Le: "≤", Lt: "<"}
    parts = [
        f"{sign} {getattr(item, kind.__name__.lower()):g}"
        for item in field.metadata
        for kind, sign in signs.items()
        if isinstance(item, kind)
    ]
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    return " and ".join(parts)


def settings_page() -> str:
    """The page as Markdown."""
    lines = [_HEADER, "| variable | default | allowed | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{row.variable}` | {row.default} | {row.bounds} | {row.meaning} |" for row in setting_rows()]
    return "\n".join(lines) + "\n"


def settings(
    write: Annotated[Path | None, typer.Option(help="Write the page to this file instead of printing it.")] = None,
) -> None:
    """List every setting with its default, bounds and meaning."""
    if write is None:
        typer.echo(settings_page(), nl=False)
        return
    write.parent.mkdir(parents=True, exist_ok=True)
    write.write_text(settings_page(), encoding="utf-8")
    typer.echo(f"Wrote {write}.")
