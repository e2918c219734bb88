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
    # On the driver's own cursor and without parameters: many statements at once, and a `%` stays a `%`.
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute((_SQL / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    _run("0002_traffic_changes.sql")


def downgrade() -> None:
    _run("0002_drop.sql")
