"""Table face_keys: rows in and out, and faces' keys as something that seals. Whether and what is sealed is decided
elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Row, text

from contracts.base import TenantId
from footfall.errors import ConflictError
from footfall.face_vault import FaceVault, WrappedKey, vault_of
from footfall.sealing import Sealer

_PAGE = 20_000

# A row that is there stays, and is answered with the new ones; one that another transaction is about to commit is
# neither, and is looked for again.
_ENSURE = text("""
    with made as (
        insert into footfall.face_keys (tenant_id, face_id, wrapped, master_id)
        select :tenant_id, w.face_id, w.wrapped, :master_id
        from unnest(cast(:ids as uuid[]), cast(:wrapped as bytea[])) as w (face_id, wrapped)
        where not exists (
            select from footfall.face_keys as k where k.tenant_id = :tenant_id and k.face_id = w.face_id
        )
        order by w.face_id
        on conflict do nothing
        returning face_id, wrapped, master_id
    )
    select face_id, wrapped, master_id from made
    union all
    select face_id, wrapped, master_id from footfall.face_keys
    where tenant_id = :tenant_id and face_id = any(cast(:ids as uuid[]))
""")
_SELECT = text("""
    select face_id, wrapped, master_id from footfall.face_keys
    where tenant_id = :tenant_id and face_id = any(cast(:ids as uuid[]))
""")


_UNUSED = """
    where k.tenant_id = footfall.current_tenant()
      and not exists (
          select from footfall.staff_face_images as f
          where f.tenant_id = k.tenant_id and f.face_id = k.face_id
      )
      and not exists (
          select from footfall.event_templates as t
          where t.tenant_id = k.tenant_id and t.event_id = k.face_id
      )
      and not exists (
          select from footfall.customer_templates as t
          where t.tenant_id = k.tenant_id and t.event_id = k.face_id
      )
      and not exists (
          select from footfall.face_events as e
          where e.tenant_id = k.tenant_id and e.event_id = k.face_id and e.image_key is not null
      )
      and not exists (
          select from footfall.opt_out_templates as o
          where o.tenant_id = k.tenant_id and o.template_id = k.face_id
      )
"""


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A face's key as the table has it."""

    face_id: UUID
    key: WrappedKey


def ensure_keys(connection: Connection, tenant_id: TenantId, face_ids: Collection[UUID]) -> dict[UUID, Sealer]:
    """What seals for each of these faces, with keys made for those that have none. Raises ConfigurationError without a
    usable master key."""
    wanted = sorted(set(face_ids))
    if not wanted:
        return {}
    vault = vault_of(connection)
    fresh = [vault.new_key(tenant_id, face_id) for face_id in wanted]
    rows = connection.execute(
        _ENSURE,
        {
            "tenant_id": tenant_id,
            "ids": wanted,
            "wrapped": [key.wrapped for key in fresh],
            "master_id": fresh[0].master_id,
        },
    )
    kept = rows.all()
    if vault.master_id != fresh[0].master_id:
        # The master key was replaced meanwhile, and nobody would look for these any more.
        own = {key.wrapped for key in fresh}
        delete_keys(connection, tenant_id, [row.face_id for row in kept if bytes(row.wrapped) in own])
        return ensure_keys(connection, tenant_id, face_ids)
    found = _sealers(connection, tenant_id, kept)
    late = [face_id for face_id in wanted if face_id not in found]
    if late:
        found |= select_keys(connection, tenant_id, late)
    if len(found) != len(wanted):
        raise ConflictError("A face's key was destroyed while it was to be used.", hint="Try again.")
    return found


def select_keys(connection: Connection, tenant_id: TenantId, face_ids: Collection[UUID]) -> dict[UUID, Sealer]:
    """What opens for those of these faces whose keys are there."""
    rows = connection.execute(_SELECT, {"tenant_id": tenant_id, "ids": list(face_ids)})
    return _sealers(connection, tenant_id, rows.all())


def every_key(connection: Connection) -> Iterator[KeptKey]:
    """The bound tenant's keys, by face."""
    after: UUID | None = None
    while True:
        rows = connection.execute(
            text("""
                select face_id, wrapped, master_id from footfall.face_keys
                where tenant_id = footfall.current_tenant()
                  and (cast(:after as uuid) is null or face_id > cast(:after as uuid))
                order by face_id limit :limit
            """),
            {"after": after, "limit": _PAGE},
        ).all()
        yield from (KeptKey(row.face_id, WrappedKey(bytes(row.wrapped), bytes(row.master_id))) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].face_id


