"""`footfall db`, `tenant` and `apikey`: what the database's owner does by hand. The rules are the domain's."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from contracts.base import CameraId, PrivacyMode, Role, TenantId
from footfall.errors import InputError, NotFoundError
from footfall.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

db = typer.Typer(no_args_is_help=True, help="The database's schema.")
tenant = typer.Typer(no_args_is_help=True, help="Tenants: each has its own sites, people, and privacy promise.")
apikey = typer.Typer(no_args_is_help=True, help="API keys for daemons and integrations.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@db.command("migrate")
def migrate() -> None:
    """Bring the schema to its newest version. `footfall up` does this too; this is for a server of your own."""
    from footfall.provisioning import upgrade_schema

    upgrade_schema(_owner_dsn(load_settings()))
    typer.echo("The schema is up to date.")


@db.command("downgrade")
def downgrade(
    revision: Annotated[str, typer.Argument(help="The migration to end with, such as 0015: those after it go.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask. What later migrations made goes with its rows.")
    ] = False,
) -> None:
    """Take the schema back, with the version that made it: before an upgrade is given up. Back up first."""
    from footfall.provisioning import downgrade_schema

    if not yes:
        typer.confirm(f"Everything that migrations after {revision} made goes, with its rows. Go on?", abort=True)
    downgrade_schema(_owner_dsn(load_settings()), revision)
    typer.echo(f"The schema is at {revision}.")


@tenant.command("create")
def create_tenant(
    *,
    slug: Annotated[str, typer.Argument(help="Its short name, used at login: small letters, digits, hyphens.")],
    admin_email: Annotated[str, typer.Option(help="E-mail address of its first administrator.")],
    name: Annotated[str | None, typer.Option(help="Its name as people read it; the slug when absent.")] = None,
    privacy_mode: Annotated[
        PrivacyMode,
        typer.Option(help="count_only keeps no template, staff_only knows staff alone, identify knows visitors too."),
    ] = "staff_only",
    legal_basis: Annotated[
        str | None, typer.Option(help="Why visitors may be identified, for the record; identify needs it.")
    ] = None,
    retention_days: Annotated[
        int | None, typer.Option(help="Days after which a visitor who stays away is forgotten; identify needs it.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the administrator's password from standard input.")
    ] = False,
    platform: Annotated[
        bool,
        typer.Option("--platform", help="A home of system administrators, who make and oversee other tenants."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a tenant and its first administrator. The password is made up and shown once unless you give one."""
    from footfall.provisioning import create_tenant as create

    password = _read_password() if password_stdin else secrets.token_urlsafe(15)
    tenant_id = create(
        _owner_dsn(load_settings()),
        slug=slug,
        name=name or slug,
        privacy_mode=privacy_mode,
        legal_basis=legal_basis,
        retention_days=retention_days,
        admin_email=admin_email,
        admin_password=password,
        platform=platform,
    )
    if as_json:
        made = {"tenant_id": str(tenant_id), "slug": slug, "admin_email": admin_email}
        typer.echo(json.dumps(made if password_stdin else {**made, "admin_password": password}))
        return
    typer.echo(f"Made the tenant {slug} ({tenant_id}).")
    if not password_stdin:
        typer.echo(f"{admin_email} signs in with this password, which is shown only now: {password}")


@tenant.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """Show every tenant with its privacy mode and retention."""
    from footfall.stores.postgres import tenants
    from footfall.stores.postgres.engine import owner_engine
    from footfall.tenancy import tenant_transaction, unbound_transaction

    with owner_engine(_owner_dsn(load_settings())) as engine:
        with unbound_transaction(engine) as connection:
            ids = tenants.all_ids(connection)
        found = []
        for tenant_id in ids:
            with tenant_transaction(engine, tenant_id) as connection:
                row = tenants.bound(connection)
            if row is not None:
                found.append(row)
    if as_json:
        shown = [
            {
                "tenant_id": str(row.tenant_id),
                "slug": row.slug,
                "name": row.name,
                "privacy_mode": row.privacy_mode,
                "legal_basis": row.legal_basis,
                "retention_days": row.retention_days,
            }
            for row in found
        ]
        typer.echo(json.dumps({"tenants": shown}, indent=2))
        return
    for row in found:
        kept = "-" if row.retention_days is None else f"{row.retention_days} days"
        typer.echo(f"{row.slug:24} {row.privacy_mode:12} {kept:10} {row.tenant_id}  {row.name}")
    if not found:
        typer.echo("There is no tenant yet; make one with `footfall tenant create`.")


@apikey.command("create")
def create_key(
    *,
    tenant_slug: Annotated[str, typer.Option("--tenant", help="The tenant's slug.")],
    name: Annotated[str, typer.Option(help="What the key is for, as the audit log will name it.")],
    role: Annotated[Role, typer.Option(help="What it may do; worker sends events.")] = "worker",
    camera: Annotated[
        list[UUID] | None, typer.Option(help="Only this camera; may be given again. All of the tenant when absent.")
    ] = None,
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days it works; for ever if absent.")
    ] = None,
) -> None:
    """Make an API key. It is printed to standard output, alone and only now; the database keeps its hash."""
    from footfall.access import create_api_key
    from footfall.stores.postgres.engine import owner_engine

    with owner_engine(_owner_dsn(load_settings())) as engine:
        key = create_api_key(
            engine,
            _tenant_id(engine, tenant_slug),
            name=name,
            role=role,
            camera_ids=None if camera is None else [CameraId(item) for item in camera],
            expires_at=None if expires_days is None else datetime.now(UTC) + timedelta(days=expires_days),
            actor="cli",
        )
    typer.echo("The key is shown only now. A daemon reads it from FOOTFALL_INGEST__API_KEY.", err=True)
    typer.echo(key)


def _owner_dsn(settings: Settings) -> str:
    """The setting's, else the running stack's. Raises ServiceUnavailableError when there is neither."""
    if settings.postgres.dsn is not None:
        return settings.postgres.dsn.get_secret_value()
    from cli.stack import Stack

    return Stack.load(settings).environment("schema")["FOOTFALL_POSTGRES__DSN"]


def _tenant_id(engine: Engine, slug: str) -> TenantId:
    from footfall.provisioning import find_tenant

    found = find_tenant(engine, slug)
    if found is None:
        raise NotFoundError(f"There is no tenant {slug!r}.", hint="`footfall tenant list` shows them.")
    return found


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InputError("No password came from standard input.", hint="Pipe it in as one line.")
    return password
