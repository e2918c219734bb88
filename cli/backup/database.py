"""The embedded Postgres out to a file and back, by its own pg_dump and pg_restore. Sealing the file is not here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from cli.stack.parts.base import LOOPBACK, base_environment
from cli.stack.parts.postgres import DATABASE, SUPERUSER, postgres_binary
from contracts.base import TenantId
from footfall.errors import ConfigurationError, PostgresUnavailableError
from footfall.face_vault import WrappedKey
from footfall.key_ring import RingEntry

_KEYS = "footfall.face_keys"
_TEMPLATES = (
    ("staff_face_images", "face_id"),
    ("customer_templates", "event_id"),
    ("event_templates", "event_id"),
    ("opt_out_templates", "template_id"),
)
"""Tables of sealed templates, and the column that says which face's key each is sealed with. What hangs on their rows
goes with them."""

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
        """Without the rows of face_keys, which are the key ring's."""
        left_out = f"--exclude-table-data={_KEYS}"
        self._run(
            "pg_dump", "--format=custom", "--create", left_out, f"--snapshot={snapshot}", f"--file={target}", DATABASE
        )

    def face_keys(self) -> list[RingEntry]:
        """Every tenant's, as they are now."""
        with _translated(), self._connection(DATABASE) as connection:
            rows = connection.execute("select tenant_id, face_id, wrapped, master_id from footfall.face_keys")
            return [RingEntry(TenantId(row[0]), row[1], WrappedKey(bytes(row[2]), bytes(row[3]))) for row in rows]

    def put_face_keys(self, entries: Iterable[RingEntry]) -> None:
        """Fills the empty table; keys of tenants that are not there are left out."""
        known = set(self.tenant_ids())
        with (
            _translated(),
            self._connection(DATABASE) as connection,
            connection.cursor() as cursor,
            cursor.copy("copy footfall.face_keys (tenant_id, face_id, wrapped, master_id) from stdin") as copy,
        ):
            for entry in entries:
                if entry.tenant_id in known:
                    copy.write_row((entry.tenant_id, entry.face_id, entry.key.wrapped, entry.key.master_id))

    def drop_unreadable(self, image_keys: Sequence[str]) -> int:
        """Deletes the templates that no key opens, and has no event name one of these images; how many templates."""
        with _translated(), self._connection(DATABASE) as connection:
            dropped = sum(
                connection.execute(
                    sql.SQL(
                        "delete from footfall.{table} as t where octet_length(t.embedding) > 2048"
                        " and not exists (select from footfall.face_keys as k"
                        " where k.tenant_id = t.tenant_id and k.face_id = t.{face})"
                    ).format(table=sql.Identifier(table), face=sql.Identifier(face))
                ).rowcount
                for table, face in _TEMPLATES
            )
            connection.execute(
                "update footfall.face_events set image_key = null where image_key = any(%s)", (list(image_keys),)
            )
            return dropped

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
        if f"{schema}.{table}" == _KEYS:
            continue
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