def hold_still(connection: Connection) -> None:
    """Waits for whoever is making or destroying keys, and lets nobody begin until the transaction ends."""
    connection.execute(text("lock table footfall.face_keys in share row exclusive mode"))


def count_wrapped_otherwise(connection: Connection, master_id: bytes) -> int:
    """The bound tenant's keys that another master key wrapped."""
    found: int = connection.execute(
        text(
            "select count(*) from footfall.face_keys"
            " where tenant_id = footfall.current_tenant() and master_id <> :master_id"
        ),
        {"master_id": master_id},
    ).scalar_one()
    return found


def rewrap_some(connection: Connection, tenant_id: TenantId, vault: FaceVault, *, limit: int) -> int:
    """Wraps some of the bound tenant's keys anew that another master key wrapped; how many. The table must be held
    still: rows are replaced, and whoever was destroying one would pass its successor over."""
    rows = connection.execute(
        text("""
            delete from footfall.face_keys
            where tenant_id = :tenant_id and face_id = any(array(
                select face_id from footfall.face_keys
                where tenant_id = :tenant_id and master_id <> :master_id
                order by face_id limit :limit
            ))
            returning face_id, wrapped, master_id
        """),
        {"tenant_id": tenant_id, "master_id": vault.master_id, "limit": limit},
    ).all()
    fresh = [vault.rewrap(tenant_id, row.face_id, WrappedKey(bytes(row.wrapped), bytes(row.master_id))) for row in rows]
    if rows:
        connection.execute(
            text("""
                insert into footfall.face_keys (tenant_id, face_id, wrapped, master_id)
                select :tenant_id, w.face_id, w.wrapped, w.master_id
                from unnest(cast(:ids as uuid[]), cast(:wrapped as bytea[]), cast(:masters as bytea[]))
                    as w (face_id, wrapped, master_id)
            """),
            {
                "tenant_id": tenant_id,
                "ids": [row.face_id for row in rows],
                "wrapped": [key.wrapped for key in fresh],
                "masters": [key.master_id for key in fresh],
            },
        )
    return len(rows)


def count_of_faces(connection: Connection, people: Collection[UUID], face_ids: Collection[UUID]) -> int:
    """The bound tenant's keys of these faces, and of every sighting of these customers and staff."""
    found: int = connection.execute(
        text("""
            select count(*) from footfall.face_keys as k
            where k.tenant_id = footfall.current_tenant() and k.face_id = any(array(
                select e.event_id from footfall.face_events as e
                where e.customer_id = any(cast(:people as uuid[])) or e.staff_id = any(cast(:people as uuid[]))
                union select unnest(cast(:faces as uuid[]))
            ))
        """),
        {"people": list(people), "faces": list(face_ids)},
    ).scalar_one()
    return found


def delete_keys(connection: Connection, tenant_id: TenantId, face_ids: Collection[UUID]) -> int:
    """How many were deleted."""
    return connection.execute(
        text("""
            delete from footfall.face_keys
            where tenant_id = :tenant_id and face_id = any(cast(:ids as uuid[]))
        """),
        {"tenant_id": tenant_id, "ids": list(face_ids)},
    ).rowcount


def delete_all_keys(connection: Connection, tenant_id: TenantId) -> int:
    """How many were deleted."""
    return connection.execute(
        text("delete from footfall.face_keys where tenant_id = :tenant_id"), {"tenant_id": tenant_id}
    ).rowcount


def delete_unused_keys(connection: Connection) -> int:
    """Deletes the bound tenant's keys of faces of which nothing is kept; how many."""
    return connection.execute(text(f"delete from footfall.face_keys as k {_UNUSED}")).rowcount  # noqa: S608 - a constant


def count_unused_keys(connection: Connection) -> int:
    """How many `delete_unused_keys` would delete."""
    found: int = connection.execute(text(f"select count(*) from footfall.face_keys as k {_UNUSED}")).scalar_one()  # noqa: S608 - a constant
    return found


def _sealers(
    connection: Connection, tenant_id: TenantId, rows: Collection[Row[tuple[UUID, bytes, bytes]]]
) -> dict[UUID, Sealer]:
    vault = vault_of(connection)
    return {
        row.face_id: vault.unwrap(tenant_id, row.face_id, WrappedKey(bytes(row.wrapped), bytes(row.master_id)))
        for row in rows
    }
