"""`footfall purge verify` and `keys`: a certificate checked without any server, and what others need to check one.
Certificates are issued elsewhere, and the rules are `footfall.erasure_certificate`'s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cli.gallery_commands import operator_settings
from footfall.errors import InputError
from footfall.settings import load_settings


def verify(
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The JSON that was downloaded.")],
    jwks: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The installation's public keys; else this machine's."),
    ] = None,
    subject: Annotated[UUID | None, typer.Option(help="Say whether it is about this id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a certificate's signature, and show what it says. No server is asked.

    The key in the certificate itself is not believed: it is one of this machine's, or of a file that `footfall purge
    keys` printed on the installation that issued it. Exit code 2 when the certificate is not good.
    """
    from footfall.erasure_certificate import read_jwks
    from footfall.erasure_certificate import verify as check
    from footfall.signing_keys import ever_signed

    known = ever_signed(load_settings().keys_path) if jwks is None else read_jwks(jwks.read_bytes())
    verified = check(certificate.read_bytes(), known)
    told = verified.certificate
    if subject is not None and not verified.is_about(subject):
        raise InputError(f"The certificate is good, and is not about {subject}.")
    if as_json:
        typer.echo(json.dumps({"valid": True, "kid": verified.kid, "certificate": told.model_dump(mode="json")}))
        return
    typer.echo(f"Good: signed with {verified.kid} on {told.issued_at:%Y-%m-%d %H:%M} UTC.")
    about = f"the {told.subject.kind} {subject}" if subject is not None else f"a {told.subject.kind}"
    typer.echo(f"It is about {about}, of which nothing was found on {told.verified_at:%Y-%m-%d %H:%M} UTC:")
    for store in told.stores:
        erased = ", ".join(f"{count} {name}" for name, count in sorted(store.erased.items())) or "nothing to erase"
        typer.echo(f"  {store.store:9} {erased}; read {store.consistency}")
    for kept in told.kept:
        typer.echo(f"  kept      {kept}")


def keys() -> None:
    """Print every public key that certificates of this installation were signed with, for `verify --jwks` elsewhere."""
    from footfall.erasure_certificate import jwks_of
    from footfall.signing_keys import ever_signed

    typer.echo(json.dumps(jwks_of(ever_signed(operator_settings().keys_path)), indent=2))
