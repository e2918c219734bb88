"""Calibrated thresholds of each tenant and model version, with their provenance."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0005_calibrations.sql")


def downgrade() -> None:
    run("0005_drop.sql")
