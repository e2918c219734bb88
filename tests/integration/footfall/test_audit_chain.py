"""The audit log's chain: every entry is in it, once, whoever writes at the same time; and whatever a database's owner
does to it in passing is found."""

from __future__ import annotations

import hashlib
import threading
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from contracts.base import TenantId
from footfall import audit
from footfall.audit_chain import GENESIS, Anchor, ChainReport, entry_digest, next_link, verify_chain
from footfall.origin import Origin, coming_from
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.world import World
from tests.servers import MigratedPostgres

ENTRIES = 5


@pytest.fixture
def chained(world: World, new_tenant: NewTenant) -> tuple[World, TenantId]:
    """A tenant with five entries, each of a transaction of its own, and nothing else in its log."""
    tenant_id = new_tenant("count_only")
    for number in range(ENTRIES):
        write(world, tenant_id, f"a.{number}")
    return world, tenant_id


def write(world: World, tenant_id: TenantId, *actions: str) -> None:
    with tenant_transaction(world.services.engine, tenant_id) as connection:
        for action in actions:
            audit.record(
                connection, actor="user:1", action=action, subject_kind="x", subject_id="1", detail={"a": 1.5, "ä": "ö"}
            )


def report(world: World, tenant_id: TenantId, anchor: Anchor | None = None) -> ChainReport:
    return verify_chain(world.services.engine, tenant_id, anchor, rows_at_once=2)


def tamper(postgres: MigratedPostgres, tenant_id: TenantId, *statements: str) -> None:
    """As the database's owner, past triggers and references."""
    with psycopg.connect(postgres.owner_dsn) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant_id),))
        for table in ("audit_log", "audit_chain"):
            connection.execute(f"alter table footfall.{table} disable trigger user".encode())
        connection.execute(b"alter table footfall.audit_chain drop constraint audit_chain_tenant_id_audit_id_fkey")
        connection.execute(b"alter table footfall.audit_chain drop constraint audit_chain_tenant_id_audit_id_key")
        for statement in statements:
            connection.execute(statement.encode())
        connection.execute(
            b"alter table footfall.audit_chain add constraint audit_chain_tenant_id_audit_id_fkey"
            b" foreign key (tenant_id, audit_id) references footfall.audit_log (tenant_id, audit_id) not valid"
        )
        connection.execute(
            b"alter table footfall.audit_chain add constraint audit_chain_tenant_id_audit_id_key"
            b" unique (tenant_id, audit_id)"
        )
        for table in ("audit_log", "audit_chain"):
            connection.execute(f"alter table footfall.{table} enable trigger user".encode())


def id_at(seq: int) -> str:
    return f"(select audit_id from footfall.audit_chain where seq = {seq} and tenant_id = footfall.current_tenant())"


def test_every_entry_is_chained_in_the_order_of_commits(chained: tuple[World, TenantId]) -> None:
    world, tenant_id = chained
    write(world, tenant_id, "b.1", "b.2")
    found = report(world, tenant_id)
    assert (found.intact, found.entries) == (True, ENTRIES + 2)
    with tenant_transaction(world.services.engine, tenant_id) as connection:
        links = connection.execute(text("select digest, link from footfall.audit_chain order by seq")).all()
    before = GENESIS
    for seq, row in enumerate(links, start=1):
        before = next_link(before, seq, bytes(row.digest))
        assert bytes(row.link) == before
    assert found.head == Anchor(ENTRIES + 2, before)


def test_the_digest_is_the_one_that_the_document_describes() -> None:
    made = entry_digest(["t", "7", "1732262400000000", "user:1", "a.b", "x", "1", '{"ä": 1}', None, ""])
    written = '1:t,1:7,16:1732262400000000,6:user:1,3:a.b,1:x,1:1,9:{"ä": 1},-,0:'
    assert made == hashlib.sha256(written.encode()).digest()


def test_an_entry_says_where_it_comes_from(chained: tuple[World, TenantId]) -> None:
    world, tenant_id = chained
    with coming_from(Origin(client_address="192.0.2.7", request_id="r-1")):
        write(world, tenant_id, "b.1")
    write(world, tenant_id, "b.2")
    with tenant_transaction(world.services.engine, tenant_id) as connection:
        rows = connection.execute(
            text("select client_address, request_id from footfall.audit_log where action like 'b.%' order by audit_id")
        ).all()
    assert [tuple(row) for row in rows] == [("192.0.2.7", "r-1"), (None, None)]
    assert report(world, tenant_id).intact


