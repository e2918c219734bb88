"""One running API with two tenants in it, for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.abuse.world import World
from tests.integration.api.conftest import Running, Tenant, running_api
from tests.servers import MigratedPostgres, TenantFactory


@pytest.fixture(scope="session")
def running(postgres: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_api(postgres, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="session")
def world(running: Running, tenant_factory: TenantFactory) -> World:
    def tenant() -> Tenant:
        slug = f"abuse-{uuid4().hex[:12]}"
        return Tenant(tenant_factory(slug=slug), slug, running)

    return World.made(tenant(), tenant(), tenant_factory)
