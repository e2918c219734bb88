"""The installation's model versions: which one is served, and the other beside it. No tenant's rows; no rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text

Role = Literal["served", "candidate", "former", "retired"]


@dataclass(frozen=True, slots=True)
class ModelVersionRow:
    """`paused`: re-embedding into this version is held."""

    model_version: str
    role: Role
    paused: bool


def select_versions(connection: Connection) -> list[ModelVersionRow]:
    """Every version that this installation has known; none before the first change. Works with no tenant bound."""
    rows = connection.execute(
        text("select model_version, role, paused from deployment.model_versions order by model_version")
    )
    return [ModelVersionRow(row.model_version, row.role, row.paused) for row in rows]


def lock_versions(connection: Connection) -> None:
    """Waits until no other transaction changes the versions, and holds them until this one ends."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('footfall.model_versions', 0))"))


def set_role(connection: Connection, model_version: str, role: Role) -> None:
    """For the operator. One that was served or beside it must have been given another role before."""
    connection.execute(
        text("""
            insert into deployment.model_versions (model_version, role)
            values (:model_version, :role)
            on conflict (model_version) do update set role = excluded.role, paused = false, since = now()
        """),
        {"model_version": model_version, "role": role},
    )


def set_paused(connection: Connection, model_version: str, *, paused: bool) -> None:
    """For the operator."""
    connection.execute(
        text("update deployment.model_versions set paused = :paused where model_version = :model_version"),
        {"model_version": model_version, "paused": paused},
    )
