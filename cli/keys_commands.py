"""`footfall keys`: the keys that sign access tokens. How they are kept is `footfall.signing_keys`'."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from footfall.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")

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
