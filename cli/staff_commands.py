"""`footfall staff import`: many staff with their photographs, from a folder or a CSV. How is `cli.staff_import`'s."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.errors import ConfigurationError, InputError
from footfall.settings import load_settings

if TYPE_CHECKING:
    from client import FootfallClient

app = typer.Typer(no_args_is_help=True, help="Staff: import many at once.")


@app.callback()
def staff() -> None:
    """Staff: import many at once."""


@app.command("import")
def import_command(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder with a sub-folder for each person (`Name` or `Name [number]`) or with photographs called "
            "after them; or a CSV with the columns name, number, photographs."
        ),
    ],
    *,
    tenant: Annotated[str | None, typer.Option(help="The tenant's slug, for signing in with a password.")] = None,
    email: Annotated[str | None, typer.Option(help="An administrator of the tenant.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    key_file: Annotated[
        Path | None, typer.Option(help="A file with an API key of the role tenant_admin, instead of a password.")
    ] = None,
    report: Annotated[
        Path, typer.Option(help="CSV or JSON with the verdict of every photograph; a later run goes on from it.")
    ] = Path("staff-import.csv"),
) -> None:
    """Import staff and enrol their photographs, with a verdict for each photograph in a report.

    People are known again by their number, or without one by their name, and photographs by their content: the command
    may be repeated, also after it was stopped, and brings what is missing. The API's URL is FOOTFALL_API__URL.

    Exit codes: 0 done, refused photographs included; 2 the input or the sign-in is wrong; 3 the API is away.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from cli.staff_import.report import read_report, write_report
    from cli.staff_import.run import StaffImport
    from cli.staff_import.sources import read_source

    settings = load_settings()
    people, earlier = read_source(source), read_report(report)
    rows = {(row.photograph, row.name, row.number): row for row in earlier}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        _client(settings.api_url, tenant, email, key_file, password_stdin=password_stdin) as client,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars,
    ):
        importing = StaffImport(client, max_request_bytes=settings.api.max_upload_bytes, settled=earlier)
        importing.learn_staff()
        bar = bars.add_task("photographs", total=sum(len(person.photographs) for person in people))
        counts: Counter[str] = Counter()
        for person in people:
            done = importing.bring(person, lambda: bars.advance(bar))
            rows.update({(row.photograph, row.name, row.number): row for row in done})
            counts.update(row.verdict for row in done)
            write_report(report, rows.values())
    typer.echo(f"{len(people)} people, {counts.total()} photographs. The report is {report}.")
    for verdict, count in counts.most_common():
        typer.echo(f"  {verdict:22} {count}")


def _client(
    url: str, tenant: str | None, email: str | None, key_file: Path | None, *, password_stdin: bool
) -> FootfallClient:
    from client import FootfallClient

    if key_file is not None:
        try:
            return FootfallClient(url, api_key=key_file.read_text("utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The key file {key_file} cannot be read: {error}.") from error
    if tenant is None or email is None:
        raise ConfigurationError(
            "Nobody is signed in.", hint="Give --tenant and --email, or --key-file with a tenant_admin's API key."
        )
    typed = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
    return FootfallClient(url, tenant=tenant, email=email, password=typed)
