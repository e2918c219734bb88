"""Tenants with an administrator, and the application's engine."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from tests.integration.access.kit import EMAIL, PASSWORD, OwnTenant
from tests.servers import MigratedPostgres, TenantFactory


@pytest.fixture(scope="module")
def app(postgres: MigratedPostgres) -> Iterator[Engine]:
    engine = open_engine(postgres.app_dsn, PostgresSettings(pool_size=2), application="footfall-tests")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def slug() -> str:
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def tenant_id(tenant_factory: TenantFactory, slug: str) -> TenantId:
    """The tenant of the tests that leave its administrator alone."""
    return tenant_factory(slug=slug, admin_email=EMAIL, admin_password=PASSWORD)


@pytest.fixture
def own(tenant_factory: TenantFactory) -> OwnTenant:
    """A tenant of the test's own, with nobody but its administrator."""
    slug = f"t-{uuid4().hex[:12]}"
    return OwnTenant(tenant_factory(slug=slug, admin_email=EMAIL, admin_password=PASSWORD), slug)


@pytest.fixture(scope="module")
def other_tenant(tenant_factory: TenantFactory) -> TenantId:
    return tenant_factory()
