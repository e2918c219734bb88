"""The review queue's asset and the check of the log of corrections, as Dagster runs them over a real Postgres."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

from dagster import AssetKey, ExecuteInProcessResult

from footfall.operations import OperatorServices
from footfall.settings import Settings
from tests.integration.marts import Record
from tests.integration.orchestration.conftest import RunJob
from tests.integration.orchestration.test_gallery import enrol, metadata


def replayed(result: ExecuteInProcessResult) -> tuple[bool, list[str]]:
    """Whether the check passed, and the tenants that it names."""
    [check] = [
        found
        for found in result.get_asset_check_evaluations()
        if (found.asset_key, found.check_name) == (AssetKey("duplicate_candidates"), "corrections_replay")
    ]
    failing = check.metadata["failing_tenants"].value
    assert isinstance(failing, list)
    return check.passed, failing


def corrected(record: Record, event_id: UUID) -> None:
    """An entry of the log that gives the sighting to a customer, past whom the row says."""
    to = {"person_kind": "customer", "person_id": str(record.customer())}
    moved = {"events": [{"event_id": str(event_id), "before": None, "after": to}], "named": [to]}
    record.execute(
        "insert into footfall.corrections (tenant_id, correction_id, kind, actor, detail) "
        "values (:tenant, :id, 'move_sighting', 'test', cast(:detail as jsonb))",
        id=uuid4(),
        detail=json.dumps(moved),
    )


def test_one_person_under_two_names_becomes_a_question(
    run_job: RunJob, settings: Settings, services: OperatorServices, record: Record
) -> None:
    one, other = record.staff(), record.staff()
    before = metadata(run_job("rebuild_gallery", settings), "duplicate_candidates")
    for staff in (one, other):
        enrol(record, staff, 77, services.model_version)
    told = metadata(run_job("rebuild_gallery", settings), "duplicate_candidates")
    assert isinstance(told["duplicates"], int)
    assert isinstance(before["duplicates"], int)
    assert told["duplicates"] == before["duplicates"] + 1
    with record.transaction() as connection:
        asked = connection.exec_driver_sql("select staff_id, other_staff_id from footfall.review_items").all()
    assert [set(row) for row in asked] == [{one, other}]


def test_a_log_that_does_not_give_what_the_record_has_fails_the_check(
    run_job: RunJob, settings: Settings, record: Record
) -> None:
    event_id = record.sighting(record.site(), "2026-03-02 10:00")
    assert str(record.tenant_id) not in replayed(run_job("rebuild_gallery", settings))[1]
    corrected(record, event_id)
    passed, failing = replayed(run_job("rebuild_gallery", settings))
    assert not passed
    assert str(record.tenant_id) in failing
