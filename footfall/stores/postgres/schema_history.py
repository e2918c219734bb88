"""Which migrations the database has had, and which of them the code before ran with. Alembic's own row names only the
last, in words that code before it does not know. What follows from it is `footfall.schema_version`'s.

Beside Alembic's table in `public`, and read by everyone: it outlives a schema that is taken back, and holds no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Migrated:
    """`previous_code_runs`: the code that knew nothing of this migration does its work with it in place."""

    revision: str
    previous_code_runs: bool


def replace(connection: Connection, steps: Sequence[Migrated]) -> None:
    """Keeps these, in their order, as all that the database has had. As its owner."""
    connection.execute(
        text(
            "create table if not exists public.footfall_schema_history ("
            "position integer primary key, revision text not null unique, previous_code_runs boolean not null)"
        )
    )
    connection.execute(text("grant select on public.footfall_schema_history to public"))
    connection.execute(text("delete from public.footfall_schema_history"))
    for position, step in enumerate(steps):
        connection.execute(
            text("insert into public.footfall_schema_history values (:position, :revision, :runs)"),
            {"position": position, "revision": step.revision, "runs": step.previous_code_runs},
        )


def read(connection: Connection) -> list[Migrated]:
    """The first one first; none where the database has no schema, or none that a program of today made."""
    if connection.execute(text("select to_regclass('public.footfall_schema_history')")).scalar_one() is None:
        return []
    rows = connection.execute(
        text("select revision, previous_code_runs from public.footfall_schema_history order by position")
    )
    return [Migrated(row.revision, row.previous_code_runs) for row in rows]
