"""Workers, their heartbeats and commands, and the live stream."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0008_workers.sql")


def downgrade() -> None:
    run("0008_drop.sql")
