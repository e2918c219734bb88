"""Runs the SQL scripts of a migration. What they say stands in `migrations/sql`, where sqlfluff reads it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

import footfall

# Beside this package, whatever else is called "migrations" on sys.path; revisions import this for the same reason.
_SQL = Path(footfall.__file__).parent.parent / "migrations" / "sql"


def run(*names: str) -> None:
    """Runs the scripts in turn on the connection of the revision that Alembic is at, each whole."""
    for name in names:
        script = (_SQL / name).read_text(encoding="utf-8")
        # Without parameters the driver takes many statements at once, and a `%` stays a `%`.
        op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
