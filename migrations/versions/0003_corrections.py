"""Corrections of identities: templates by sighting, the log, the review queue and opt-outs."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0003_corrections.sql")


def downgrade() -> None:
    run("0003_corrections_drop.sql")
