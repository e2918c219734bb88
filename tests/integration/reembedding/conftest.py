"""A database of each test's own, for which model is served holds for a whole installation; the application and the
operator over one pair of in-memory stores, as two processes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from footfall.services import Services, open_services
from footfall.settings import Settings, load_settings
from footfall.stores.postgres.engine import owner_engine
from tests.databases import fresh_database
from tests.integration.footfall.world import settle_in
from tests.integration.reembedding.two_versions import TwoVersions, settled_tenant
from tests.servers import MigratedPostgres


@pytest.fixture(scope="session")
def migrated(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    """Copied for each test, which takes a tenth of the time of migrating anew."""
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture
def database(migrated: MigratedPostgres, postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    name = f"own_{uuid4().hex[:12]}"
    with owner_engine(postgres.owner_dsn) as engine:
        admin = engine.execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"create database {name} template {make_url(migrated.owner_dsn).database}"))
        yield MigratedPostgres(
            **{
                role: make_url(getattr(postgres, role)).set(database=name).render_as_string(hide_password=False)
                for role in ("owner_dsn", "app_dsn", "operator_dsn", "transform_dsn")
            }
        )
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))


@pytest.fixture
def settings(database: MigratedPostgres, tmp_path: Path) -> Settings:
    return load_settings(
        home=tmp_path,
        offline=True,
        postgres={"app_dsn": database.app_dsn, "operator_dsn": database.operator_dsn, "connect_timeout_seconds": 60},
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Services]:
    opened = open_services(settings)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def operator(settings: Settings, app: Services) -> Iterator[Services]:
    opened = open_services(settings, role="operator")
    yield replace(opened, vectors=app.vectors, objects=app.objects)
    opened.engine.dispose()


@pytest.fixture
def two(database: MigratedPostgres, app: Services, operator: Services) -> TwoVersions:
    """A tenant that identifies visitors, on the first of two models."""
    return TwoVersions(settle_in(app, settled_tenant(database)), operator)
