"""What only the database's owner may do: the schema, the roles' passwords, Dagster's database, new tenants."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from pydantic import Field, ValidationError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

import footfall
from contracts.access import Slug
from contracts.base import Contract, Name, PrivacyMode, TenantId
from footfall import audit
from footfall.access import NewUser, add_user
from footfall.errors import ConfigurationError, ConflictError, InputError
from footfall.schema_version import judge, known_revisions
from footfall.stores.postgres import roles, schema_history, tenants
from footfall.stores.postgres.engine import owner_engine, read_dsn, translate_errors
from footfall.stores.postgres.schema_history import Migrated
from footfall.tenancy import tenant_transaction, unbound_transaction

logger = logging.getLogger(__name__)

APP_ROLE = "footfall_app"
OPERATOR_ROLE = "footfall_operator"
TRANSFORM_ROLE = "footfall_transform"
DAGSTER_ROLE = "footfall_dagster"
DAGSTER_DATABASE = "dagster"

_OLDEST_SERVER = 160_000  # GRANT ... WITH INHERIT FALSE, SET TRUE came with Postgres 16
_LOCK = 0x466F6F7466616C6C  # "Footfall": the key of the one advisory lock under which a database is provisioned
_ROLE_IS_SHORT_OF = frozenset({"42501", "0P000", "42704"})  # privilege, role attribute, the role itself
# Beside this package in the checkout and in the wheel alike, whatever else is called "migrations" on sys.path.
_MIGRATIONS = Path(footfall.__file__).parent.parent / "migrations"


def upgrade_schema(owner_dsn: str) -> None:
    """Brings the schema to this program's newest version, in one transaction. Does nothing when it is there already,
    or newer and fit for this program.

    Safe to call from several processes at once: all but one wait. Raises PostgresUnavailableError,
    SchemaMismatchError when the schema is newer and not fit, and ConfigurationError when the server is older than
    Postgres 16 or the role may not make roles or schemas.
    """
    with _migrating(owner_dsn) as (config, connection):
        had, known = schema_history.read(connection), known_revisions()
        if had and had[-1].revision not in known:
            logger.info("%s: left as it is", judge(had, known))
        else:
            command.upgrade(config, "head")
            _note(config, connection)


def downgrade_schema(owner_dsn: str, revision: str = "base") -> None:
    """Takes the schema back to `revision`, dropping what came later **with its rows**. Raises as upgrade_schema, and
    InputError when the schema was never at that revision, or is at one that this program does not know."""
    with _migrating(owner_dsn) as (config, connection):
        try:
            command.downgrade(config, revision)
        except CommandError as error:
            raise InputError(
                f"The schema cannot be taken back to {revision}: {error}.",
                hint=f"Only the version that made it can; this one knows {', '.join(known_revisions())}.",
            ) from error
        _note(config, connection)


def _note(config: Config, connection: Connection) -> None:
    """What the database has had, for programs of every version to read."""
    at = connection.execute(text("select version_num from public.footfall_schema_version")).scalar_one_or_none()
    steps = [] if at is None else [*ScriptDirectory.from_config(config).iterate_revisions(at, "base")]
    # A migration that does not say that the code before it runs with it is taken for one with which it does not.
    schema_history.replace(
        connection,
        [Migrated(one.revision, getattr(one.module, "previous_code_runs", False)) for one in reversed(steps)],
    )


@contextmanager
def _migrating(owner_dsn: str) -> Iterator[tuple[Config, Connection]]:
    with _owner_errors(), owner_engine(owner_dsn) as engine, engine.begin() as connection:
        version = connection.execute(text("select current_setting('server_version_num')::integer")).scalar_one()
        if version < _OLDEST_SERVER:
            raise ConfigurationError(
                f"Postgres {version // 10_000} is too old.", hint="Footfall needs Postgres 16 or later."
            )
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        yield config, connection


def set_role_passwords(owner_dsn: str, passwords: Mapping[str, str]) -> None:
    """Sets the passwords by role name. Raises ConfigurationError for a role that is missing or not the owner's."""
    with _owner_errors(), owner_engine(owner_dsn) as engine, engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        for role, password in passwords.items():
            roles.set_password(connection, role, password)


