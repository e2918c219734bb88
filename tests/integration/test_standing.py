"""What a process remembers of sessions, and for how long: on the real tables, with real notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from contracts.base import TenantId
from footfall import sessions
from footfall.access import Principal
from footfall.errors import UnauthenticatedError
from footfall.settings import PostgresSettings, load_settings
from footfall.standing import Standing
from footfall.stores.postgres.engine import open_engine
from footfall.stores.postgres.notices import NoticeListener
from footfall.tenancy import tenant_transaction
from tests.servers import MigratedPostgres, TenantFactory


@pytest.fixture(scope="module")
def engine(postgres: MigratedPostgres) -> Iterator[Engine]:
    made = open_engine(postgres.app_dsn, PostgresSettings(pool_size=2), application="footfall-tests")
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def tenant_id(tenant_factory: TenantFactory) -> TenantId:
    return tenant_factory()


@pytest.fixture
def principal(engine: Engine, tenant_id: TenantId) -> Principal:
    user_id = uuid4()
    with tenant_transaction(engine, tenant_id) as connection:
        connection.execute(
            text(
                "insert into footfall.users (tenant_id, user_id, email, password_hash, role)"
                " values (footfall.current_tenant(), :id, :email, 'none', 'tenant_admin')"
            ),
            {"id": user_id, "email": f"{user_id.hex}@example.com"},
        )
    known = Principal(tenant_id=tenant_id, subject=f"user:{user_id}", role="tenant_admin")
    return sessions.begin(engine, known, load_settings()).principal


def soon(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.02)


def remembered(standing: Standing, principal: Principal) -> bool:
    standing.check(principal)
    return standing.knows(principal)


@pytest.fixture
def hearing(engine: Engine, postgres: MigratedPostgres, principal: Principal) -> Iterator[Standing]:
    standing = Standing(engine, believed_seconds=300)
    listener = NoticeListener(postgres.app_dsn, [standing.hearer()])
    listener.start()
    soon(lambda: remembered(standing, principal))
    yield standing
    listener.stop()


def test_who_hears_nothing_remembers_nothing(engine: Engine, principal: Principal) -> None:
    standing = Standing(engine, believed_seconds=300)
    standing.check(principal)
    assert not standing.knows(principal)


def test_a_change_is_forgotten_about_wherever_it_was_made(
    engine: Engine, hearing: Standing, principal: Principal
) -> None:
    with tenant_transaction(engine, principal.tenant_id) as connection:
        connection.execute(
            text("update footfall.users set active = false where user_id = :id"),
            {"id": UUID(principal.subject.removeprefix("user:"))},
        )
    soon(lambda: not hearing.knows(principal))
    with pytest.raises(UnauthenticatedError):
        hearing.check(principal)


def test_what_changes_nothing_about_access_is_no_news(engine: Engine, hearing: Standing, principal: Principal) -> None:
    with tenant_transaction(engine, principal.tenant_id) as connection:
        connection.execute(text("update footfall.users set last_login_at = now()"))
        connection.execute(text("update footfall.api_keys set last_used_at = now()"))
        connection.execute(text("update footfall.tenants set name = 'Another'"))
    # A notice about another tenant, sent later, arrives later: by then the changes above would have been heard of.
    other = replace(principal, tenant_id=TenantId(UUID(int=9)))
    hearing._known[UUID(int=8)] = replace(hearing._known[principal.session_id or UUID(int=0)], principal=other)
    with tenant_transaction(engine, principal.tenant_id) as connection:
        connection.execute(text("select pg_notify('footfall_access', :id)"), {"id": str(UUID(int=9))})
    soon(lambda: UUID(int=8) not in hearing._known)
    assert hearing.knows(principal)


def test_a_principal_who_claims_more_is_not_the_one_who_is_known(hearing: Standing, principal: Principal) -> None:
    claiming = replace(principal, role="system_admin")
    assert not hearing.knows(claiming)
    with pytest.raises(UnauthenticatedError):
        hearing.check(claiming)


def test_what_is_believed_is_believed_for_so_long_only(
    engine: Engine, postgres: MigratedPostgres, principal: Principal
) -> None:
    now = [0.0]
    standing = Standing(engine, believed_seconds=30, clock=lambda: now[0])
    listener = NoticeListener(postgres.app_dsn, [standing.hearer()])
    listener.start()
    soon(lambda: remembered(standing, principal))
    now[0] += 31
    assert not standing.knows(principal)
    listener.stop()
    standing.check(principal)
    assert not standing.knows(principal), "nothing is heard any more"


def test_a_listener_comes_back_after_its_connection_broke(
    engine: Engine, postgres: MigratedPostgres, hearing: Standing, principal: Principal
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'footfall-notices' and usename = current_user"
            )
        )
    soon(lambda: not hearing.knows(principal))
    soon(lambda: remembered(hearing, principal))
