"""Engines of every role, and two tenants with a row in each table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_transaction
from tests.isolation.rows import Ids, plant, plant_as_operator
from tests.servers import MigratedPostgres, TenantFactory


@dataclass(frozen=True, slots=True)
class TwoTenants:
    first: Ids
    second: Ids


def _engine(dsn: str) -> Iterator[Engine]:
    engine = open_engine(dsn, PostgresSettings(pool_size=2), application="footfall-tests")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def owner(postgres: MigratedPostgres) -> Iterator[Engine]:
    yield from _engine(postgres.owner_dsn)


@pytest.fixture(scope="session")
def app(postgres: MigratedPostgres) -> Iterator[Engine]:
    yield from _engine(postgres.app_dsn)


@pytest.fixture(scope="session")
def operator(postgres: MigratedPostgres) -> Iterator[Engine]:
    yield from _engine(postgres.operator_dsn)


@pytest.fixture(scope="session")
def transform(postgres: MigratedPostgres) -> Iterator[Engine]:
    yield from _engine(postgres.transform_dsn)


@pytest.fixture(scope="session")
def two(app: Engine, operator: Engine, tenant_factory: TenantFactory) -> TwoTenants:
    """Two tenants, each with at least one row in every tenant table, planted as the application where that may."""
    tenants = TwoTenants(Ids(tenant_factory()), Ids(tenant_factory()))
    for ids in (tenants.first, tenants.second):
        with tenant_transaction(app, ids.tenant_id) as connection:
            plant(connection, ids)
        with tenant_transaction(operator, ids.tenant_id) as connection:
            plant_as_operator(connection, ids)
    return tenants
