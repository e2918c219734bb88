"""The foundation: tables, roles, row-level security. The SQL stands in migrations/sql, where sqlfluff reads it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def _run(name: str) -> None:
    # Without parameters the driver takes many statements at once, and a `%` stays a `%`.
    op.get_bind().exec_driver_sql((_SQL / name).read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("0001_tables.sql")
    _run("0001_security.sql")


def downgrade() -> None:
    _run("0001_drop.sql")