def test_an_entry_that_is_rolled_back_leaves_no_gap(chained: tuple[World, TenantId]) -> None:
    world, tenant_id = chained

    def fail() -> None:
        with tenant_transaction(world.services.engine, tenant_id) as connection:
            audit.record(connection, actor="a", action="never.happened", subject_kind="x", subject_id="1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    write(world, tenant_id, "b.1")
    assert report(world, tenant_id).intact
    assert report(world, tenant_id).entries == ENTRIES + 1


def test_many_writers_at_once_make_one_chain(chained: tuple[World, TenantId]) -> None:
    world, tenant_id = chained

    def write_often() -> None:
        for _ in range(10):
            write(world, tenant_id, "c.1", "c.2")

    threads = [threading.Thread(target=write_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = report(world, tenant_id)
    assert (found.intact, found.entries) == (True, ENTRIES + 80)


def test_a_transaction_that_has_written_an_entry_keeps_nobody_waiting(chained: tuple[World, TenantId]) -> None:
    """The chain is locked while a transaction commits, not from its first entry on."""
    world, tenant_id = chained
    with tenant_transaction(world.services.engine, tenant_id) as connection:
        audit.record(connection, actor="a", action="slow.work", subject_kind="x", subject_id="1")
        write(world, tenant_id, "b.1")  # would wait for ever, in this one thread
    assert report(world, tenant_id).intact


@pytest.mark.parametrize(
    ("kind", "place", "statements"),
    [
        ("removed", 3, [f"delete from footfall.audit_log where audit_id = {id_at(3)}"]),
        (
            "removed",
            3,
            [
                f"delete from footfall.audit_log where audit_id = {id_at(3)}",
                "delete from footfall.audit_chain where seq = 3 and tenant_id = footfall.current_tenant()",
            ],
        ),
        ("changed", 2, [f"update footfall.audit_log set actor = 'somebody else' where audit_id = {id_at(2)}"]),
        ("changed", 2, [f"update footfall.audit_log set detail = '{{}}' where audit_id = {id_at(2)}"]),
        ("changed", 1, [f"update footfall.audit_log set at = at - interval '1 hour' where audit_id = {id_at(1)}"]),
        ("changed", 5, [f"update footfall.audit_log set client_address = '::1' where audit_id = {id_at(5)}"]),
        (
            "reordered",
            2,
            [
                "with two as (select seq, audit_id, digest, link from footfall.audit_chain"
                " where seq in (2, 3) and tenant_id = footfall.current_tenant())"
                " update footfall.audit_chain as c set audit_id = t.audit_id, digest = t.digest, link = t.link"
                " from two as t where c.tenant_id = footfall.current_tenant() and c.seq in (2, 3) and t.seq = 5 - c.seq"
            ],
        ),
        (
            "truncated",
            5,
            [
                f"delete from footfall.audit_log where audit_id = {id_at(5)}",
                "delete from footfall.audit_chain where seq = 5 and tenant_id = footfall.current_tenant()",
            ],
        ),
        (
            "truncated",
            1,
            ["delete from footfall.audit_log", "delete from footfall.audit_chain"],
        ),
        (
            "truncated",
            5,
            ["update footfall.audit_heads set link = sha256('x')"],
        ),
        (
            "added",
            None,
            [
                "insert into footfall.audit_log (tenant_id, actor, action, subject_kind, subject_id)"
                " values (footfall.current_tenant(), 'a', 'never.happened', 'x', '1')"
            ],
        ),
        ("added", None, ["delete from footfall.audit_heads"]),
    ],
)
def test_tampering_is_found(
    postgres: MigratedPostgres, chained: tuple[World, TenantId], kind: str, place: int | None, statements: list[str]
) -> None:
    world, tenant_id = chained
    assert report(world, tenant_id).intact
    tamper(postgres, tenant_id, *statements)
    found = report(world, tenant_id)
    assert (kind, place) in {(finding.kind, finding.seq) for finding in found.findings}


def test_a_chain_that_was_made_anew_from_an_earlier_place_is_found_by_an_anchor_alone(
    postgres: MigratedPostgres, chained: tuple[World, TenantId]
) -> None:
    """What the owner of the database can do, who can do everything; and what an anchor kept elsewhere says to it."""
    world, tenant_id = chained
    anchor = report(world, tenant_id).head
    assert anchor is not None
    tamper(
        postgres,
        tenant_id,
        f"delete from footfall.audit_log where audit_id = {id_at(5)}",
        "delete from footfall.audit_chain where seq = 5 and tenant_id = footfall.current_tenant()",
        "update footfall.audit_heads as h set seq = 4, link = (select link from footfall.audit_chain where seq = 4"
        " and tenant_id = h.tenant_id) where tenant_id = footfall.current_tenant()",
    )
    assert report(world, tenant_id).intact
    assert [finding.kind for finding in report(world, tenant_id, anchor).findings] == ["anchor"]
    write(world, tenant_id, "a.other")  # the same length again is another chain
    assert [finding.kind for finding in report(world, tenant_id, anchor).findings] == ["anchor"]


def test_a_tenant_with_nothing_in_its_log_has_an_empty_chain(world: World, new_tenant: NewTenant) -> None:
    assert report(world, new_tenant("count_only")) == ChainReport(0, None, ())


@pytest.mark.parametrize("table", ["audit_chain", "audit_heads"])
def test_the_application_cannot_touch_the_chain(chained: tuple[World, TenantId], table: str) -> None:
    world, tenant_id = chained
    for statement in (
        f"update footfall.{table} set seq = seq + 1",
        f"delete from footfall.{table}",
        f"insert into footfall.{table} (tenant_id, seq) values (footfall.current_tenant(), 9)",
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            tenant_transaction(world.services.engine, tenant_id) as connection,
        ):
            connection.execute(text(statement))
    with (
        pytest.raises(Exception, match="permission denied"),
        tenant_transaction(world.services.engine, tenant_id) as connection,
    ):
        connection.execute(text("select footfall.chain_audit_entry(a) from footfall.audit_log as a"))


def test_another_tenants_chain_is_not_there(chained: tuple[World, TenantId], new_tenant: NewTenant) -> None:
    world, tenant_id = chained
    other = new_tenant("count_only")
    with tenant_transaction(world.services.engine, other) as connection:
        for table in ("audit_chain", "audit_heads"):
            seen = connection.execute(text(f"select tenant_id from footfall.{table}")).scalars().all()
            assert UUID(str(tenant_id)) not in seen
