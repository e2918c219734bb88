"""`footfall backup` and `footfall restore`. What is in a backup is `cli.backup`'s."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from footfall.settings import load_settings

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        help="File whose first line is the passphrase; it is asked for otherwise.", exists=True, dir_okay=False
    ),
]


KeyRing = Annotated[
    Path | None,
    typer.Option(help="The file of the faces' keys; footfall.keyring beside the backup unless named.", dir_okay=False),
]


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    passphrase_file: PassphraseFile = None,
    key_ring: KeyRing = None,
) -> None:
    """Write the stack's record, images and secrets into one sealed file, and the faces' keys into a key ring beside it.

    Every backup of a stack shares one key ring, which each backup replaces and each erasure writes anew: with it old
    backups open, but for the faces that were erased since. Keep no older copies of it; they would show those again.

    Works while the stack runs. The file holds faces and is sealed with a passphrase, without which nobody can open it,
    you included. Milvus is not in it: `footfall restore` rebuilds the gallery from the record.
    """
    from cli.backup.archive import make_backup

    began = time.monotonic()
    ring = _ring_of(target, key_ring)
    made = make_backup(load_settings(), target, ring, _passphrase(passphrase_file, confirm=True), _tell)
    typer.echo(
        f"Wrote {target}: {sum(made.rows.values())} rows of {len(made.rows)} tables and {made.objects} images, "
        f"{target.stat().st_size / 1e6:.1f} MB, and {made.keys} keys into {ring}, in {time.monotonic() - began:.1f} s."
    )


def restore(
    source: Annotated[Path, typer.Argument(help="A file that `footfall backup` wrote.", exists=True, dir_okay=False)],
    passphrase_file: PassphraseFile = None,
    key_ring: KeyRing = None,
    master_key: Annotated[
        Path | None,
        typer.Option(
            help="The file of the present master key, for a backup from before `footfall keys rotate-master`.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Put a backup into an empty FOOTFALL_HOME, with the newest key ring, and rebuild the gallery.

    The backup is read through before anything is written. Rows and images are held against what the backup says it
    has; when anything fails, the home is left as it was. Images keep the age that they had.
    """
    from cli.backup.gallery import rebuild
    from cli.backup.restore import restore_backup

    began = time.monotonic()
    settings = load_settings()
    ring = _ring_of(source, key_ring)
    held, dropped = restore_backup(
        settings, source, ring, _passphrase(passphrase_file, confirm=False), _tell, master_key=master_key
    )
    _tell("the gallery")
    vectors = rebuild(settings)
    typer.echo(
        f"Restored {sum(held.rows.values())} rows, {held.objects} images and a gallery of {vectors} templates into "
        f"{settings.home} in {time.monotonic() - began:.1f} s, as of {held.made_at}. Start it with `footfall up`."
    )
    if dropped.templates or dropped.images:
        typer.echo(
            f"Left out {dropped.images} images and {dropped.templates} templates of faces whose keys were destroyed"
            " since."
        )


def _ring_of(backup_file: Path, given: Path | None) -> Path:
    from footfall.key_ring import RING_NAME

    return given or backup_file.with_name(RING_NAME)


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        lines = file.read_text(encoding="utf-8").splitlines()
        return lines[0] if lines else ""
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))


def _tell(step: str) -> None:
    typer.echo(f"  {step} ...", file=sys.stderr)
