"""What the API's further limits and lists need."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0016_limits.sql")


def downgrade() -> None:
    run("0016_drop.sql")
