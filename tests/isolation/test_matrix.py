"""Every tenant table, two tenants, every command, as footfall_app: a tenant reaches its own rows and no other's."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.isolation.conftest import TwoTenants
from tests.isolation.rows import KEYS, MADE_BY_TRIGGERS, ROWS, Ids, insert

TABLES = ("tenants", *ROWS, *MADE_BY_TRIGGERS)
both_ways = pytest.mark.parametrize("reversed_roles", [False, True], ids=["first", "second"])
every_table = pytest.mark.parametrize("table", TABLES)


def _pair(two: TwoTenants, reversed_roles: bool) -> tuple[Ids, Ids]:
    return (two.second, two.first) if reversed_roles else (two.first, two.second)


def _may(connection: Connection, table: str, privilege: str) -> bool:
    return bool(
        connection.execute(
            text("select has_table_privilege(:name, :privilege)"),
            {"name": f"footfall.{table}", "privilege": privilege},
        ).scalar_one()
    )


def _count(connection: Connection, table: str, other: Ids) -> int:
    found = connection.execute(
        text(f"select count(*) from footfall.{table} where tenant_id = :other"), {"other": other.tenant_id}
    )
    return int(found.scalar_one())


@every_table
@both_ways
def test_select(app: Engine, two: TwoTenants, table: str, reversed_roles: bool) -> None:
    mine, other = _pair(two, reversed_roles)
    with tenant_transaction(app, mine.tenant_id) as connection:
        tenants = connection.execute(text(f"select distinct tenant_id from footfall.{table}")).scalars().all()
        assert tenants == [mine.tenant_id]
        assert _count(connection, table, other) == 0


@every_table
@both_ways
def test_insert(app: Engine, two: TwoTenants, table: str, reversed_roles: bool) -> None:
    """That the same insert works for the own tenant is shown by the rows having been planted so."""
    mine, other = _pair(two, reversed_roles)
    with tenant_transaction(app, mine.tenant_id) as connection:
        granted = _may(connection, table, "INSERT")
    assert granted == (table not in {"tenants", *MADE_BY_TRIGGERS})
    refusal = "row-level security" if granted else "permission denied"
    with pytest.raises(ProgrammingError, match=refusal), tenant_transaction(app, mine.tenant_id) as connection:
        insert(connection, table, other.with_fresh(*KEYS))


@every_table
@both_ways
def test_update(app: Engine, two: TwoTenants, table: str, reversed_roles: bool) -> None:
    mine, other = _pair(two, reversed_roles)
    statement = text(f"update footfall.{table} set tenant_id = tenant_id where tenant_id = :tenant")
    with tenant_transaction(app, mine.tenant_id) as connection:
        granted = _may(connection, table, "UPDATE")
    # Of a tenant the application may change some columns, and never its id or whether it is a platform.
    assert granted == (
        table
        not in {
            "tenants",
            "audit_log",
            "traffic_changes",
            "calibrations",
            "face_keys",
            "legal_holds",
            *MADE_BY_TRIGGERS,
        }
    )
    if not granted:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            tenant_transaction(app, mine.tenant_id) as connection,
        ):
            connection.execute(statement, {"tenant": mine.tenant_id})
        return
    with tenant_transaction(app, mine.tenant_id) as connection:
        assert connection.execute(statement, {"tenant": mine.tenant_id}).rowcount > 0
        assert connection.execute(statement, {"tenant": other.tenant_id}).rowcount == 0
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenant_transaction(app, mine.tenant_id) as connection,
    ):
        connection.execute(text(f"update footfall.{table} set tenant_id = :other"), {"other": other.tenant_id})


@every_table
@both_ways
def test_delete(app: Engine, two: TwoTenants, table: str, reversed_roles: bool) -> None:
    mine, other = _pair(two, reversed_roles)
    statement = text(f"delete from footfall.{table} where tenant_id = :tenant")
    with tenant_transaction(app, mine.tenant_id) as connection:
        granted = _may(connection, table, "DELETE")
    assert granted == (
        table
        not in {
            *("tenants", "audit_log", "traffic_changes", "corrections", "erasure_requests"),
            "legal_holds",
            *MADE_BY_TRIGGERS,
        }
    )
    if not granted:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            tenant_transaction(app, mine.tenant_id) as connection,
        ):
            connection.execute(statement, {"tenant": mine.tenant_id})
        return
    with tenant_transaction(app, mine.tenant_id) as connection:
        assert connection.execute(statement, {"tenant": other.tenant_id}).rowcount == 0
        with connection.begin_nested() as undone:
            try:
                touched = connection.execute(statement, {"tenant": mine.tenant_id}).rowcount
            except IntegrityError:  # the statement does reach the own rows, to which other rows still refer
                touched = 1
            undone.rollback()
        assert touched > 0
    with tenant_transaction(app, other.tenant_id) as connection:
        assert _count(connection, table, other) > 0


@every_table
def test_without_a_tenant_there_are_no_rows(app: Engine, two: TwoTenants, table: str) -> None:
    with unbound_transaction(app) as connection:
        assert connection.execute(text(f"select count(*) from footfall.{table}")).scalar_one() == 0


@pytest.mark.parametrize("table", ROWS)
def test_without_a_tenant_nothing_can_be_inserted(app: Engine, two: TwoTenants, table: str) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), unbound_transaction(app) as connection:
        insert(connection, table, two.first.with_fresh(*KEYS))
