"""A second model version beside the one served."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0010_reembedding.sql")


def downgrade() -> None:
    run("0010_drop.sql")
