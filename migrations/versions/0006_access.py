"""Users, API keys, refresh tokens and signing keys under administration."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0006_access.sql")


def downgrade() -> None:
    run("0006_drop.sql")
