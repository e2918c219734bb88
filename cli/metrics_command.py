"""`footfall metrics`: every Prometheus metric with its meaning, as the committed page. Values are at /metrics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

_HEADER = """# Metrics

Both the API and each ingest daemon serve Prometheus metrics at `/metrics` (the daemon on `FOOTFALL_INGEST__HOST` and
`__PORT`), beside the usual `process_*` and `python_info`. Labels come from closed sets: no tenant, person or address.

Written by `footfall metrics --write docs/metrics.md`; a test holds it to the code.
"""


def metrics_page() -> str:
    """The page as Markdown."""
    from api.metrics import Metrics
    from ingest_daemon.metrics import described_metrics

    api = [(family.name, family.type, family.documentation) for family in Metrics().registry.collect()]
    daemon = [(family.name, family.type, family.documentation) for family in described_metrics()]
    return "\n".join([_HEADER, *_table("API", api), *_table("Ingest daemon, each with the label `camera`", daemon)])


def _table(title: str, rows: Iterable[tuple[str, str, str]]) -> list[str]:
    lines = [f"## {title}", "", "| metric | kind | meaning |", "| --- | --- | --- |"]
    for name, kind, meaning in sorted(rows):
        if name.startswith("footfall_"):
            lines.append(f"| `{name}{'_total' if kind == 'counter' else ''}` | {kind} | {meaning} |")
    return [*lines, ""]


def metrics(
    write: Annotated[Path | None, typer.Option(help="Write the page to this file instead of printing it.")] = None,
) -> None:
    """List every metric that the API and the ingest daemon serve."""
    if write is None:
        typer.echo(metrics_page(), nl=False)
        return
    write.parent.mkdir(parents=True, exist_ok=True)
    write.write_text(metrics_page(), encoding="utf-8")
    typer.echo(f"Wrote {write}.")