def ensure_dagster_database(owner_dsn: str, password: str) -> None:
    """Makes the role footfall_dagster with `password` and its database `dagster`, where missing. Idempotent.

    Raises ConfigurationError when a database of that name belongs to someone else.
    """
    with (
        _owner_errors(),
        owner_engine(owner_dsn) as engine,
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        # Held by the session, for CREATE DATABASE refuses to run in a transaction.
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
        if not roles.exists(connection, DAGSTER_ROLE):
            roles.make(connection, DAGSTER_ROLE)
        roles.set_password(connection, DAGSTER_ROLE, password)
        roles.allow_acting_as(connection, DAGSTER_ROLE)
        owner = roles.database_owner(connection, DAGSTER_DATABASE)
        if owner is None:
            roles.make_database(connection, DAGSTER_DATABASE, DAGSTER_ROLE)
            logger.info("made the database %s", DAGSTER_DATABASE)
        elif owner != DAGSTER_ROLE:
            raise ConfigurationError(
                f"The database {DAGSTER_DATABASE} exists and belongs to {owner}.",
                hint="Set FOOTFALL_POSTGRES__DAGSTER_DSN to a database that Dagster may use.",
            )


def role_dsn(owner_dsn: str, role: str, password: str, database: str | None = None) -> str:
    """The owner's DSN with another role and, where given, another database; its query (sslmode ...) is kept."""
    url = read_dsn(owner_dsn).set(drivername="postgresql", username=role, password=password)
    if database is not None:
        url = url.set(database=database)
    # SQLAlchemy leaves a space in a password as it is; libpq refuses it in a URI.
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def create_tenant(
    owner: str | Engine,
    *,
    slug: str,
    name: str,
    privacy_mode: PrivacyMode,
    legal_basis: str | None,
    retention_days: int | None,
    admin_email: str,
    admin_password: str,
    platform: bool = False,
) -> TenantId:
    """Makes a tenant and its first tenant_admin, or nothing. `owner`: the owner's DSN, or an engine on it. A
    `platform` is a home of system administrators, and its first administrator is one.

    Raises ConflictError when the slug is taken, and InputError for a slug, name, e-mail address or password that
    cannot be used and for `identify` without a legal basis or retention days.
    """
    tenant_id = TenantId(uuid4())
    row = tenants.TenantRow(
        tenant_id=tenant_id,
        slug=slug,
        name=name,
        privacy_mode=privacy_mode,
        legal_basis=legal_basis,
        retention_days=retention_days,
    )
    _check_tenant(row)
    admin = NewUser.checked(
        email=admin_email, password=admin_password, role="system_admin" if platform else "tenant_admin"
    )
    with _owner_errors(), _engine_of(owner) as engine, tenant_transaction(engine, tenant_id) as connection:
        if not tenants.insert(connection, row):
            raise ConflictError(
                f"There is a tenant {slug!r} already.", hint="Choose another slug, or use the tenant that is there."
            )
        audit.record(
            connection,
            actor="provisioning",
            action="tenant.created",
            subject_kind="tenant",
            subject_id=tenant_id,
            detail={"privacy_mode": privacy_mode, "retention_days": retention_days, "platform": platform},
        )
        if platform:
            tenants.make_platform(connection)
        add_user(connection, admin, actor="provisioning")
    logger.info("made the tenant %s", slug)
    return tenant_id


def find_tenant(owner: str | Engine, slug: str) -> TenantId | None:
    """The tenant of that slug. `owner`: the owner's DSN, or an engine on it or on footfall_app."""
    with _engine_of(owner) as engine, unbound_transaction(engine) as connection:
        return tenants.id_for_slug(connection, slug)


class _NewTenant(Contract):
    """The bounds of a tenant; a description is what a person is told who left them."""

    slug: Slug = Field(description="2 to 63 small letters, digits and inner hyphens")
    name: Name = Field(description="1 to 200 characters on one line")
    privacy_mode: PrivacyMode = Field(description="count_only, staff_only or identify")
    legal_basis: Name | None = Field(description="1 to 200 characters on one line, such as a document's title")
    retention_days: int | None = Field(ge=1, le=3650, description="a number from 1 to 3650")


def _check_tenant(row: tenants.TenantRow) -> None:
    try:
        _NewTenant.model_validate({name: getattr(row, name) for name in _NewTenant.model_fields})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        what = field.replace("_", " ")
        raise InputError(
            f"The tenant's {what} cannot be {getattr(row, field)!r}.",
            hint=f"The {what} is {_NewTenant.model_fields[field].description}.",
        ) from error
    if row.privacy_mode == "identify" and (not (row.legal_basis or "").strip() or row.retention_days is None):
        raise InputError(
            "A tenant in privacy mode identify needs a recorded legal basis and retention days.",
            hint="Give both, or choose staff_only or count_only.",
        )


@contextmanager
def _engine_of(owner: str | Engine) -> Iterator[Engine]:
    if isinstance(owner, Engine):
        yield owner
    else:
        with owner_engine(owner) as engine:
            yield engine


@contextmanager
def _owner_errors() -> Iterator[None]:
    """As translate_errors; what the owner's role may not do becomes a ConfigurationError in the server's words."""
    with translate_errors():
        try:
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _ROLE_IS_SHORT_OF:
                raise
            said = getattr(getattr(error.orig, "diag", None), "message_primary", None)
            raise ConfigurationError(
                f"Postgres refused what provisioning needs: {said}.",
                hint="docs/adr/roles-and-row-level-security.md says what the owner's role must be allowed.",
            ) from error
