"""A rebuilt collection that is not what the record says, or finds too few, is never served; and going back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from contracts.base import TemplateId, TenantId
from footfall.errors import VectorsUnavailableError
from footfall.gallery import gallery_drift, mend_gallery, rebuild_gallery, rollback_gallery
from footfall.gallery_check import PROBES, Witness, sample_sizes
from footfall.services import Services
from footfall.settings import MilvusSettings
from footfall.stores.base import BuiltCollection, Hit, RebuildReport, StoredTemplate, Verify
from footfall.stores.standins import MemoryVectorStore
from footfall.vision.types import Float32Array
from tests.contract.templates import new_tenant, templates
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import World
from tests.vectors import person


class Tampering:
    """A filled collection as a faulty server would show it."""

    def __init__(self, built: BuiltCollection, fault: str) -> None:
        self._built, self._fault = built, fault
        self.name = built.name
        self.nlist = 64 if fault == "blind" else built.nlist
        self.chosen: list[int] = []

    def template_ids(self, tenant_id: TenantId) -> set[TemplateId]:
        ids = self._built.template_ids(tenant_id)
        return set(sorted(ids)[1:]) if self._fault == "lost" else ids

    def vectors(self, tenant_id: TenantId, template_ids: Sequence[TemplateId]) -> dict[TemplateId, Float32Array]:
        held = self._built.vectors(tenant_id, template_ids)
        return {key: -vector for key, vector in held.items()} if self._fault == "garbled" else held

    def search(
        self, tenant_id: TenantId, probes: Float32Array, *, limit: int, nprobe: int | None = None
    ) -> list[list[Hit]]:
        found = self._built.search(tenant_id, probes, limit=limit, nprobe=nprobe)
        blind = self._fault == "missing" or (self._fault == "blind" and (nprobe or 0) < 32)
        return [hits[1:] for hits in found] if blind else found

    def choose_nprobe(self, nprobe: int) -> None:
        self.chosen.append(nprobe)


class Faulty(MemoryVectorStore):
    fault = ""
    seen: Tampering | None = None

    def rebuild(
        self,
        model_version: str,
        templates: Iterable[StoredTemplate],
        *,
        verify: Verify | None = None,
        late: Iterable[StoredTemplate] = (),
    ) -> RebuildReport:
        def tampered(built: BuiltCollection) -> None:
            self.seen = Tampering(built, self.fault)
            assert verify is not None
            verify(self.seen)

        return super().rebuild(model_version, templates, verify=tampered, late=late)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("lost", "1 templates are missing"),
        ("garbled", "sampled vectors are not as recorded"),
        ("missing", "an exact search finds"),
    ],
)
def test_a_collection_that_is_not_as_recorded_is_not_served(
    services: Services, worlds: Worlds, fault: str, said: str
) -> None:
    world = worlds("identify")
    for number in range(3):
        world.hire(person(number), f"Staff {number}")
    faulty = Faulty(MilvusSettings())
    faulty.ensure(services.model_version)
    before = faulty.served()
    faulty.fault = fault
    with pytest.raises(VectorsUnavailableError, match=said):
        rebuild_gallery(services.engine, faulty, [world.tenant_id], services.model_version)
    assert faulty.served() == before
    faulty.fault = ""
    rebuilt = rebuild_gallery(services.engine, faulty, [world.tenant_id], services.model_version)
    assert (rebuilt.verification.templates, rebuilt.verification.recall_at_1) == (3, 1.0)


def test_of_a_large_gallery_the_fewest_clusters_that_find_enough_are_chosen(services: Services, worlds: Worlds) -> None:
    world = worlds("identify")
    world.hire(person(1))
    faulty = Faulty(MilvusSettings())
    faulty.fault = "blind"
    for exact_up_to, chosen in ((0, 32), (1, 64)):
        rebuilt = rebuild_gallery(
            services.engine,
            faulty,
            [world.tenant_id],
            services.model_version,
            limits=MilvusSettings(exact_up_to=exact_up_to),
        )
        assert rebuilt.verification.nprobe == chosen
        assert faulty.seen is not None
        assert faulty.seen.chosen == [chosen]


def test_an_empty_gallery_is_served(services: Services, worlds: Worlds) -> None:
    rebuilt = rebuild_gallery(services.engine, services.vectors, [worlds("identify").tenant_id], services.model_version)
    assert (rebuilt.verification.probes, rebuilt.verification.recall_at_10) == (0, 1.0)


def test_recall_is_the_share_of_the_exact_neighbours_that_are_found() -> None:
    tenant = new_tenant()
    held = templates(tenant, 400)
    store = MemoryVectorStore(MilvusSettings())
    witness = Witness({tenant: held[:50]})
    told: list[BuiltCollection] = []
    store.rebuild("mock-1", witness.watched(held), verify=told.append)
    verified = witness.verify(told[0], min_recall=1.0, exact_up_to=0)
    assert (verified.templates, verified.probes, verified.sampled_vectors) == (400, 50, 50)
    assert (verified.recall_at_1, verified.recall_at_10) == (1.0, 1.0)


def test_probes_are_shared_out_by_size_and_nobody_is_left_out() -> None:
    small, large, empty = new_tenant(), new_tenant(), new_tenant()
    sizes = sample_sizes({small: 3, large: 100_000, empty: 0})
    assert sizes[small] == 1
    assert 1 < sizes[large] <= PROBES
    assert sizes[empty] == 0


def test_going_back_brings_the_former_collection_to_what_is_recorded_now(services: Services, world: World) -> None:
    world.hire(person(1))
    tenants = [world.tenant_id]
    former = rebuild_gallery(services.engine, services.vectors, tenants, services.model_version).report
    latest = rebuild_gallery(services.engine, services.vectors, tenants, services.model_version).report
    customer = world.see(person(2)).decision.person_id
    report, mended = rollback_gallery(services.engine, services.vectors, tenants, services.model_version)
    assert (report.collection, report.previous) == (former.collection, latest.collection)
    assert (mended.added, mended.removed) == (1, 0)
    assert world.see(person(2)).decision.person_id == customer


def test_nothing_is_gone_back_to_where_nothing_is_kept(services: Services, world: World) -> None:
    with pytest.raises(VectorsUnavailableError, match="No former collection"):
        rollback_gallery(services.engine, services.vectors, [world.tenant_id], services.model_version)


def test_mending_leaves_no_drift(services: Services, world: World) -> None:
    world.hire(person(1))
    [recorded] = world.vector_ids()
    ghost = replace(templates(world.tenant_id, 1)[0], vector=np.eye(512, dtype=np.float32)[0])
    services.vectors.upsert(services.model_version, [ghost])
    services.vectors.delete(world.tenant_id, [recorded])
    mended = mend_gallery(services.engine, services.vectors, world.tenant_id, services.model_version)
    assert (mended.added, mended.removed) == (1, 1)
    assert gallery_drift(services.engine, services.vectors, world.tenant_id, services.model_version).none
