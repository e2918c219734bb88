"""An erasure by Dagster's assets over a real Postgres, Milvus and S3 of which one fails in its middle: the run fails in
a sentence, the request stays open with what was done, and the next run completes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch
from uuid import uuid4

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize
from sqlalchemy import text

from assets.erasure import erasure_requests
from contracts.erasure import ErasureRequest
from footfall.anonymising import expire_customers
from footfall.environment import settings_environment
from footfall.erasure import Phase, carry_out
from footfall.erasure_requests import get_request, request_tenant_erasure
from footfall.gallery import gallery_drift, rebuild_gallery
from footfall.operations import open_operator_services
from footfall.retention_terms import age_records
from footfall.services import Services
from footfall.settings import MilvusSettings, S3Settings, Settings
from footfall.stores.objects import S3ObjectStore
from footfall.stores.vectors import MilvusVectorStore
from footfall.tenancy import tenant_transaction
from orchestration.resources import ServicesResource
from tests.databases import fresh_database
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.erasing import Erasures, of_customer, visitor
from tests.integration.footfall.world import MORNING, World, settle_in
from tests.relays import Line, line_to, undeletable
from tests.servers import MigratedPostgres


@pytest.fixture
def postgres(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    """A database without the open requests of other tests, which the assets would carry out too."""
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture
def world(services: Services, new_tenant: NewTenant, milvus_uri: str, s3: S3Settings) -> Iterator[World]:
    """A tenant over real stores."""
    milvus = MilvusSettings(uri=milvus_uri, alias=f"t{uuid4().hex[:8]}", timeout_seconds=60.0)
    own: Settings = services.settings.model_copy(update={"milvus": milvus, "s3": s3})
    over = replace(services, settings=own, vectors=MilvusVectorStore(milvus), objects=S3ObjectStore(s3))
    over.prepare()
    yield settle_in(over, new_tenant("identify"))
    over.vectors.close()


def away(line: Line, settings: Settings) -> Settings:
    """What a worker has whose way to Milvus is that line."""
    milvus = settings.milvus.model_copy(update={"uri": f"http://127.0.0.1:{line.port_here}", "timeout_seconds": 5.0})
    return settings.model_copy(update={"milvus": milvus, "offline": False})


def erase(settings: Settings) -> ExecuteInProcessResult:
    with patch.dict(os.environ, settings_environment(settings, secrets=True)), DagsterInstance.ephemeral() as instance:
        return materialize(
            [erasure_requests], resources={"services": ServicesResource()}, instance=instance, raise_on_error=False
        )


def said(result: ExecuteInProcessResult) -> str:
    told = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
    return " ".join(str(each.description) for each in told if each is not None)


def states(request: ErasureRequest) -> dict[str, str]:
    return {step.step: step.state for step in request.steps}


def test_milvus_that_goes_away_in_the_middle_leaves_the_request_open(world: World, milvus_uri: str) -> None:
    over = world.services
    ada, bob = visitor(world, 1, sightings=1), visitor(world, 2, sightings=1)
    request = Erasures(world, over).request(of_customer(ada))
    with line_to(milvus_uri) as line:
        settings = away(line, over.settings)
        operator = open_operator_services(settings)
        assert len(operator.vectors.template_ids(world.tenant_id)) == 2, "the line carries"

        def cut(step: str, phase: Phase) -> None:
            if (step, phase) == ("vectors", "begun"):
                line.cut()

        failed = carry_out(operator, world.tenant_id, request.request_id, refresh_marts=lambda: None, observe=cut)
        operator.close()
        assert failed.status == "failed"
        assert failed.error is not None
        found = states(failed)
        assert [found[step] for step in ("rows", "keys", "vectors", "objects")] == ["done", "done", "failed", "pending"]
        result = erase(settings)
        assert not result.success
        assert "1 of 1 erasures failed and stay open" in said(result)
        assert "Milvus" in said(result)
        assert len(world.vector_ids()) == 2, "nothing is half gone"
        line.mend()
        assert erase(settings).success
    again = open_operator_services(over.settings.model_copy(update={"offline": False}))
    done = carry_out(again, world.tenant_id, request.request_id, refresh_marts=lambda: None)
    again.close()
    assert done.status == "completed"
    assert (world.count("customers"), len(world.vector_ids()), len(world.raw_keys())) == (1, 1, 1)
    assert world.rows("select customer_id from footfall.customers")[0]["customer_id"] == bob


def test_an_s3_that_refuses_to_delete_leaves_the_request_open(world: World) -> None:
    over = world.services
    ada = visitor(world, 1, sightings=1)
    request = Erasures(world, over).request(of_customer(ada))
    endpoint = over.settings.s3.endpoint
    assert endpoint is not None
    with undeletable(endpoint) as (refusing_endpoint, refusing):
        s3 = over.settings.s3.model_copy(update={"endpoint": refusing_endpoint})
        settings = over.settings.model_copy(update={"s3": s3, "offline": False})
        result = erase(settings)
        assert not result.success
        assert "S3 refuses the request (AccessDenied)" in said(result)
        left = get_request(over.engine, world.tenant_id, request.request_id)
        assert left.status == "failed"
        found = states(left)
        assert (found["rows"], found["vectors"], found["objects"]) == ("done", "done", "failed")
        assert len(world.raw_keys()) == 1
        refusing.clear()
        assert erase(settings).success
        operator = open_operator_services(settings)
        done = carry_out(operator, world.tenant_id, request.request_id, refresh_marts=lambda: None)
        operator.close()
    assert done.status == "completed"
    assert world.raw_keys() == []


def test_a_tenant_who_is_erased_while_others_are_worked_on_holds_nobody_up(world: World, new_tenant: NewTenant) -> None:
    """Retention, terms and a rebuild had listed the tenant before its end."""
    over = world.services
    leaving = settle_in(over, new_tenant("identify"))
    for each in (world, leaving):
        visitor(each, 1, sightings=1)
    both = [world.tenant_id, leaving.tenant_id]
    operator = open_operator_services(over.settings.model_copy(update={"offline": False}))
    ended: list[str] = []

    def end(_: int) -> None:
        with tenant_transaction(over.engine, leaving.tenant_id) as connection:
            connection.execute(text("update footfall.tenants set status = 'deletion_requested'"))
            made = request_tenant_erasure(connection, reference="Its end", now=MORNING, actor="test")
        assert made is not None
        done = carry_out(operator, leaving.tenant_id, made.request_id, refresh_marts=lambda: None)
        ended.append(done.status)

    months_later = MORNING.replace(year=2027)
    first, second = expire_customers(
        operator.engine, operator.vectors, lambda: operator.objects, both, now=months_later, progress=end
    )
    assert ended == ["completed"]
    assert (first.customers, second.customers) == (1, 0)
    assert leaving.raw_keys() == []
    age_records(operator.engine, both, operator.settings.retention, now=months_later, dry_run=False)
    rebuild_gallery(operator.engine, operator.vectors, both, over.model_version)
    for tenant_id in both:
        assert gallery_drift(operator.engine, operator.vectors, tenant_id, over.model_version).none
    operator.close()
