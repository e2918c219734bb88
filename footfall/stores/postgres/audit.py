"""The table audit_log and its chain: rows in, and rows out as they are. What is worth an entry is decided by the
callers of `footfall.audit`; what a chain proves, by `footfall.audit_chain`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, text

from contracts.audit import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """None: any. `since` and `until`: [since, until)."""

    actor: str | None = None
    action: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A link of the chain with the values of its entry as text, None where the entry is gone. Digests: 32 bytes."""

    seq: int
    audit_id: int
    digest: bytes
    link: bytes
    values: tuple[str | None, ...] | None


@dataclass(frozen=True, slots=True)
class HeadRow:
    """Where a chain ends, and the place and link after which it begins: 0 unless its oldest entries reached their
    term."""

    seq: int
    link: bytes
    begins_after: int
    begins_link: bytes


_VALUES = """
    array[
        a.tenant_id::text, a.audit_id::text, (extract(epoch from a.at) * 1000000)::bigint::text, a.actor, a.action,
        a.subject_kind, a.subject_id, a.detail::text, a.client_address, a.request_id
    ]
"""

_PAGE = """
    select a.audit_id, a.at, a.actor, a.action, a.subject_kind, a.subject_id, a.detail, a.client_address,
           a.request_id, c.seq, encode(c.link, 'hex') as link
    from footfall.audit_log as a
    left join footfall.audit_chain as c on c.tenant_id = a.tenant_id and c.audit_id = a.audit_id
    where (cast(:actor as text) is null or a.actor = cast(:actor as text))
      and (cast(:action as text) is null or a.action = cast(:action as text))
      and (cast(:subject_kind as text) is null or a.subject_kind = cast(:subject_kind as text))
      and (cast(:subject_id as text) is null or a.subject_id = cast(:subject_id as text))
      and (cast(:since as timestamptz) is null or a.at >= cast(:since as timestamptz))
      and (cast(:until as timestamptz) is null or a.at < cast(:until as timestamptz))
"""
_LATEST_FIRST = text(f"""
    {_PAGE} and (cast(:after as bigint) is null or a.audit_id < cast(:after as bigint))
    order by a.audit_id desc
    limit :limit
""")
_OLDEST_FIRST = text(f"""
    {_PAGE} and (cast(:after as bigint) is null or a.audit_id > cast(:after as bigint))
    order by a.audit_id
    limit :limit
""")


def insert(
    connection: Connection,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str,
    detail: Mapping[str, JsonValue],
    client_address: str | None = None,
    request_id: str | None = None,
) -> None:
    """Adds an entry to the bound tenant's log. It is chained when the transaction commits."""
    connection.execute(
        text("""
            insert into footfall.audit_log (
                tenant_id, actor, action, subject_kind, subject_id, detail, client_address, request_id
            )
            values (
                footfall.current_tenant(), :actor, :action, :subject_kind, :subject_id, cast(:detail as jsonb),
                :client_address, :request_id
            )
        """),
        {
            "actor": actor,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "detail": json.dumps(detail, allow_nan=False),
            "client_address": client_address,
            "request_id": request_id,
        },
    )


def select_page(
    connection: Connection, wanted: AuditFilter, *, latest_first: bool, after: int | None, limit: int
) -> list[AuditEntry]:
    rows = connection.execute(
        _LATEST_FIRST if latest_first else _OLDEST_FIRST,
        {
            "actor": wanted.actor,
            "action": wanted.action,
            "subject_kind": wanted.subject_kind,
            "subject_id": wanted.subject_id,
            "since": wanted.since,
            "until": wanted.until,
            "after": after,
            "limit": limit,
        },
    )
    return [AuditEntry.model_validate(dict(row)) for row in rows.mappings()]


def select_chain(connection: Connection, *, after_seq: int, up_to_seq: int, limit: int) -> list[ChainRow]:
    """Links with `after_seq` < seq <= `up_to_seq`, in their order, with their entries."""
    rows = connection.execute(
        text(f"""
            select c.seq, c.audit_id, c.digest, c.link, case when a.audit_id is not null then {_VALUES} end as entry
            from footfall.audit_chain as c
            left join footfall.audit_log as a on a.tenant_id = c.tenant_id and a.audit_id = c.audit_id
            where c.seq > :after_seq and c.seq <= :up_to_seq
            order by c.seq
            limit :limit
        """),  # noqa: S608 - a constant of this module
        {"after_seq": after_seq, "up_to_seq": up_to_seq, "limit": limit},
    )
    return [
        ChainRow(
            row.seq, row.audit_id, bytes(row.digest), bytes(row.link), None if row.entry is None else (*row.entry,)
        )
        for row in rows
    ]


def select_head(connection: Connection) -> HeadRow | None:
    """Where the bound tenant's chain ends."""
    row = connection.execute(
        text("select seq, link, begins_after, begins_link from footfall.audit_heads")
    ).one_or_none()
    return None if row is None else HeadRow(row.seq, bytes(row.link), row.begins_after, bytes(row.begins_link))


def says_where_it_begins(connection: Connection, head: HeadRow) -> bool:
    """Whether an entry of the bound tenant's chain tells that its oldest entries, through the place after which it
    begins, were taken out when their term was over."""
    found: bool = connection.execute(
        text("""
            select exists (
                select from footfall.audit_log as a
                inner join footfall.audit_chain as c on c.tenant_id = a.tenant_id and c.audit_id = a.audit_id
                where a.action = 'audit.shortened' and a.detail ->> 'through_seq' = :seq
                  and a.detail ->> 'through_link' = :link
            )
        """),
        {"seq": str(head.begins_after), "link": head.begins_link.hex()},
    ).scalar_one()
    return found


def count_beyond_head(connection: Connection) -> int:
    """Links before the chain's beginning or after its end, and all of them where no end is recorded."""
    found = connection.execute(
        text("""
            select count(*) from footfall.audit_chain
            where seq > coalesce((select seq from footfall.audit_heads), 0)
               or seq <= coalesce((select begins_after from footfall.audit_heads), 0)
        """)
    )
    return int(found.scalar_one())


def select_unchained(connection: Connection, *, limit: int) -> list[int]:
    """Entries of the log that no link stands for."""
    rows = connection.execute(
        text("""
            select a.audit_id from footfall.audit_log as a
            where not exists (
                select from footfall.audit_chain as c where c.tenant_id = a.tenant_id and c.audit_id = a.audit_id
            )
            order by a.audit_id
            limit :limit
        """),
        {"limit": limit},
    )
    return list(rows.scalars())
