"""Checks of the servers that are configured: do they answer, may we do what we must, do their clocks agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import psycopg

from cli.doctor.finding import Finding, fail, ok, warn
from cli.stack.parts.probes import http_health, milvus_health, postgres_health, s3_health
from footfall.errors import ConfigurationError, SchemaMismatchError, SchemaMissingError, ServiceUnavailableError
from footfall.schema_version import require_schema
from footfall.settings import PostgresSettings, Settings
from footfall.stores.postgres.engine import owner_engine

_OLDEST_POSTGRES = 160_000
_SKEW_WARN_SECONDS = 2.0


def check_postgres(settings: PostgresSettings) -> Iterator[Finding]:
    """The configured server's roles. Yields nothing for the embedded one, which is made to fit."""
    if settings.dsn is not None:
        yield _check_owner(settings.dsn.get_secret_value())
    for name in ("app_dsn", "operator_dsn", "transform_dsn", "dagster_dsn"):
        dsn = getattr(settings, name)
        if dsn is not None:
            health = postgres_health(dsn.get_secret_value())
            variable = f"FOOTFALL_POSTGRES__{name.upper()}"
            if health.ok:
                yield ok("postgres", f"{variable} signs in: {health.detail}")
            else:
                yield fail("postgres", f"{variable}: {health.detail}", "Mend the DSN, or start the server.")


def _check_owner(dsn: str) -> Finding:
    variable = "FOOTFALL_POSTGRES__DSN"
    health = postgres_health(dsn)
    if not health.ok:
        return fail("postgres", f"{variable}: {health.detail}", "Mend the DSN, or start the server.")
    with psycopg.connect(dsn, connect_timeout=3) as connection:
        row = connection.execute(
            "select current_setting('server_version_num')::int, rolsuper or rolcreaterole, rolsuper or rolcreatedb"
            " from pg_roles where rolname = current_user"
        ).fetchone()
    version, makes_roles, makes_databases = row or (0, False, False)
    if version < _OLDEST_POSTGRES:
        return fail("postgres", f"{health.detail} is too old", "Use Postgres 16 or later.")
    if not makes_roles:
        return fail("postgres", f"the role of {variable} may not create roles", "Run `alter role ... createrole`.")
    if not makes_databases:
        return warn(
            "postgres",
            f"the role of {variable} may not create databases",
            "Run `alter role ... createdb`, or set FOOTFALL_POSTGRES__DAGSTER_DSN to a database that is there.",
        )
    return ok("postgres", f"{health.detail}, and its role may create what Footfall needs")


def check_schema(settings: PostgresSettings) -> Iterator[Finding]:
    """Whether this version and the configured database go together. Yields nothing where no role signs in."""
    dsn = settings.app_dsn or settings.dsn
    if dsn is None:
        return
    try:
        with owner_engine(dsn.get_secret_value()) as engine:
            yield ok("schema", require_schema(engine))
    except SchemaMissingError as error:
        yield warn("schema", error.message, error.hint or "")
    except SchemaMismatchError as error:
        yield fail("schema", error.message, error.hint or "")
    except (ConfigurationError, ServiceUnavailableError):
        return  # check_postgres says so


def check_milvus(settings: Settings) -> Iterator[Finding]:
    if settings.milvus.uri is None:
        return
    token = None if settings.milvus.token is None else settings.milvus.token.get_secret_value()
    health = milvus_health(settings.milvus.uri, token=token)
    if health.ok:
        yield ok("milvus", health.detail)
    else:
        yield fail("milvus", health.detail, "Start it, or correct FOOTFALL_MILVUS__URI.")


def check_s3(settings: Settings) -> Iterator[Finding]:
    if settings.s3.endpoint is None:
        return
    if settings.s3.access_key is None or settings.s3.secret_key is None:
        advice = "Set FOOTFALL_S3__ACCESS_KEY and FOOTFALL_S3__SECRET_KEY."
        yield fail("s3", "FOOTFALL_S3__ENDPOINT is set without its keys", advice)
        return
    health = s3_health(settings.s3)
    if health.ok:
        yield ok("s3", health.detail)
    else:
        yield fail("s3", health.detail, "Start it, or correct FOOTFALL_S3__ENDPOINT and its keys.")


def check_api(settings: Settings) -> Iterator[Finding]:
    if settings.api.url is None:
        return
    health = http_health(f"{settings.api_url}/healthz", name="the API")
    if health.ok:
        yield ok("api", f"{settings.api_url} answers")
    else:
        yield fail("api", health.detail, "Start it, or correct FOOTFALL_API__URL.")


def check_clock(settings: Settings) -> Iterator[Finding]:
    """This machine's clock against an external Postgres's: events from the future are refused."""
    dsn = settings.postgres.dsn or settings.postgres.app_dsn
    if dsn is None or _is_here(dsn.get_secret_value()):
        yield ok("clock", "everything runs by this machine's clock")
        return
    try:
        with psycopg.connect(dsn.get_secret_value(), connect_timeout=3) as connection:
            asked = datetime.now(UTC)
            row = connection.execute("select clock_timestamp()").fetchone()
            answered = datetime.now(UTC)
    except psycopg.Error:
        return  # check_postgres says so
    if row is not None:
        yield judge_skew((asked + (answered - asked) / 2 - row[0]).total_seconds(), settings)


def judge_skew(skew_seconds: float, settings: Settings) -> Finding:
    """`skew_seconds`: how far this machine is ahead of the server."""
    said = f"this machine is {abs(skew_seconds):.1f} s {'ahead of' if skew_seconds > 0 else 'behind'} Postgres"
    advice = "Run a time service (chrony, systemd-timesyncd) on both."
    if abs(skew_seconds) > settings.recognition.max_future_seconds:
        return fail("clock", f"{said}: events would be refused", advice)
    if abs(skew_seconds) > _SKEW_WARN_SECONDS:
        return warn("clock", said, advice)
    return ok("clock", said)


def _is_here(dsn: str) -> bool:
    return (urlsplit(dsn).hostname or "") in ("127.0.0.1", "localhost", "::1")
