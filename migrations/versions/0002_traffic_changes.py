"""Notes of where traffic changed, from which dbt rebuilds the marts by local day."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def _run(name: str) -> None:
    # Without parameters the driver takes many statements at once, and a `%` stays a `%`.
    op.get_bind().exec_driver_sql((_SQL / name).read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("0002_traffic_changes.sql")


def downgrade() -> None:
    _run("0002_drop.sql")
