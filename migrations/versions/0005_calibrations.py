"""Calibrated thresholds of each tenant and model version, with their provenance."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def _run(name: str) -> None:
    # Without parameters the driver takes many statements at once, and a `%` stays a `%`.
    op.get_bind().exec_driver_sql((_SQL / name).read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("0005_calibrations.sql")


def downgrade() -> None:
    _run("0005_drop.sql")
