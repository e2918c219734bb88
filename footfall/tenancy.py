"""The one way to a session: a transaction with its tenant bound. Nothing else in the code begins one for a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from contracts.base import TenantId
from footfall.stores.postgres.engine import translate_errors
from footfall.stores.postgres.one_trip import Statement, rows_in_one_trip

# Read once: every transaction begins with it.
_BIND = text("select set_config('app.tenant_id', :tenant, true)")
_BIND_DRIVER = b"select set_config('app.tenant_id', %(tenant)s, true)"


@contextmanager
def tenant_transaction(engine: Engine, tenant_id: TenantId) -> Iterator[Connection]:
    """A transaction that sees and writes rows of `tenant_id` alone; commits on leaving, rolls back on an error.

    The binding is local to the transaction, so a pooled connection carries none of it to its next user.
    Raises PostgresUnavailableError when the server is away.
    """
    with translate_errors(), engine.begin() as connection:
        connection.execute(_BIND, {"tenant": str(tenant_id)})
        yield connection


def tenant_rows(engine: Engine, tenant_id: TenantId, asked: Statement) -> list[tuple[Any, ...]]:
    """What one statement that only reads finds among the rows of `tenant_id`: as in `tenant_transaction`, in a single
    round trip. Raises PostgresUnavailableError when the server is away."""
    with translate_errors(), engine.connect() as connection:
        return rows_in_one_trip(connection, (_BIND_DRIVER, {"tenant": str(tenant_id)}), asked)


@contextmanager
def unbound_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction with no tenant bound, which therefore sees no tenant's rows. For what comes before a tenant is
    known: resolving its slug, listing tenants as the operator, asking for health."""
    with translate_errors(), engine.begin() as connection:
        yield connection
