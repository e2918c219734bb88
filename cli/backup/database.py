"""The embedded Postgres out to a file and back, by its own pg_dump and pg_restore. Sealing the file is not here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from cli.stack.parts.base import LOOPBACK, base_environment
from cli.stack.parts.postgres import DATABASE, SUPERUSER, postgres_binary
from contracts.base import TenantId
from footfall.errors import ConfigurationError, PostgresUnavailableError

_TABLES = (
    "select n.nspname, c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
    " where n.nspname in ('footfall', 'marts') and c.relkind = 'r' order by 1, 2"
)


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """The superuser of the stack's own server: row-level security binds every other role, and would leave rows out."""

    port: int
    password: str = field(repr=False)

    @contextmanager
    def snapshot(self) -> Iterator[tuple[str, dict[str, int]]]:
        """A name for the state of the database now, for `dump`, and its rows by table. Writers go on meanwhile."""
        with _translated(), self._connection(DATABASE) as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            row = connection.execute("select pg_export_snapshot()").fetchone()
            yield str(row[0]) if row else "", _counts(connection)

    def rows(self) -> dict[str, int]:
        """Rows by table."""
        with _translated(), self._connection(DATABASE) as connection:
            return _counts(connection)

    def tenant_ids(self) -> list[TenantId]:
        with _translated(), self._connection(DATABASE) as connection:
            return [TenantId(row[0]) for row in connection.execute("select tenant_id from footfall.tenants order by 1")]

    def dump(self, target: Path, snapshot: str) -> None:
        self._run("pg_dump", "--format=custom", "--create", f"--snapshot={snapshot}", f"--file={target}", DATABASE)

    def dump_roles(self, target: Path) -> None:
        """Roles and who is a member of which, without passwords: the stack sets those."""
        self._run("pg_dumpall", "--roles-only", "--no-role-passwords", f"--file={target}")

    def restore(self, roles: Path, dump: Path) -> None:
        """Replaces the database. Roles that are there already stay as they are."""
        self._run("psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=0", f"--file={roles}", "postgres")
        self._run("pg_restore", "--create", "--clean", "--if-exists", "--exit-on-error", "--dbname=postgres", str(dump))

    def _connection(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
            connect_timeout=5,
            application_name="footfall-backup",
        )

    def _run(self, tool: str, *arguments: str) -> None:
        environment = {
            **base_environment({}),
            "PGHOST": LOOPBACK,
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": self.password,
            "PATH": os.environ.get("PATH", ""),
        }
        done = subprocess.run(
            [str(postgres_binary(tool)), *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
            raise ConfigurationError(f"{tool} failed: {' '.join(said)}", hint="Look at the free disk space.")


def _counts(connection: psycopg.Connection) -> dict[str, int]:
    counts = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
        counts[f"{schema}.{table}"] = int(row[0]) if row else 0
    return counts


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise PostgresUnavailableError("The embedded Postgres did not answer.", hint="`footfall status`.") from error
