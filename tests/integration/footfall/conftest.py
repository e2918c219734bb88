"""The domain's services over a real Postgres, with in-memory stores and mock vision; and tenants to work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.base import CustomerId, PrivacyMode, TenantId
from footfall.services import Services, open_services
from footfall.settings import MilvusSettings, load_settings
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import owner_engine
from footfall.stores.postgres.tenants import TenantRow
from footfall.stores.vectors import MilvusVectorStore
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.corrected import customer_of, see
from tests.integration.footfall.outages import FailingObjects, FailingVectors, Outage
from tests.integration.footfall.world import World, settle_in
from tests.servers import MigratedPostgres

NewTenant = Callable[[PrivacyMode], TenantId]
Worlds = Callable[..., World]


@pytest.fixture
def services(postgres: MigratedPostgres, tmp_path: Path) -> Iterator[Services]:
    """Stores of the test's own: what one test leaves in memory no other sees."""
    settings = load_settings(
        home=tmp_path,
        offline=True,
        recognition={"re_embed": "never"},  # the pictures of most tests show nobody of whom the templates are
        postgres={
            "app_dsn": postgres.app_dsn,
            "operator_dsn": postgres.operator_dsn,
            "connect_timeout_seconds": 60,  # more threads than connections, on machines busier than intended
        },
    )
    opened = open_services(settings)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def new_tenant(postgres: MigratedPostgres) -> NewTenant:
    """Makes a tenant without an administrator, for hashing a password takes longer than most tests here."""

    def make(privacy_mode: PrivacyMode) -> TenantId:
        identifies = privacy_mode == "identify"
        tenant_id = TenantId(uuid4())
        row = TenantRow(
            tenant_id=tenant_id,
            slug=f"t-{tenant_id.hex[:12]}",
            name="A tenant of the tests",
            privacy_mode=privacy_mode,
            legal_basis="consent" if identifies else None,
            retention_days=30 if identifies else None,
        )
        with owner_engine(postgres.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
            assert tenants.insert(connection, row)
        return tenant_id

    return make


@pytest.fixture
def worlds(services: Services, new_tenant: NewTenant) -> Worlds:
    """Makes a new tenant's world in a privacy mode."""

    def make(privacy_mode: PrivacyMode = "identify", *, timezone: str = "Europe/Vienna") -> World:
        return settle_in(services, new_tenant(privacy_mode), timezone=timezone)

    return make


@pytest.fixture
def world(worlds: Worlds) -> World:
    """A tenant that identifies visitors."""
    return worlds("identify")


@pytest.fixture
def outage() -> Outage:
    """What fails in `fragile`'s stores: nothing until the test says so."""
    return Outage()


@pytest.fixture
def fragile(services: Services, new_tenant: NewTenant, outage: Outage) -> World:
    """A tenant that identifies visitors, over stores that fail where `outage` says so."""
    over = replace(services, vectors=FailingVectors(outage), objects=FailingObjects(outage))
    over.prepare()
    return settle_in(over, new_tenant("identify"))


@pytest.fixture
def ada_and_twin(world: World) -> tuple[CustomerId, CustomerId]:
    """Two customers with visits that interleave: together, some are one."""
    ada = customer_of(see(world, 1, 0, quality=0.6))
    twin = customer_of(see(world, 2, 20, quality=0.7))
    for shot, minutes in enumerate((10, 200, 300), start=1):
        see(world, 1, minutes, shot=shot, quality=0.6 + 0.05 * shot)
    for shot, minutes in enumerate((-15, 210, 600), start=1):
        see(world, 2, minutes, shot=shot, quality=0.7 + 0.05 * shot)
    assert world.count("customers") == 2
    return ada, twin


@pytest.fixture(params=["milvus_uri", pytest.param("real_milvus", marks=pytest.mark.e2e)], ids=["lite", "server"])
def over_milvus(request: pytest.FixtureRequest, services: Services, new_tenant: NewTenant) -> Iterator[World]:
    """A tenant that identifies visitors, whose vectors are in a Milvus: Lite, and end to end a real server."""
    milvus = {"uri": request.getfixturevalue(request.param), "alias": f"t{uuid4().hex[:8]}", "timeout_seconds": 60.0}
    settings = services.settings.model_copy(update={"milvus": MilvusSettings.model_validate(milvus)})
    over = replace(services, settings=settings, vectors=MilvusVectorStore(settings.milvus))
    over.prepare()
    yield settle_in(over, new_tenant("identify"))
    over.vectors.close()
