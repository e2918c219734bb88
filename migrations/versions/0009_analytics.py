"""What events and reports need: server-side checks of embeddings, and indices."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0009_analytics.sql")


def downgrade() -> None:
    run("0009_drop.sql")
