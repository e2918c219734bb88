"""Versions of the program beside each other: copies of this tree, each with further migrations, and their processes
on one database. No test is here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.api.own_process import COMMAND, ApiProcess, own_process
from tests.servers import MigratedPostgres

ROOT = Path(__file__).parents[3]
PACKAGES = ("contracts", "footfall", "client", "ingest_daemon", "api", "assets", "orchestration", "cli", "migrations")


@dataclass(frozen=True, slots=True)
class Migration:
    revision: str
    after: str
    up: str
    down: str
    previous_code_runs: bool

    def text(self) -> str:
        return (
            f'"""A migration of the tests."""\n\nfrom alembic import op\n\n'
            f"revision, down_revision, branch_labels, depends_on = {self.revision!r}, {self.after!r}, None, None\n"
            f"previous_code_runs = {self.previous_code_runs}\n\n\n"
            f"def upgrade() -> None:\n    op.execute({self.up!r})\n\n\n"
            f"def downgrade() -> None:\n    op.execute({self.down!r})\n"
        )


@dataclass(frozen=True, slots=True)
class Version:
    """`tree`: the folder in which its packages are; whatever is started in it is of this version."""

    tree: Path

    @classmethod
    def copied(cls, tree: Path, *migrations: Migration) -> Version:
        for name in PACKAGES:
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for one in migrations:
            (tree / "migrations" / "versions" / f"{one.revision}_of_the_tests.py").write_text(one.text(), "utf-8")
        return cls(tree)

    @contextmanager
    def api(self, database: MigratedPostgres, folder: Path, home: Path) -> Iterator[ApiProcess]:
        """A process of it. All of one `home` take each other's tokens and open each other's faces."""
        folder.mkdir(parents=True, exist_ok=True)
        before = Path.cwd()
        os.chdir(self.tree)  # a module is looked for there first
        try:
            with own_process(database, folder, HOME=str(home), RECOGNITION__RE_EMBED="never") as process:
                os.chdir(before)
                yield process
        finally:
            os.chdir(before)

    def footfall(self, database: MigratedPostgres, *words: str) -> subprocess.CompletedProcess[str]:
        """Its command, as the database's owner."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            env={**environment, "FOOTFALL_POSTGRES__DSN": database.owner_dsn},
            cwd=self.tree,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def refusal(self, database: MigratedPostgres, folder: Path) -> str:
        """What a process of it says that does not start."""
        folder.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
        own = {
            "FOOTFALL_HOME": str(folder / "home"),
            "FOOTFALL_OFFLINE": "true",
            "FOOTFALL_POSTGRES__APP_DSN": database.app_dsn,
        }
        ended = subprocess.run(
            COMMAND,
            env={**environment, **own},
            cwd=self.tree,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode != 0
        return ended.stdout + ended.stderr
