"""Ways around the tables: views, sequences, functions with their owner's rights, and connections that change hands."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, ProgrammingError

from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.isolation.conftest import TwoTenants
from tests.isolation.rows import Ids
from tests.servers import MigratedPostgres

_VIEWS = text(
    "select n.nspname || '.' || c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
    " where n.nspname in ('footfall', 'marts') and c.relkind = 'v' and has_table_privilege(c.oid, 'SELECT')"
)
_SEQUENCES = text(
    "select c.oid::regclass::text from pg_class as c where c.relkind = 'S'"
    " and c.relnamespace in ('footfall'::regnamespace, 'marts'::regnamespace)"
    " and (has_sequence_privilege(c.oid, 'USAGE') or has_sequence_privilege(c.oid, 'SELECT')"
    " or has_sequence_privilege(c.oid, 'UPDATE'))"
)
_DEFINERS = text(
    "select p.oid::regprocedure::text as name, coalesce(array_to_string(p.proconfig, ','), '') as config,"
    " has_function_privilege('public', p.oid, 'EXECUTE') as for_everyone"
    " from pg_proc as p where p.pronamespace = 'footfall'::regnamespace and p.prosecdef"
)
ROLES = ["app", "operator"]


def _tenants(engine: Engine, mine: Ids | None, relation: str) -> set[object]:
    bound = unbound_transaction(engine) if mine is None else tenant_transaction(engine, mine.tenant_id)
    with bound as connection:
        return set(connection.execute(text(f"select distinct tenant_id from {relation}")).scalars())


@pytest.mark.parametrize("role", ROLES)
def test_a_view_shows_its_readers_tenant(request: pytest.FixtureRequest, two: TwoTenants, role: str) -> None:
    engine: Engine = request.getfixturevalue(role)
    with unbound_transaction(engine) as connection:
        views = list(connection.execute(_VIEWS).scalars())
    assert "footfall.staff_face_templates" in views
    for view in views:
        assert _tenants(engine, two.first, view) <= {two.first.tenant_id}, view
        assert _tenants(engine, None, view) == set(), view
    assert _tenants(engine, two.second, "footfall.staff_face_templates") == {two.second.tenant_id}


def test_a_view_with_its_owners_rights_would_be_noticed(owner: Engine, two: TwoTenants) -> None:
    """Made by the owner, it shows what the owner sees, whoever asks; here the owner of the tenants' list."""
    with unbound_transaction(owner) as connection, connection.begin_nested() as undone:
        connection.execute(text("create view footfall.leak as select tenant_id from footfall.tenants"))
        seen = set(connection.execute(text("select tenant_id from footfall.leak")).scalars())
        undone.rollback()
    assert {two.first.tenant_id, two.second.tenant_id} <= seen


@pytest.mark.parametrize("role", [*ROLES, "transform"])
def test_no_sequence_tells_how_much_others_do(request: pytest.FixtureRequest, role: str) -> None:
    engine: Engine = request.getfixturevalue(role)
    with unbound_transaction(engine) as connection:
        assert list(connection.execute(_SEQUENCES).scalars()) == []
        sequence = connection.execute(
            text("select pg_get_serial_sequence('footfall.corrections', 'correction_no')")
        ).scalar_one()
    for statement in (f"select nextval('{sequence}')", f"select setval('{sequence}', 1)", f"select * from {sequence}"):
        with pytest.raises(ProgrammingError, match="permission denied"), unbound_transaction(engine) as connection:
            connection.execute(text(statement))


def test_a_function_with_its_owners_rights_looks_nothing_up_by_the_callers_path(owner: Engine) -> None:
    with unbound_transaction(owner) as connection:
        found = connection.execute(_DEFINERS).all()
    assert {"footfall.tenant_id_for_slug(text)", "footfall.tenant_ids()"} <= {function.name for function in found}
    assert [function.name for function in found if not function.config.startswith("search_path=pg_catalog")] == []


def test_connections_that_change_hands_under_load_carry_nothing_over(
    postgres: MigratedPostgres, two: TwoTenants
) -> None:
    """Eight threads share three connections, for two tenants and none, and every fifth transaction fails."""
    engine = open_engine(postgres.app_dsn, PostgresSettings(pool_size=3), application="footfall-tests")

    def work(seed: int) -> list[set[object]]:
        rng, seen = random.Random(seed), list[set[object]]()
        for _ in range(60):
            mine = rng.choice([two.first, two.second, None])
            expected = set() if mine is None else {mine.tenant_id}
            if rng.randrange(5) == 0:
                with pytest.raises(DataError):
                    _tenants(engine, mine, "footfall.sites where 1 / 0 = 1")
            found = _tenants(engine, mine, rng.choice(["footfall.sites", "footfall.staff", "footfall.visits"]))
            seen += [found] if found != expected else []
        return seen

    with ThreadPoolExecutor(8) as threads:
        assert [wrong for found in threads.map(work, range(8)) for wrong in found] == []
    engine.dispose()


def test_a_binding_that_outlives_its_transaction_would_be_noticed(postgres: MigratedPostgres, two: TwoTenants) -> None:
    engine = open_engine(postgres.app_dsn, PostgresSettings(pool_size=1), application="footfall-tests")
    with engine.begin() as connection:
        connection.execute(text("select set_config('app.tenant_id', :id, false)"), {"id": str(two.first.tenant_id)})
    assert _tenants(engine, None, "footfall.sites") == {two.first.tenant_id}
    engine.dispose()
