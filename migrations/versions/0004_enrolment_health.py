"""Expiry of enrolled photographs, and liveness verdicts of photographs and events."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def _run(name: str) -> None:
    # Without parameters the driver takes many statements at once, and a `%` stays a `%`.
    op.get_bind().exec_driver_sql((_SQL / name).read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("0004_enrolment_health.sql")


def downgrade() -> None:
    _run("0004_drop.sql")
