"""The foundation: tables, roles, row-level security. The SQL stands in migrations/sql, where sqlfluff reads it."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0001_tables.sql", "0001_security.sql")


def downgrade() -> None:
    run("0001_drop.sql")
