"""Engines and the translation of driver errors. No query lives here."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from footfall.errors import ConfigurationError, ConflictError, PostgresUnavailableError
from footfall.face_vault import FaceVault, carrying
from footfall.settings import PostgresSettings

_CONNECT_TIMEOUT_SECONDS = 10
_BUSY_HINT = "Try again; if it lasts, raise FOOTFALL_POSTGRES__POOL_SIZE."
# Undefined table, column, function and schema: the database was never migrated, or is another version's.
_OTHER_SCHEMA_STATES = frozenset({"42P01", "42703", "42883", "3F000"})
AWAY_HINT = "Check that Postgres runs and that the DSN is right: `footfall status`, `footfall doctor`."


def read_dsn(dsn: str) -> URL:
    """The DSN's parts, on the psycopg 3 driver. Raises ConfigurationError for one that cannot be read."""
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        url = None  # Not chained below: the library's message repeats the DSN, password included.
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            "The Postgres DSN cannot be read.", hint="Its form is postgresql://user:password@host:port/database."
        )
    return url.set(drivername="postgresql+psycopg")


def open_engine(dsn: str, settings: PostgresSettings, *, application: str, vault: FaceVault | None = None) -> Engine:
    """A pooled engine on psycopg 3. Connects on first use only.

    A connection that a restart of the server broke is replaced before it is used. `vault`: what kept faces are opened
    and sealed with; without one the engine serves everything else. Raises ConfigurationError for a DSN that is none.
    """
    engine = create_engine(
        read_dsn(dsn),
        execution_options={} if vault is None else carrying(vault),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.connect_timeout_seconds,
        hide_parameters=True,  # templates and hashes are among them; an error's text goes into logs
        connect_args={
            "connect_timeout": settings.connect_timeout_seconds,
            "application_name": application,
            "options": f"-c statement_timeout={int(settings.statement_timeout_seconds * 1000)} -c timezone=UTC",
        },
    )
    event.listen(engine, "checkout", _refuse_broken)
    return engine


@contextmanager
def owner_engine(dsn: str) -> Iterator[Engine]:
    """An engine for provisioning, which connects seldom and waits for locks: no pool, no statement timeout.

    Raises ConfigurationError for a DSN that is none.
    """
    engine = create_engine(
        read_dsn(dsn),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
            "application_name": "footfall-provisioning",
            "options": "-c timezone=UTC",
        },
    )
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns a lost server into PostgresUnavailableError and a broken constraint into ConflictError."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        raise ConflictError(f"The record breaks the rule {constraint or 'of a constraint'}.") from error
    except PoolTimeoutError as error:
        raise PostgresUnavailableError("Every connection to Postgres is in use.", hint=_BUSY_HINT) from error
    except (OperationalError, InterfaceError) as error:
        raise PostgresUnavailableError(why_away(error), hint=AWAY_HINT) from error
    except ProgrammingError as error:
        refuse_another_schema(error.orig)
        raise
    except DBAPIError as error:
        if error.connection_invalidated:
            raise PostgresUnavailableError("The connection to Postgres broke.", hint=AWAY_HINT) from error
        raise


def refuse_another_schema(error: BaseException | None) -> None:
    """Raises PostgresUnavailableError where the driver's error says that the schema is not the one we work with: that
    passes, with an upgrade that is under way."""
    if getattr(error, "sqlstate", None) in _OTHER_SCHEMA_STATES:
        raise PostgresUnavailableError(
            "The database lacks Footfall's tables, or has those of another version.",
            hint="`footfall doctor` says whether they go together; `footfall db migrate` brings the database there.",
        ) from error


def why_away(error: DBAPIError | psycopg.Error) -> str:
    """The server's or libpq's own first line, which names host, port and role and never a password."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0].strip().rstrip(".")
    return f"Postgres did not answer: {said}." if said else "Postgres did not answer."


def _refuse_broken(connection: psycopg.Connection[object], _record: object, _proxy: object) -> None:
    """Has the pool put another in the place of a connection on which the server has said something while nobody asked:
    that it ends, mostly. Unlike a question to the server this costs no round trip, and there is one for every request.
    """
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    if poller.poll(0):
        raise DisconnectionError("the server spoke on an idle connection")
