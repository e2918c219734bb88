"""A key for each kept face, so that destroying it makes every copy of its picture and template unreadable."""

from __future__ import annotations

from footfall.stores.postgres.scripts import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0012_face_keys.sql")


def downgrade() -> None:
    run("0012_drop.sql")
