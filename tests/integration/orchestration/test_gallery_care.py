"""Mending the gallery and going back, as Dagster's jobs do, over the real Postgres and the real vector store."""

from __future__ import annotations

from uuid import uuid4

from contracts.base import TemplateId
from footfall.operations import OperatorServices
from footfall.settings import Settings
from footfall.stores.base import StoredTemplate
from tests.integration.marts import Record
from tests.integration.orchestration.conftest import RunJob
from tests.integration.orchestration.test_gallery import enrol, metadata, verdict
from tests.vectors import person


def test_mending_writes_what_is_missing_and_deletes_what_is_nobodys(
    run_job: RunJob, settings: Settings, services: OperatorServices, record: Record
) -> None:
    faces = [enrol(record, record.staff(), number, services.model_version) for number in (1, 2)]
    assert verdict(run_job("rebuild_gallery", settings))
    served = services.vectors.served().collection
    ghost = StoredTemplate(TemplateId(uuid4()), record.tenant_id, "customer", uuid4(), person(9))
    services.vectors.upsert(services.model_version, [ghost])
    services.vectors.delete(record.tenant_id, [TemplateId(faces[0])])
    assert not verdict(run_job("check_gallery", settings))
    assert verdict(run_job("mend_gallery", settings))
    assert services.vectors.template_ids(record.tenant_id) == set(faces)
    assert services.vectors.served().collection == served, "nothing was rebuilt"


def test_a_rebuild_tells_what_was_verified(
    run_job: RunJob, settings: Settings, services: OperatorServices, record: Record
) -> None:
    enrol(record, record.staff(), 1, services.model_version)
    told = metadata(run_job("rebuild_gallery", settings), "gallery_index")
    assert told["recall_at_1"] == told["recall_at_10"] == 1.0
    assert isinstance(told["probes"], int)
    assert told["probes"] >= 1
    assert told["nprobe"] == settings.milvus.nlist, "every cluster, which is exact"


def test_going_back_serves_the_former_collection_with_what_came_since(
    run_job: RunJob, settings: Settings, services: OperatorServices, record: Record
) -> None:
    staff = record.staff()
    first = enrol(record, staff, 1, services.model_version)
    run_job("rebuild_gallery", settings)
    former = services.vectors.served().collection
    second = enrol(record, staff, 2, services.model_version)
    run_job("rebuild_gallery", settings)
    latest = services.vectors.served().collection
    assert run_job("rollback_gallery", settings).success
    assert services.vectors.served().collection == former != latest
    assert services.vectors.template_ids(record.tenant_id) == {first, second}
    assert run_job("rollback_gallery", settings).success
    assert services.vectors.served().collection == latest
