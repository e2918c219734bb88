"""The job `erase` as Dagster runs it: every store, dbt for the marts, the certificate; and what its sensor starts."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from dagster import DagsterInstance, RunRequest, SkipReason, build_sensor_context
from sqlalchemy import text

from contracts.base import CustomerId
from contracts.erasure import CustomerSubject
from footfall.environment import settings_environment
from footfall.erasure_certificate import verify
from footfall.erasure_requests import certificate_of, get_request, request_erasure
from footfall.settings import S3Settings, Settings
from footfall.signing_keys import ever_signed
from footfall.stores.objects import S3ObjectStore
from footfall.stores.vectors import open_vectors
from footfall.tenancy import tenant_transaction
from orchestration.resources import RecordResource
from orchestration.sensors import erasure_requested
from tests.integration.marts import Record
from tests.integration.orchestration.conftest import RunJob


@pytest.mark.e2e
def test_a_customer_is_erased_and_leaves_the_marts(
    settings: Settings, s3: S3Settings, record: Record, run_job: RunJob, tmp_path: Path
) -> None:
    # Behind an alias of its own: what other tests left behind theirs is of whatever model version they liked.
    vectors = settings.milvus.model_copy(update={"alias": "erased"})
    own = settings.model_copy(update={"home": tmp_path, "s3": s3, "milvus": vectors})
    S3ObjectStore(s3).ensure()
    open_vectors(own).ensure("mock-1")
    site = record.site()
    customer_id = CustomerId(record.customer())
    record.visit(site, customer_id, "2026-11-20T09:00")
    assert run_job("refresh_marts", own).success

    def counted() -> int:
        with tenant_transaction(record.engine, record.tenant_id) as connection:
            return int(connection.execute(text("select count(*) from marts.visits_daily")).scalar_one())

    assert counted() == 1
    request = request_erasure(
        record.engine,
        record.tenant_id,
        CustomerSubject(kind="customer", customer_id=customer_id),
        reference="Letter 1",
        now=datetime.now(UTC),
        actor="test",
    )
    result = run_job("erase", own)
    assert result.success
    after = get_request(record.engine, record.tenant_id, request.request_id)
    assert (after.status, after.error, counted()) == ("completed", None, 0)
    signed = certificate_of(record.engine, record.tenant_id, request.request_id)
    assert verify(signed.model_dump_json().encode(), ever_signed(own.keys_path)).is_about(customer_id)


def test_a_request_starts_the_job_at_once_and_is_tried_again_later(settings: Settings, record: Record) -> None:
    with patch.dict(os.environ, settings_environment(settings, secrets=True)), DagsterInstance.ephemeral() as instance:
        context = build_sensor_context(instance=instance, resources={"record": RecordResource()})
        request_erasure(
            record.engine,
            record.tenant_id,
            CustomerSubject(kind="customer", customer_id=record.customer()),
            reference="Letter 1",
            now=datetime.now(UTC),
            actor="test",
        )
        assert isinstance(erasure_requested(context), RunRequest)
        assert isinstance(erasure_requested(context), SkipReason)
        context.update_cursor(json.dumps({**json.loads(context.cursor or "{}"), "at": 0.0}))
        assert isinstance(erasure_requested(context), RunRequest)
