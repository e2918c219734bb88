"""What checks of data quality and further marts need."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0015_quality.sql")


def downgrade() -> None:
    run("0015_drop.sql")
