"""`footfall worker`: making a machine a camera host. What a worker does then is `ingest_daemon`'s."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from footfall.errors import ConfigurationError, InputError
from footfall.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="This machine as a camera host: registering, installing.")

Url = Annotated[str, typer.Option(help="The API's address, as this machine reaches it.")]
Token = Annotated[
    str | None,
    typer.Option(help="The one-time token of POST /v1/workers. Better read from standard input: see --token-stdin."),
]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")]
Replace = Annotated[bool, typer.Option("--replace", help="Register anew although this host is registered.")]


@app.command("register")
def register(*, url: Url, token: Token = None, token_stdin: TokenStdin = False, replace: Replace = False) -> None:
    """Spend a one-time token: this host becomes the worker that an administrator made, with a key for its cameras.

    `footfall ingest` on this host then needs neither a key nor, with one camera, the camera's id. The identity is kept
    in <home>/ingest/worker.json, for this user alone.
    """
    from ingest_daemon.registration import identity_path
    from ingest_daemon.registration import register as spend

    home = load_settings().home
    identity = spend(home, url=url, token=_token(token, token_stdin), replace=replace)
    typer.echo(f"This host is the worker {identity.name} ({identity.worker_id}), known in {identity_path(home)}.")
    for camera_id in identity.camera_ids:
        typer.echo(f"  camera {camera_id}")


@app.command("install")
def install(
    *,
    url: Url,
    source: Annotated[
        list[str],
        typer.Option(
            help="What is watched: <camera id>=<URL or device>, once for each camera. - reads lines of them "
            "from standard input, which keeps passwords off the command line."
        ),
    ],
    token: Annotated[
        str | None, typer.Option(help="The one-time token of POST /v1/workers; without one, register by hand.")
    ] = None,
    cpu_cores: Annotated[float, typer.Option(min=0.1, max=64, help="Processors that seeing may cost.")] = 1.5,
    memory_mb: Annotated[int | None, typer.Option(min=200, help="Most memory; by the cameras if absent.")] = None,
    root: Annotated[Path, typer.Option(help="Write under this folder and start nothing.")] = Path("/"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and do nothing.")] = False,
    replace: Replace = False,
) -> None:
    """Install the daemon as a systemd service that starts at every boot, with limits and a watchdog.

    Writes /etc/systemd/system/footfall-worker.service and /etc/footfall/worker.env, registers with the token, and
    starts the service. Run it as root; run it again to change it. A source that cannot be one, by its scheme, host,
    file or device, is refused before anything is written; whether the camera answers is not asked.
    """
    from cli.worker_install import apply
    from cli.worker_install.plan import Wanted, planned_files

    settings, sources = load_settings(), _sources(source)
    _check(sources, settings, root)
    wanted = Wanted(
        api_url=url.rstrip("/"),
        command=_command(),
        models=settings.models_path.resolve(),
        sources=sources,
        cpu_cores=cpu_cores,
        memory_mb=memory_mb,
    )
    files = planned_files(wanted)
    if dry_run:
        for planned in files:
            secret = planned.mode & 0o077 == 0
            typer.echo(f"# {planned.path} (mode {planned.mode:03o})")
            typer.echo(_without_sources(planned.content) if secret else planned.content)
        return
    apply.write_files(files, root)
    for planned in files:
        typer.echo(f"Wrote {apply.on(root, planned)}.")
    wrong = apply.verify(root)
    if wrong is not None:
        raise ConfigurationError(f"systemd does not take the unit: {wrong}")
    if token is not None:
        from ingest_daemon.registration import register as spend

        identity = spend(apply.state_folder(root), url=wanted.api_url, token=token, replace=replace)
        typer.echo(f"Registered as {identity.name}.")
    if root == Path("/"):
        apply.enable(typer.echo)
        typer.echo("The daemon runs; journalctl -u footfall-worker -f follows it.")


def _token(given: str | None, from_stdin: bool) -> str:
    if from_stdin == (given is not None):
        raise InputError("Give --token or --token-stdin, one of the two.")
    token = given if given is not None else sys.stdin.readline()
    if not token.strip():
        raise InputError("No token came.", hint="POST /v1/workers answers one, shown once.")
    return token.strip()


def _sources(given: list[str]) -> dict[UUID, str]:
    lines = [line for one in given for line in (sys.stdin.read().splitlines() if one == "-" else [one]) if line.strip()]
    found: dict[UUID, str] = {}
    for line in lines:
        camera, separator, source = line.strip().partition("=")
        try:
            camera_id = UUID(camera)
        except ValueError:
            raise InputError("A source begins with its camera's id.", hint="--source <camera id>=<URL>") from None
        if not separator or not source or camera_id in found:
            raise InputError(f"The camera {camera_id} needs one source.", hint="--source <camera id>=<URL>")
        found[camera_id] = source
    if not found:
        raise InputError("There is no source.", hint="--source <camera id>=<URL>")
    return found


def _check(sources: dict[UUID, str], settings: Settings, root: Path) -> None:
    """Raises InputError, which names the camera, for a source that the daemon would refuse or never find."""
    from ingest_daemon.sources.opening import check_source

    for camera_id, source in sources.items():
        try:
            check_source(source, settings, root=root)
        except InputError as error:
            raise InputError(
                f"The source of camera {camera_id} cannot be watched. {error.message}", hint=error.hint
            ) from error


def _command() -> Path:
    beside = Path(sys.executable).parent / "footfall"
    found = beside if beside.is_file() else Path(shutil.which("footfall") or "")
    if not found.is_file():
        raise ConfigurationError("The footfall command is not installed.", hint="pip install footfall, as root.")
    return found.absolute()


def _without_sources(content: str) -> str:
    """A dry run is shown on terminals and pasted into tickets; a source may hold a password."""
    return "\n".join(
        line.partition("=")[0] + "=***" if line.startswith("FOOTFALL_INGEST__SOURCE") else line
        for line in content.splitlines()
    )
