"""One database with marts for all of these tests, and a tenant's record in it for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.databases import fresh_database
from tests.integration.marts import Dbt, Record, engine_of, new_tenant, settings_of
from tests.servers import MigratedPostgres


@pytest.fixture(scope="session")
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture(scope="session")
def app(database: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(database.app_dsn)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def transform(database: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(database.transform_dsn)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def dbt(database: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The project itself, built once. Artifacts of one home, so that it is parsed once."""
    home: Path = tmp_path_factory.mktemp("home")
    project = Dbt(settings_of(database, home))
    project.build()
    return project


@pytest.fixture(scope="session")
def data_tests(dbt: Dbt) -> dict[str, str]:
    """Queries of dbt's data tests by name, for asking them within a transaction that is undone."""
    return dbt.compiled("test_type:data")


@pytest.fixture
def record(database: MigratedPostgres, app: Engine) -> Record:
    """A new tenant's."""
    return Record(app, new_tenant(database))
