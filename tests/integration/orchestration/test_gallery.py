"""The gallery's assets and their check over the real Postgres and the real vector store."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity, AssetKey, ExecuteInProcessResult
from dagster._core.execution.plan.objects import UserFailureData
from sqlalchemy import text

from contracts.base import TemplateId, TenantId
from footfall.operations import OperatorServices
from footfall.settings import MilvusSettings, Settings
from footfall.stores.base import StoredTemplate
from footfall.templates import encode_vector
from tests.integration.marts import BOX, Record
from tests.integration.orchestration.conftest import RunJob
from tests.vectors import person


def enrol(record: Record, staff_id: UUID, number: int, model_version: str) -> UUID:
    """A face in Postgres alone, as if the vector store had been lost."""
    face_id = uuid4()
    record.execute(
        """
        insert into footfall.staff_face_images (
            tenant_id, face_id, staff_id, image_key, image_sha256, crop_key, box, landmarks, quality, model_version,
            embedding
        )
        values (
            :tenant, :face, :staff, 'image', :digest, 'crop', cast(:box as jsonb), '[]', '{}', :version, :embedding
        )
        """,
        face=face_id,
        staff=staff_id,
        digest=face_id.bytes * 2,
        box=BOX,
        version=model_version,
        embedding=encode_vector(person(number)),
    )
    return face_id


def metadata(result: ExecuteInProcessResult, asset: str) -> dict[str, object]:
    [event] = [event for event in result.get_asset_materialization_events() if event.asset_key == AssetKey(asset)]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def comparison(result: ExecuteInProcessResult) -> AssetCheckEvaluation:
    [check] = [found for found in result.get_asset_check_evaluations() if found.check_name == "gallery_matches_record"]
    return check


def verdict(result: ExecuteInProcessResult) -> bool:
    return comparison(result).passed


def failure(result: ExecuteInProcessResult, step: str) -> UserFailureData:
    [failed] = [event for event in result.all_events if event.is_step_failure and event.step_key == step]
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    return told


@pytest.fixture
def enrolled(record: Record, services: OperatorServices) -> tuple[Record, list[UUID]]:
    """One member of staff with two faces, another with one of a former model, who is therefore unrecognisable."""
    known, forgotten = record.staff(), record.staff()
    faces = [enrol(record, known, number, services.model_version) for number in (1, 2)]
    enrol(record, forgotten, 3, "a-former-model")
    return record, faces


def test_a_rebuild_makes_the_store_hold_what_postgres_records(
    run_job: RunJob, settings: Settings, services: OperatorServices, enrolled: tuple[Record, list[UUID]]
) -> None:
    record, faces = enrolled
    result = run_job("rebuild_gallery", settings)
    assert result.success
    assert verdict(result)
    assert services.vectors.template_ids(record.tenant_id) == set(faces)
    [[hit]] = services.vectors.search(record.tenant_id, services.model_version, person(2)[None], limit=1)
    assert hit.template_id == faces[1]
    told = metadata(result, "gallery_index")
    assert told["model_version"] == services.model_version
    assert isinstance(told["dagster/row_count"], int)
    assert told["dagster/row_count"] >= 2
    assert str(told["collection"]).startswith("faces")
    assert isinstance(told["seconds"], float)


def test_the_counts_tell_who_can_be_recognised(
    run_job: RunJob, settings: Settings, enrolled: tuple[Record, list[UUID]]
) -> None:
    record, _ = enrolled
    told = metadata(run_job("rebuild_gallery", settings), "staff_gallery")
    with record.transaction() as connection:
        slug = connection.execute(text("select slug from footfall.tenants")).scalar_one()
    table = told["by_tenant"]
    [row] = [entry.data for entry in table.records if entry.data["tenant"] == slug]  # type: ignore[attr-defined]
    assert row == {
        "tenant": slug,
        "staff": 2,
        "staff_faces": 3,
        "unrecognisable_staff": 1,
        "customers": 0,
        "customer_templates": 0,
        "other_version_templates": 1,
    }


def test_a_template_that_the_store_lost_fails_the_check_until_a_rebuild(
    run_job: RunJob, settings: Settings, services: OperatorServices, enrolled: tuple[Record, list[UUID]]
) -> None:
    record, faces = enrolled
    assert verdict(run_job("rebuild_gallery", settings))
    services.vectors.delete(record.tenant_id, [TemplateId(faces[0])])
    result = run_job("check_gallery", settings)
    assert not result.success  # what follows the gallery is held back, and the operator is told
    check = comparison(result)
    assert not check.passed
    assert check.metadata["missing"].value == 1
    assert check.metadata["drifted_tenants"].value == [str(record.tenant_id)]
    assert verdict(run_job("rebuild_gallery", settings))


def test_a_template_of_nobody_fails_the_check_until_a_rebuild(
    run_job: RunJob, settings: Settings, services: OperatorServices, enrolled: tuple[Record, list[UUID]]
) -> None:
    record, _ = enrolled
    assert verdict(run_job("rebuild_gallery", settings))
    left_behind = StoredTemplate(TemplateId(uuid4()), record.tenant_id, "customer", uuid4(), person(9))
    services.vectors.upsert(services.model_version, [left_behind])
    result = run_job("check_gallery", settings)
    check = comparison(result)
    assert not check.passed
    assert check.metadata["orphaned"].value == 1
    assert verdict(run_job("rebuild_gallery", settings))
    assert left_behind.template_id not in services.vectors.template_ids(record.tenant_id)


def test_a_vector_store_that_is_away_fails_the_run_by_name_and_is_tried_again(
    run_job: RunJob, settings: Settings, record: Record
) -> None:
    away = settings.model_copy(update={"milvus": MilvusSettings(uri="http://127.0.0.1:1", timeout_seconds=0.5)})
    result = run_job("rebuild_gallery", away)
    assert not result.success
    succeeded = {event.step_key for event in result.all_events if event.is_step_success}
    assert "staff_gallery" in succeeded
    assert not {key for key in succeeded if key and key.startswith("gallery_index")}
    assert [event.step_key for event in result.all_events if event.is_step_failure] == ["gallery_index"]
    told = failure(result, "gallery_index")
    assert (told.description or "").startswith("The vector store is away")
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == 2


def test_a_database_that_is_away_fails_the_run_by_name(run_job: RunJob, settings: Settings) -> None:
    away = settings.model_copy(
        update={"postgres": settings.postgres.model_copy(update={"operator_dsn": _dsn_to_nowhere(settings)})}
    )
    result = run_job("check_gallery", away)
    told = failure(result, "gallery_index_gallery_matches_record")
    assert (told.description or "").startswith("Postgres is away")


def test_a_missing_dsn_fails_the_run_and_says_which(run_job: RunJob, settings: Settings) -> None:
    without = settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"operator_dsn": None})})
    result = run_job("check_gallery", without)
    told = failure(result, "gallery_index_gallery_matches_record")
    assert "footfall_operator" in (told.description or "")
    assert "FOOTFALL_POSTGRES__OPERATOR_DSN" in str(told.metadata["what to do"].value)


def _dsn_to_nowhere(settings: Settings) -> object:
    dsn = settings.postgres.operator_dsn
    assert dsn is not None
    return type(dsn)("postgresql://footfall_operator:nothing-but-a-password@127.0.0.1:1/none")


def test_a_tenant_without_anyone_enrolled_is_counted_and_matches(
    run_job: RunJob, settings: Settings, services: OperatorServices, record: Record
) -> None:
    assert verdict(run_job("rebuild_gallery", settings))
    assert services.vectors.template_ids(TenantId(record.tenant_id)) == set()


def test_thresholds_are_calibrated_for_every_tenant_and_few_people_are_warned_of(
    settings: Settings, run_job: RunJob, enrolled: tuple[Record, list[UUID]]
) -> None:
    record, _ = enrolled
    result = run_job("rebuild_gallery", settings)

    told = metadata(result, "thresholds")
    assert str(record.tenant_id) in str(told["thresholds"])
    assert "data:image/svg+xml;base64," in str(told["score distributions"])
    [check] = [
        found
        for found in result.get_asset_check_evaluations()
        if found.check_name == "thresholds_rest_on_enough_people"
    ]
    assert not check.passed
    assert check.severity is AssetCheckSeverity.WARN
    assert result.success
