"""What the roles may do: log in, and what was granted; nothing that undoes a policy."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from footfall.stores.postgres import tenants
from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.isolation.conftest import TwoTenants

ROLES = ("footfall_app", "footfall_operator", "footfall_transform")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_power_over_policies_and_owns_nothing_of_the_record(owner: Engine, role: str) -> None:
    with unbound_transaction(owner) as connection:
        attributes = connection.execute(
            text(
                "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles"
                " where rolname = :role"
            ),
            {"role": role},
        ).one()
        owned = connection.execute(
            text("""
                select c.relname from pg_class as c
                where c.relnamespace = 'footfall'::regnamespace and pg_has_role(:role, c.relowner, 'MEMBER')
                union all
                select p.proname from pg_proc as p
                where p.pronamespace = 'footfall'::regnamespace and pg_has_role(:role, p.proowner, 'MEMBER')
                union all
                select n.nspname from pg_namespace as n
                where n.nspname = 'footfall' and pg_has_role(:role, n.nspowner, 'MEMBER')
            """),
            {"role": role},
        ).scalars()
        assert list(owned) == []
    assert tuple(attributes) == (False,) * 5


def test_the_owner_sees_no_rows_through_the_role_it_may_act_as(owner: Engine, two: TwoTenants) -> None:
    """It may make the marts' schema in the name of footfall_transform, whose policies show every tenant."""
    with unbound_transaction(owner) as connection:
        assert connection.execute(text("select pg_has_role(current_user, 'footfall_transform', 'SET')")).scalar_one()
        assert connection.execute(text("select count(*) from footfall.sites")).scalar_one() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "alter table footfall.staff disable row level security",
        "drop policy tenant_isolation on footfall.staff",
        "truncate footfall.staff cascade",
        "create table footfall.mine (tenant_id uuid)",
        "set local row_security = off; select * from footfall.staff",
        "set local role footfall_transform",
        "create function footfall.current_tenant() returns uuid language sql return null::uuid",
    ],
)
@pytest.mark.parametrize("role", ["app", "operator"])
def test_the_application_cannot_take_the_policies_away(
    request: pytest.FixtureRequest, role: str, statement: str
) -> None:
    engine: Engine = request.getfixturevalue(role)
    with pytest.raises(ProgrammingError) as refused, unbound_transaction(engine) as connection:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    assert getattr(refused.value.orig, "sqlstate", None) == "42501"


def test_the_application_finds_a_tenant_by_slug_but_cannot_list_them(app: Engine, two: TwoTenants) -> None:
    with tenant_transaction(app, two.first.tenant_id) as connection:
        tenant = tenants.bound(connection)
    assert tenant is not None
    with unbound_transaction(app) as connection:
        assert tenants.id_for_slug(connection, tenant.slug) == two.first.tenant_id
    with pytest.raises(ProgrammingError, match="permission denied"), unbound_transaction(app) as connection:
        tenants.all_ids(connection)


def test_the_operator_lists_tenants_and_sees_the_rows_of_the_one_it_binds(operator: Engine, two: TwoTenants) -> None:
    with unbound_transaction(operator) as connection:
        assert {two.first.tenant_id, two.second.tenant_id} <= set(tenants.all_ids(connection))
        assert connection.execute(text("select count(*) from footfall.staff")).scalar_one() == 0
    with tenant_transaction(operator, two.first.tenant_id) as connection:
        seen = connection.execute(text("select distinct tenant_id from footfall.staff")).scalars()
        assert list(seen) == [two.first.tenant_id]
