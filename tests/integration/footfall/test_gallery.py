"""The vector store can be told apart from Postgres and made from it, for every tenant, while events go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from contracts.base import TemplateId
from contracts.people import EventReceipt
from footfall import gallery
from footfall.errors import VectorsUnavailableError
from footfall.gallery import Drift, gallery_drift, gallery_templates, list_tenant_ids, rebuild_gallery
from footfall.record import operator_engine
from footfall.services import Services
from footfall.settings import MilvusSettings
from footfall.stores.base import RebuildReport, StoredTemplate, Verify
from footfall.stores.standins import MemoryVectorStore
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import MORNING, World
from tests.vectors import person


def drift_of(world: World) -> Drift:
    return gallery_drift(world.services.engine, world.services.vectors, world.tenant_id, world.services.model_version)


def rebuilt(services: Services, *worlds: World) -> RebuildReport:
    return rebuild_gallery(
        services.engine, services.vectors, [world.tenant_id for world in worlds], services.model_version
    ).report


def ghost(world: World) -> StoredTemplate:
    return StoredTemplate(TemplateId(uuid4()), world.tenant_id, "customer", uuid4(), person(77))


def test_the_gallery_is_staff_and_customers_with_their_templates(world: World) -> None:
    ada = world.hire(person(1))
    customer = world.see(person(2)).decision.person_id

    found = {
        template.person_id: template
        for template in gallery_templates(world.services.engine, world.tenant_id, world.services.model_version)
    }

    assert {person_id: template.person_kind for person_id, template in found.items()} == {
        ada: "staff",
        customer: "customer",
    }
    assert np.allclose(found[ada].vector, person(1), atol=1e-6)
    assert {template.template_id for template in found.values()} == world.vector_ids()
    assert all(template.tenant_id == world.tenant_id for template in found.values())


def test_the_gallery_is_of_one_tenant_and_one_model_version(world: World, worlds: Worlds) -> None:
    world.see(person(1))
    worlds("identify").see(person(2))

    assert len(list(gallery_templates(world.services.engine, world.tenant_id, world.services.model_version))) == 1
    assert list(gallery_templates(world.services.engine, world.tenant_id, "other-2")) == []


@pytest.mark.parametrize("batch_rows", [1, 2, 5, 6, 7])
def test_the_gallery_is_read_whole_in_batches_of_any_size(
    world: World, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    for number in range(3):
        world.hire(person(number), f"Staff {number}")
        world.see(person(10 + number))
    monkeypatch.setattr(gallery, "_BATCH_ROWS", batch_rows)

    read = list(gallery_templates(world.services.engine, world.tenant_id, world.services.model_version))

    assert len(read) == 6
    assert {template.template_id for template in read} == world.vector_ids()


def test_no_drift_after_ordinary_work(world: World) -> None:
    world.hire(person(1))
    world.see(person(2))

    assert drift_of(world).none


def test_drift_names_what_is_missing_and_what_is_nobodys(world: World) -> None:
    world.see(person(2))
    [recorded] = world.vector_ids()
    extra = ghost(world)
    world.services.vectors.upsert(world.services.model_version, [extra])
    world.services.vectors.delete(world.tenant_id, [recorded])

    drift = drift_of(world)

    assert drift == Drift(missing=frozenset({recorded}), orphaned=frozenset({extra.template_id}))
    assert not drift.none


def test_templates_of_another_model_version_show_as_missing_unless_one_is_asked_for(world: World) -> None:
    world.see(person(2))
    world.rows("update footfall.customer_templates set model_version = 'other-2' returning 1")
    [recorded] = world.vector_ids()

    assert drift_of(world).orphaned == {recorded}
    assert gallery_drift(world.services.engine, world.services.vectors, world.tenant_id).none


def test_a_rebuild_serves_every_tenants_templates(services: Services, worlds: Worlds) -> None:
    one, other = worlds("identify"), worlds("identify")
    known = one.see(person(1)).decision.person_id
    other.see(person(1))
    ada = other.hire(person(2))
    services.vectors.upsert(services.model_version, [ghost(one)])

    report = rebuilt(services, one, other)

    assert (report.vectors, report.previous is not None) == (3, True)
    assert drift_of(one).none
    assert drift_of(other).none
    assert one.see(person(1), at=MORNING + timedelta(hours=2)).decision.person_id == known
    assert other.see(person(2), at=MORNING + timedelta(hours=2)).decision.person_id == ada


class BusyVectors(MemoryVectorStore):
    """Things happen while it is being rebuilt: `meanwhile` once the bulk of the gallery has been read, `switching`
    once all of it has been read and before the fresh collection is served."""

    def __init__(self) -> None:
        super().__init__(MilvusSettings())
        self.meanwhile: list[Callable[[], object]] = []
        self.switching: list[Callable[[], object]] = []

    def rebuild(
        self,
        model_version: str,
        templates: Iterable[StoredTemplate],
        *,
        verify: Verify | None = None,
        late: Iterable[StoredTemplate] = (),
    ) -> RebuildReport:
        def bulk() -> Iterable[StoredTemplate]:
            for template in templates:
                yield template
                while self.meanwhile:
                    self.meanwhile.pop()()

        def rest() -> Iterable[StoredTemplate]:
            yield from late
            while self.switching:
                self.switching.pop()()

        return super().rebuild(model_version, bulk(), verify=verify, late=rest())


@pytest.fixture
def busy_vectors() -> BusyVectors:
    return BusyVectors()


@pytest.fixture
def busy(world: World, busy_vectors: BusyVectors) -> World:
    over = replace(world, services=replace(world.services, vectors=busy_vectors))
    over.services.prepare()
    return over


def test_what_changes_while_the_gallery_is_read_is_in_the_fresh_collection(
    busy: World, busy_vectors: BusyVectors
) -> None:
    stays = busy.see(person(1)).decision.person_id
    leaves = busy.see(person(2)).decision.person_id
    busy_vectors.meanwhile = [
        lambda: busy.see(person(50)),
        lambda: busy.rows("delete from footfall.customer_templates where customer_id = :gone returning 1", gone=leaves),
    ]

    report = rebuilt(busy.services, busy)

    assert report.vectors == 2
    assert drift_of(busy).none
    assert busy.see(person(1), at=MORNING + timedelta(hours=2)).decision.person_id == stays
    assert busy.see(person(50), at=MORNING + timedelta(hours=2)).decision.kind == "customer"
    assert busy.see(person(2), at=MORNING + timedelta(hours=2)).decision.kind == "new_customer"


def test_an_event_waits_for_the_switch_and_is_decided_by_the_fresh_collection(
    busy: World, busy_vectors: BusyVectors
) -> None:
    """Else a customer who is made between the last look at the gallery and the switch would be made twice."""
    busy.see(person(1))
    with ThreadPoolExecutor(1) as camera:
        sent: list[Future[EventReceipt]] = []

        def send_and_see_it_wait() -> None:
            sent.append(camera.submit(busy.see, person(60)))
            while not busy.rows("select 1 from pg_locks where locktype = 'advisory' and not granted"):
                assert not sent[0].done(), "the event was decided before the switch"

        busy_vectors.switching = [send_and_see_it_wait]
        rebuilt(busy.services, busy)
        assert sent[0].result().decision.kind == "new_customer"

    assert drift_of(busy).none
    assert busy.see(person(60), at=MORNING + timedelta(hours=2)).decision.kind == "customer"


def test_another_tenants_events_wait_as_well(busy: World, busy_vectors: BusyVectors, worlds: Worlds) -> None:
    other = worlds("identify")
    other = replace(other, services=busy.services)
    busy.see(person(1))
    held: list[int] = []
    busy_vectors.switching = [
        lambda: held.append(len(busy.rows("select 1 from pg_locks where locktype = 'advisory' and granted")))
    ]

    rebuilt(busy.services, busy, other)

    assert held == [2]
    assert busy.rows("select 1 from pg_locks where locktype = 'advisory'") == []


def test_a_rebuild_that_fails_leaves_the_former_gallery_served(busy: World, busy_vectors: BusyVectors) -> None:
    known = busy.see(person(1)).decision.person_id

    def go_away() -> None:
        raise VectorsUnavailableError("The test's vector store is away.")

    busy_vectors.switching = [go_away]
    with pytest.raises(VectorsUnavailableError):
        rebuilt(busy.services, busy)

    assert busy.see(person(1), at=MORNING + timedelta(hours=2)).decision.person_id == known


def test_the_operator_lists_every_tenant_and_reads_each_gallery(world: World, worlds: Worlds) -> None:
    other = worlds("identify")
    world.see(person(1))
    engine = operator_engine(world.services.settings, application="test")

    tenants = list_tenant_ids(engine)
    read = list(gallery_templates(engine, world.tenant_id, world.services.model_version))
    engine.dispose()

    assert tenants.index(world.tenant_id) < tenants.index(other.tenant_id)
    assert {template.template_id for template in read} == world.vector_ids()
