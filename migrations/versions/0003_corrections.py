"""Corrections of identities: templates by sighting, the log, the review queue and opt-outs."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def _run(name: str) -> None:
    # Without parameters the driver takes many statements at once, and a `%` stays a `%`.
    op.get_bind().exec_driver_sql((_SQL / name).read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("0003_corrections.sql")


def downgrade() -> None:
    _run("0003_corrections_drop.sql")
