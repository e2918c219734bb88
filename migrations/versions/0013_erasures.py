"""Erasures: what was asked, how far each has come, and the certificates of those that are proven."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0013_erasures.sql")


def downgrade() -> None:
    run("0013_drop.sql")
