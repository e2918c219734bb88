"""Pooled engines and the translation of driver errors. No query lives here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from footfall.errors import ConfigurationError, ConflictError, PostgresUnavailableError
from footfall.settings import PostgresSettings

_AWAY_HINT = "Check that Postgres runs and that the DSN is right: `footfall status`, `footfall doctor`."


def open_engine(dsn: str, settings: PostgresSettings, *, application: str) -> Engine:
    """A pooled engine on psycopg 3. Connects on first use only.

    `pool_pre_ping` replaces connections that a restart of the server broke. Raises ConfigurationError for a DSN
    that is none.
    """
    try:
        url = make_url(dsn).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "The Postgres DSN cannot be read.", hint="Its form is postgresql://user:password@host:port/database."
        ) from error
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.connect_timeout_seconds,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": settings.connect_timeout_seconds,
            "application_name": application,
            "options": f"-c statement_timeout={int(settings.statement_timeout_seconds * 1000)} -c timezone=UTC",
        },
    )


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns a lost server into PostgresUnavailableError and a broken constraint into ConflictError."""
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        raise ConflictError(f"The record breaks the rule {constraint or 'of a constraint'}.") from error
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise PostgresUnavailableError("Postgres did not answer.", hint=_AWAY_HINT) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise PostgresUnavailableError("The connection to Postgres broke.", hint=_AWAY_HINT) from error
        raise
