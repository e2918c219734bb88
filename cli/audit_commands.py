"""`footfall audit`: whether every tenant's audit log is whole, and anchors to keep elsewhere. The rules are
`footfall.audit_chain`'s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from contracts.base import TenantId
from footfall.errors import InputError, NotFoundError
from footfall.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from footfall.audit_chain import Anchor, ChainReport

app = typer.Typer(no_args_is_help=True, help="The audit log: proof that nothing in it was changed.")
EXIT_TAMPERED = 1


@app.command("verify")
def verify(
    tenant: Annotated[str | None, typer.Option(help="Slug or id; every tenant when absent.")] = None,
    anchors: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What `footfall audit anchors` printed some time ago."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Follow the chain of every entry, and say what was removed, changed, reordered, truncated or added.

    Exit code 1 when something was. Whoever owns the database can make a chain anew from any entry on: keep anchors
    where they cannot reach, and give them here.
    """
    from footfall.audit_chain import verify_chains
    from footfall.record import operator_engine

    known = {} if anchors is None else _read_anchors(anchors)
    engine = operator_engine(_settings(), application="footfall-audit")
    try:
        reports = verify_chains(engine, named_tenants(engine, tenant), known)
    finally:
        engine.dispose()
    if as_json:
        typer.echo(json.dumps({"tenants": [_shown(tenant_id, found) for tenant_id, found in reports.items()]}))
    else:
        for tenant_id, found in reports.items():
            since = f" from {found.begins_after + 1} on" if found.begins_after else ""
            typer.echo(f"{tenant_id}  {found.entries} entries{since}, {'intact' if found.intact else 'TAMPERED WITH'}")
            for finding in found.findings:
                place = "" if finding.seq is None else f" at {finding.seq}"
                typer.echo(f"  {finding.kind}{place}: {finding.detail}")
    if not all(found.intact for found in reports.values()):
        raise typer.Exit(EXIT_TAMPERED)


@app.command("anchors")
def anchors() -> None:
    """Print where each tenant's chain ends, a JSON object a line. Keep it outside the database's owner's reach."""
    from footfall.audit_chain import chain_ends
    from footfall.record import operator_engine

    engine = operator_engine(_settings(), application="footfall-audit")
    try:
        for tenant_id, anchor in chain_ends(engine, named_tenants(engine, None)).items():
            typer.echo(json.dumps({"tenant_id": str(tenant_id), "seq": anchor.seq, "link": anchor.link.hex()}))
    finally:
        engine.dispose()


def named_tenants(engine: Engine, wanted: str | None) -> list[TenantId]:
    """The tenant of that slug or id, or every tenant. Raises NotFoundError."""
    from footfall.gallery import list_tenant_ids
    from footfall.provisioning import find_tenant

    known = list_tenant_ids(engine)
    if wanted is None:
        return known
    try:
        tenant_id = TenantId(UUID(wanted))
    except ValueError:
        found = find_tenant(engine, wanted)
    else:
        found = tenant_id if tenant_id in known else None
    if found is None:
        raise NotFoundError(f"There is no tenant {wanted!r}.", hint="`footfall tenant list` shows them.")
    return [found]


def _read_anchors(path: Path) -> dict[TenantId, Anchor]:
    from footfall.audit_chain import Anchor

    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            told = json.loads(line)
            anchor = Anchor(int(told["seq"]), bytes.fromhex(told["link"]))
            found[TenantId(UUID(told["tenant_id"]))] = anchor
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"Line {number} of {path} is no anchor.") from error
    return found


def _shown(tenant_id: TenantId, found: ChainReport) -> dict[str, object]:
    return {
        "tenant_id": str(tenant_id),
        "intact": found.intact,
        "entries": found.entries,
        "begins_after": found.begins_after,
        "head": None if found.head is None else {"seq": found.head.seq, "link": found.head.link.hex()},
        "findings": [
            {"kind": finding.kind, "detail": finding.detail, "seq": finding.seq, "audit_id": finding.audit_id}
            for finding in found.findings
        ],
    }


def _settings() -> Settings:
    """The environment's, else the running stack's. Raises ServiceUnavailableError when there is neither."""
    settings = load_settings()
    if settings.postgres.operator_dsn is not None:
        return settings
    from cli.stack import Stack

    return Stack.load(settings).settings_for("dagster-code")
