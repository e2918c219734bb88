"""What further marts need: who may read what, and notes of every local day that a change touches."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0011_marts.sql")


def downgrade() -> None:
    run("0011_drop.sql")
