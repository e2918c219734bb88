"""What a tenant's chained audit log proves, and what is wrong with one that was tampered with. Reading alone; links are
made by the database as entries are committed: docs/adr/a-chain-of-audit-entries.md."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from footfall.stores.postgres import audit as table
from footfall.stores.postgres.audit import ChainRow, HeadRow
from footfall.tenancy import tenant_transaction

GENESIS = hashlib.sha256(b"").digest()
"""What the first link follows."""
FINDINGS_AT_MOST = 100
_ROWS_AT_ONCE = 5_000

FindingKind = Literal["removed", "changed", "reordered", "truncated", "added", "anchor"]
"""`removed`: an entry or a link is gone from the middle. `changed`: the entry is another than was chained. `reordered`:
a link does not follow the one before. `truncated`: the chain does not end where its head says. `added`: an entry or
link that was never chained. `anchor`: the chain is not the one that an anchor was taken of."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of a chain at some time, kept where the database's owner cannot reach."""

    seq: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `seq`: the place in the chain; `audit_id`: the entry, where it is known."""

    kind: FindingKind
    detail: str
    seq: int | None = None
    audit_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`entries`: links that were looked at. `head`: where the chain ends, for an anchor; None for an empty one.
    `findings`: the first of them, in their order. `begins_after`: the last place of those that reached their term and
    were taken out, 0 for a chain that has all of its entries; an anchor from before it proves nothing any more."""

    entries: int
    head: Anchor | None
    findings: tuple[Finding, ...]
    begins_after: int = 0

    @property
    def intact(self) -> bool:
        return not self.findings


def entry_digest(values: Sequence[str | None]) -> bytes:
    """SHA-256 of an entry's values: each as its length in bytes, a colon and itself, or a dash, commas between."""
    parts = []
    for value in values:
        encoded = None if value is None else value.encode()
        parts.append(b"-" if encoded is None else b"%d:%s" % (len(encoded), encoded))
    return hashlib.sha256(b",".join(parts)).digest()


def next_link(before: bytes, seq: int, digest: bytes) -> bytes:
    """The link of place `seq` for an entry's digest; `before` is the link of the place before, or GENESIS."""
    return hashlib.sha256(before + seq.to_bytes(8, "big", signed=True) + digest).digest()


def verify_chain(
    engine: Engine, tenant_id: TenantId, anchor: Anchor | None = None, *, rows_at_once: int = _ROWS_AT_ONCE
) -> ChainReport:
    """Reads the tenant's whole chain and its entries, in bounded memory; entries may be added meanwhile."""
    findings: list[Finding] = []
    with tenant_transaction(engine, tenant_id) as connection:
        head = table.select_head(connection)
        start = Anchor(0, GENESIS) if head is None else Anchor(head.begins_after, head.begins_link)
        findings.extend(_look_at_start(connection, head))
        count = 0
        last = start
        # Of what reached its term, the last link alone can still be told.
        anchored = start.link if anchor is not None and anchor.seq == start.seq else None
        up_to_seq = 0 if head is None else head.seq
        for row in _links(connection, after_seq=start.seq, up_to_seq=up_to_seq, rows_at_once=rows_at_once):
            findings.extend(_look_at(row, last))
            if anchor is not None and row.seq == anchor.seq:
                anchored = row.link
            last = Anchor(row.seq, row.link)
            count += 1
            del findings[FINDINGS_AT_MOST:]
        findings.extend(_look_at_end(connection, head, last))
    if anchor is not None and anchor.seq >= start.seq and anchored != anchor.link:
        findings.append(Finding("anchor", "The chain is not the one that the anchor was taken of.", seq=anchor.seq))
    return ChainReport(count, last if last.seq else None, tuple(findings[:FINDINGS_AT_MOST]), start.seq)


def verify_chains(
    engine: Engine, tenant_ids: Sequence[TenantId], anchors: Mapping[TenantId, Anchor] | None = None
) -> dict[TenantId, ChainReport]:
    """`verify_chain` for each tenant."""
    known = anchors or {}
    return {tenant_id: verify_chain(engine, tenant_id, known.get(tenant_id)) for tenant_id in tenant_ids}


def chain_ends(engine: Engine, tenant_ids: Sequence[TenantId]) -> dict[TenantId, Anchor]:
    """Where the tenants' chains say that they end; those that have one."""
    found = {}
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            head = table.select_head(connection)
        if head is not None:
            found[tenant_id] = Anchor(head.seq, head.link)
    return found


def _links(connection: Connection, *, after_seq: int, up_to_seq: int, rows_at_once: int) -> Iterator[ChainRow]:
    after = after_seq
    while True:
        rows = table.select_chain(connection, after_seq=after, up_to_seq=up_to_seq, limit=rows_at_once)
        yield from rows
        if len(rows) < rows_at_once:
            return
        after = rows[-1].seq


def _look_at_start(connection: Connection, head: HeadRow | None) -> Iterator[Finding]:
    if head is not None and head.begins_after and not table.says_where_it_begins(connection, head):
        yield Finding("removed", f"The links 1 to {head.begins_after} are gone, and no entry says why.", seq=1)


def _look_at(row: ChainRow, last: Anchor) -> Iterator[Finding]:
    expected = last.seq + 1
    if row.seq != expected:
        gone = f"{expected}" if row.seq == expected + 1 else f"{expected} to {row.seq - 1}"
        yield Finding("removed", f"The links {gone} are gone.", seq=expected)
    elif next_link(last.link, row.seq, row.digest) != row.link:
        yield Finding("reordered", "The link does not follow the one before.", seq=row.seq, audit_id=row.audit_id)
    if row.values is None:
        yield Finding("removed", "The entry is gone.", seq=row.seq, audit_id=row.audit_id)
    elif entry_digest(row.values) != row.digest:
        yield Finding("changed", "The entry is not what was chained.", seq=row.seq, audit_id=row.audit_id)


def _look_at_end(connection: Connection, head: HeadRow | None, last: Anchor) -> Iterator[Finding]:
    if head is not None:
        if last.seq < head.seq:
            yield Finding("truncated", f"The chain ends at {last.seq}; its head says {head.seq}.", seq=last.seq + 1)
        elif head.link != last.link:
            yield Finding("truncated", "The chain's last link is not the one that its head names.", seq=head.seq)
    beyond = table.count_beyond_head(connection)
    if beyond:
        yield Finding("added", f"{beyond} links stand outside of the chain that its head names.")
    for audit_id in table.select_unchained(connection, limit=FINDINGS_AT_MOST):
        yield Finding("added", "The entry was never chained.", audit_id=audit_id)
