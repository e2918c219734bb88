"""`footfall keys`: the keys that sign access tokens, and what faces are sealed with. How they are kept is
`footfall.signing_keys`' and `footfall.face_vault`'s."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.gallery_commands import operator_settings
from footfall.errors import InputError
from footfall.settings import load_settings

if TYPE_CHECKING:
    from footfall.operations import OperatorServices
    from footfall.resealing import Direction

app = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens, and those that faces are sealed with.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Show the key in use, and those before it with the time until which their tokens are good."""
    from footfall.signing_keys import SigningKeys
    from footfall.tokens import verifiable_seconds

    settings = load_settings()
    keys = SigningKeys.load_or_create(settings.keys_path)
    rows = [{"kid": keys.kid, "use": "signs and verifies", "until": None}]
    now = datetime.now(UTC)
    for retired in keys.retired:
        until = retired.retired_at + timedelta(seconds=verifiable_seconds(settings))
        use = "verifies" if until > now else "none any more"
        rows.append({"kid": retired.kid, "use": use, "until": until.isoformat(timespec="seconds")})
    if as_json:
        typer.echo(json.dumps({"keys": rows}, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['kid']}  {row['use']:18}  {row['until'] or ''}".rstrip())


@app.command("rotate")
def rotate() -> None:
    """Sign with a new key from now on. Running API processes notice by themselves, and tokens that are out stay good
    until they expire. Where several machines sign, give all of them the same files."""
    from footfall.signing_keys import SigningKeys

    settings = load_settings()
    keys = SigningKeys.rotate(settings.keys_path)
    typer.echo(f"Tokens are signed with {keys.kid} from now on.")


@app.command("seal-stored")
def seal_stored() -> None:
    """Seal the pictures and templates that are stored plain, from before each face had a key.

    Works while the stack runs, and goes on where it was stopped. Backups from before it still hold them plain.
    """
    _reseal("seal")


@app.command("open-stored")
def open_stored() -> None:
    """The way back, before a version that cannot read sealed faces is installed. FOOTFALL_VAULT__SEAL must be 0."""
    _reseal("open")


@app.command("rings")
def rings(
    forget: Annotated[
        Path | None, typer.Option(help="Write this key ring no more: the disk that it was on is gone.")
    ] = None,
) -> None:
    """Write the key rings of backups anew, without the keys that were destroyed, and show them.

    Erasures do that by themselves; this is for a disk that was away meanwhile.
    """
    from footfall.key_ring import forget_ring, refresh_key_rings

    with _operator() as services:
        if forget is not None and not forget_ring(services.settings.home, forget):
            raise InputError(f"{forget} is no key ring that is known here.")
        states = refresh_key_rings(services.settings, services.engine)
    for state in states:
        typer.echo(f"{state.path}  {f'{state.keys} keys' if state.fault is None else state.fault}")
    if any(state.fault is not None for state in states):
        raise typer.Exit(1)


@app.command("rotate-master")
def rotate_master() -> None:
    """Replace the master key that wraps the faces' keys; they are wrapped anew, and the former one is destroyed.

    Works while the stack runs, and goes on where it was stopped. Backups from before open with the new key alone:
    `footfall restore --master-key`. Where several machines serve one database, stop the others and give them the new
    file before they start.
    """
    from footfall.key_ring import RING_NAME
    from footfall.master_rotation import rotate_master as rotate

    with _operator() as services:
        done = rotate(services.settings, services.engine)
    typer.echo(f"{done.keys} keys were wrapped anew, and {len(done.rings)} key rings written.")
    for ring in done.rings:
        if ring.fault is not None:
            typer.echo(f"{ring.path}  {ring.fault}")
    if not done.completed:
        typer.echo(
            f"The former master key is kept, for a {RING_NAME} that is away opens with it alone. Bring the disk back,"
            " or have it written no more with `footfall keys rings --forget`, and run this again."
        )
        raise typer.Exit(1)
    typer.echo("Nothing is wrapped by the former master key any more, and it is destroyed. Make a backup now.")


def _reseal(direction: Direction) -> None:
    from footfall.gallery import list_tenant_ids
    from footfall.resealing import count_to_do, reseal

    templates = pictures = missing = 0
    with _operator() as services:
        tenant_ids = list_tenant_ids(services.engine)
        objects = services.objects
        length = sum(count_to_do(services.engine, tenant_id, direction) for tenant_id in tenant_ids)
        with typer.progressbar(length=length, label=f"{direction}ing", file=sys.stderr) as bar:
            for tenant_id in tenant_ids:
                done = reseal(services.engine, objects, tenant_id, direction, bar.update)
                templates += done.templates
                pictures += done.pictures
                missing += done.missing
    told = "Sealed" if direction == "seal" else "Opened"
    typer.echo(f"{told} {templates} templates and {pictures} pictures; {missing} pictures are missing from the store.")


@contextmanager
def _operator() -> Iterator[OperatorServices]:
    from footfall.operations import open_operator_services

    services = open_operator_services(operator_settings())
    try:
        yield services
    finally:
        services.close()
