"""Versions of records, idempotency keys and the chained audit log."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0007_resources.sql")


def downgrade() -> None:
    run("0007_drop.sql")
