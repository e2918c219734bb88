"""Terms of each kind of record, legal holds, and what became anonymous."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0014_retention.sql")


def downgrade() -> None:
    run("0014_drop.sql")
