"""Notes of where traffic changed, from which dbt rebuilds the marts by local day."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0002_traffic_changes.sql")


def downgrade() -> None:
    run("0002_drop.sql")
