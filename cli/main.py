"""The `footfall` command: the sub-commands put together, and errors turned into messages and exit codes."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import typer

from cli import (
    access_command,
    admin_commands,
    alert_commands,
    audit_commands,
    backup_commands,
    gallery_commands,
    ingest_commands,
    ingest_tools,
    keys_commands,
    metrics_command,
    models_commands,
    openapi_command,
    purge_commands,
    reembedding_commands,
    retention_commands,
    settings_command,
    stack_commands,
    staff_commands,
    worker_commands,
)
from cli.demo import command as demo_command
from footfall.errors import (
    ConfigurationError,
    ConflictError,
    FootfallError,
    ForbiddenError,
    InputError,
    ModelError,
    NotFoundError,
    ServiceUnavailableError,
    StaleVersionError,
    UnauthenticatedError,
)

if TYPE_CHECKING:
    from client.errors import ApiError

EXIT_OTHER, EXIT_INPUT, EXIT_UNAVAILABLE, EXIT_INTERRUPTED = 1, 2, 3, 130
_YOURS_TO_MEND = (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    InputError,
    ModelError,
    NotFoundError,
    StaleVersionError,
    UnauthenticatedError,
)

app = typer.Typer(
    name="footfall",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # a traceback with local variables would print secrets
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Visitor analytics by face recognition, on machines of your own.

    Begin with `footfall demo`, which shows everything once; `footfall up` starts the stack and leaves it running.
    Settings are environment variables that begin with FOOTFALL_: `footfall settings` lists them.

    Exit codes: 0 done, 2 something you gave has to be mended, 3 a service is away, 1 anything else.
    """,
)
for command in (stack_commands.up, stack_commands.down, stack_commands.status, stack_commands.doctor):
    app.command()(command)
app.command()(backup_commands.backup)
app.command()(backup_commands.restore)
app.command()(demo_command.demo)
app.command()(settings_command.settings)
app.command()(metrics_command.metrics)
ingest_commands.ingest_app.add_typer(ingest_tools.outbox_app, name="outbox")
ingest_commands.ingest_app.command()(ingest_tools.simulate)
app.add_typer(ingest_commands.ingest_app, name="ingest")
app.command()(openapi_command.openapi)
app.command()(access_command.access)
models_commands.app.command()(reembedding_commands.add)
models_commands.app.command()(reembedding_commands.serve)
models_commands.app.command()(reembedding_commands.retire)
gallery_commands.gallery.command()(reembedding_commands.reembed)
app.add_typer(models_commands.app, name="models")
app.add_typer(admin_commands.tenant, name="tenant")
app.add_typer(admin_commands.apikey, name="apikey")
app.add_typer(alert_commands.app, name="alert")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(admin_commands.db, name="db")
app.add_typer(keys_commands.app, name="keys")
app.add_typer(gallery_commands.gallery, name="gallery")
app.add_typer(retention_commands.app, name="retention")
app.add_typer(purge_commands.app, name="purge")
app.add_typer(staff_commands.app, name="staff")
app.add_typer(worker_commands.app, name="worker")


def main() -> None:
    """Entry point of the console script. Exits; never returns an error as a traceback that is no bug."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app()
    except FootfallError as error:
        _complain(error.message, error.hint)
        sys.exit(exit_code(error))
    except _api_error() as error:
        _complain(str(error), None)
        sys.exit(EXIT_UNAVAILABLE if error.transient else EXIT_INPUT)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone (`| head`); without this the interpreter complains once more while it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_OTHER)


def exit_code(error: FootfallError) -> int:
    """2 for what the caller can mend, 3 for a service that is away, 1 for the rest."""
    if isinstance(error, ServiceUnavailableError):
        return EXIT_UNAVAILABLE
    return EXIT_INPUT if isinstance(error, _YOURS_TO_MEND) else EXIT_OTHER


def _api_error() -> type[ApiError]:
    """Looked up only when something was raised: the client brings urllib3 along, which most commands do without."""
    from client.errors import ApiError

    return ApiError


def _complain(message: str, hint: str | None) -> None:
    typer.echo(f"error: {message}", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)


if __name__ == "__main__":
    main()
