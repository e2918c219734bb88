"""`footfall retention`: what would go, for how long what is kept, and legal holds. The rules are the domain's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from cli.audit_commands import named_tenants
from cli.gallery_commands import operator_settings
from contracts.legal_holds import HoldSubject, LegalHold
from footfall.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from contracts.base import TenantId
    from footfall.settings import Settings

app = typer.Typer(no_args_is_help=True, help="How long what is kept, and what a legal hold keeps longer.")

ACTOR = "cli"
_KINDS: dict[str, HoldSubject] = {"camera": "camera", "customer": "customer", "staff": "staff"}
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Tenant = Annotated[str, typer.Option(help="Slug or id.")]
AnyTenant = Annotated[str | None, typer.Option(help="Slug or id; every tenant when absent.")]


@app.command("preview")
def preview(tenant: AnyTenant = None, as_json: AsJson = False) -> None:
    """Show what the nightly retention would delete now. Nothing is changed.

    Customers whom nobody saw for their tenant's days, and rows past the terms of sightings, audit entries and marts.
    Images are shown by a dry run of `sweep_images`.
    """
    from footfall.anonymising import preview_expiry
    from footfall.retention_terms import age_records

    now = datetime.now(UTC)
    with _engine() as (engine, settings):
        chosen = named_tenants(engine, tenant)
        people = preview_expiry(engine, chosen, now=now)
        rows = age_records(engine, chosen, settings.retention, now=now, dry_run=True)
    if as_json:
        told = {
            "customers": [
                {
                    "tenant_id": str(each.tenant_id),
                    "tenant": each.slug,
                    "days": each.days,
                    "customers": each.customers,
                    "held": each.held,
                    "templates": each.templates,
                    "sightings": each.sightings,
                    "images": each.images,
                    "visits": each.visits,
                    "oldest": None if each.oldest is None else each.oldest.isoformat(),
                }
                for each in people
            ],
            "rows": [
                {"tenant_id": str(each.tenant_id), "kind": each.kind, "days": each.days, "rows": each.rows}
                for each in rows
            ],
        }
        typer.echo(json.dumps(told))
        return
    for each in people:
        typer.echo(
            f"{each.slug}: {each.customers} customers were not seen for {each.days} days; with them go "
            f"{each.templates} templates and the images of {each.images} sightings, and {each.visits} visits become "
            f"anonymous. {each.held} more are held."
        )
    for row in rows:
        typer.echo(f"{row.slug}: {row.rows} rows of {row.kind} are older than {row.days} days.")
    if not people and not rows:
        typer.echo("No tenant has a term.")


@app.command("terms")
def terms(
    tenant: Tenant,
    *,
    audit_days: Annotated[
        int | None, typer.Option(help="Of audit entries, 30 at least; 0: the installation's.")
    ] = None,
    event_days: Annotated[int | None, typer.Option(help="Of sightings and visits; 0: the installation's.")] = None,
    mart_days: Annotated[int | None, typer.Option(help="Of the marts' rows; 0: the installation's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a tenant's terms, after setting those that are named."""
    from footfall.retention_terms import read_terms, set_terms

    with _engine() as (engine, settings):
        tenant_id = _one(engine, tenant)
        now = read_terms(engine, tenant_id, settings.retention)
        if (audit_days, event_days, mart_days) != (None, None, None):
            set_terms(
                engine,
                tenant_id,
                audit_days=_chosen(audit_days, now.own.audit_days),
                event_days=_chosen(event_days, now.own.event_days),
                mart_days=_chosen(mart_days, now.own.mart_days),
                actor=ACTOR,
            )
            now = read_terms(engine, tenant_id, settings.retention)
    shown = {"audit_days": now.audit_days, "event_days": now.event_days, "mart_days": now.mart_days}
    if as_json:
        typer.echo(json.dumps(shown))
        return
    for name, days in shown.items():
        own = " (the tenant's own)" if getattr(now.own, name) is not None else ""
        typer.echo(f"{name}: {'kept' if days is None else f'{days} days'}{own}")


@app.command("hold")
def hold(
    tenant: Tenant,
    subject: Annotated[str, typer.Argument(help="tenant, or camera:ID, customer:ID, staff:ID.")],
    reference: Annotated[str, typer.Option(help="Where the reason is recorded: a file's number. No names.")],
) -> None:
    """Keep something from retention and erasure until the hold is lifted."""
    from contracts.legal_holds import LegalHoldCreate
    from footfall.legal_hold import Subject, place_hold

    with _engine() as (engine, _):
        tenant_id = _one(engine, tenant)
        wanted = _subject(tenant_id, subject)
        checked = LegalHoldCreate(subject_kind=wanted[0], subject_id=wanted[1], reference=reference)
        made = place_hold(engine, tenant_id, Subject(*wanted), reference=checked.reference, actor=ACTOR)
    typer.echo(f"The hold {made.hold_id} stands.")


@app.command("lift")
def lift(
    tenant: Tenant, hold_id: Annotated[UUID, typer.Argument(help="As `footfall retention holds` shows it.")]
) -> None:
    """Lift a hold. What reached its term meanwhile goes with the next run."""
    from footfall.legal_hold import lift_hold

    with _engine() as (engine, _):
        lifted = lift_hold(engine, _one(engine, tenant), hold_id, actor=ACTOR)
    typer.echo(f"The {lifted.subject_kind} {lifted.subject_id} is no longer held by {lifted.hold_id}.")


@app.command("holds")
def holds(tenant: AnyTenant = None, as_json: AsJson = False) -> None:
    """List the holds that stand."""
    from footfall.legal_hold import list_holds
    from footfall.listing import PageRequest

    found: list[tuple[TenantId, LegalHold]] = []
    with _engine() as (engine, _):
        for tenant_id in named_tenants(engine, tenant):
            cursor = None
            while True:
                page = list_holds(engine, tenant_id, PageRequest("placed_at", 100, cursor), standing=True)
                found += [(tenant_id, item) for item in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
    if as_json:
        shown = [{"tenant_id": str(tenant_id), **item.model_dump(mode="json")} for tenant_id, item in found]
        typer.echo(json.dumps({"holds": shown}))
        return
    for tenant_id, item in found:
        typer.echo(
            f"{item.hold_id}  {item.subject_kind} {item.subject_id} of {tenant_id}, since {item.placed_at:%Y-%m-%d} "
            f"by {item.placed_by}: {item.reference}"
        )
    if not found:
        typer.echo("Nothing is held.")


def _chosen(given: int | None, former: int | None) -> int | None:
    """0 takes the tenant's own term away."""
    return former if given is None else given or None


def _subject(tenant_id: TenantId, named: str) -> tuple[HoldSubject, UUID]:
    if named == "tenant":
        return "tenant", tenant_id
    kind, _, subject_id = named.partition(":")
    if kind in _KINDS:
        try:
            return _KINDS[kind], UUID(subject_id)
        except ValueError:
            pass
    raise InputError(f"{named!r} names nothing that can be held.", hint="tenant, camera:ID, customer:ID or staff:ID.")


def _one(engine: Engine, wanted: str) -> TenantId:
    [found] = named_tenants(engine, wanted)
    return found


@contextmanager
def _engine() -> Iterator[tuple[Engine, Settings]]:
    from footfall.record import operator_engine

    settings = operator_settings()
    engine = operator_engine(settings, application="footfall-retention")
    try:
        yield engine, settings
    finally:
        engine.dispose()
