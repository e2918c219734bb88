"""`footfall up`, `down`, `status` and `doctor`. How a stack is kept is `cli.stack`'s, the checks are `cli.doctor`'s."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from footfall.settings import load_settings

Only = Annotated[
    list[str] | None,
    typer.Option(help="Start this part and those it needs; may be given again. `footfall status` names the parts."),
]


def up(
    only: Only = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and stop everything on Ctrl-C: for a service manager.")
    ] = False,
) -> None:
    """Start the stack on this machine and leave it running.

    Postgres, Milvus Lite and SeaweedFS are started unless FOOTFALL_POSTGRES__DSN, FOOTFALL_MILVUS__URI or
    FOOTFALL_S3__ENDPOINT name servers of your own; then come migrations, the API, the dashboards and Dagster.
    Everything listens on loopback; state, secrets and logs are under FOOTFALL_HOME (./var). A part that ends is
    started again. When one does not come up, all are stopped again and the exit code is 3.
    """
    from cli import stack
    from cli.stack import console

    settings = stack.at_home(load_settings())
    console.pull_weights(settings, only or ())
    began = time.monotonic()
    if foreground:
        console.run_in_foreground(settings, only or ())
        return
    running = stack.read_state(settings.home)
    already = running is not None and running.supervised and running.phase == "up"
    found = stack.start(settings, only=only or (), progress=console.show_progress)
    if already:
        typer.echo("The stack is up already. Changed settings take effect after `footfall down`.")
    else:
        typer.echo(f"The stack is up after {time.monotonic() - began:.1f} s.")
    console.show_addresses(found.state)


def down() -> None:
    """Stop the stack of FOOTFALL_HOME, and whatever a killed one left running."""
    from cli import stack
    from cli.stack import console

    began = time.monotonic()
    settings = stack.at_home(load_settings())
    if stack.stop_stack(settings, console.show_progress):
        typer.echo(f"The stack is down after {time.monotonic() - began:.1f} s.")
    else:
        typer.echo(f"No stack runs in {settings.home}.")


def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show every part with its state, address, health and memory; exit with 0 when all are well, else with 3."""
    from cli import stack
    from cli.stack import console

    settings = stack.at_home(load_settings())
    state = stack.read_state(settings.home)
    rows = [] if state is None else console.part_rows(state, datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(console.as_document(settings.home, state, rows), indent=2))
    else:
        typer.echo(console.as_table(settings.home, state, rows))
    if state is None or not state.well or not all(row.well for row in rows):
        raise typer.Exit(3)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check this machine and its configuration, and say what to mend. Changes nothing.

    Exits with 2 when something would not work; warnings alone exit with 0.
    """
    from cli.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            typer.echo(f"{finding.level:5} {finding.check:12} {finding.message}")
            if finding.advice:
                typer.echo(f"{'':18} -> {finding.advice}")
    failed = sum(finding.level == "fail" for finding in findings)
    warned = sum(finding.level == "warn" for finding in findings)
    if as_json:
        shown = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"ok": failed == 0, "findings": shown}, indent=2))
    else:
        typer.echo(f"\n{failed} to mend, {warned} to know." if failed or warned else "\nAll is well.")
    if failed:
        raise typer.Exit(2)
