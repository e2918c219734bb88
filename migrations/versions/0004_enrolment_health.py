"""Expiry of enrolled photographs, and liveness verdicts of photographs and events."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0004_enrolment_health.sql")


def downgrade() -> None:
    run("0004_drop.sql")
