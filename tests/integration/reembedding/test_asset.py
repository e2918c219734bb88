"""Dagster's side of it: the asset by tenant, its check and the sensor that starts it, over a real Postgres."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, SensorResult, build_sensor_context, materialize

from assets.partitions import TENANTS
from assets.reembedding import reembedding, reembedding_complete
from footfall.environment import settings_environment
from footfall.operations import OperatorServices, open_operator_services
from footfall.reembedding_switch import pause
from footfall.services import Services
from footfall.settings import Settings
from orchestration.resources import RecordResource
from orchestration.sensors import second_version
from tests.integration.reembedding.two_versions import NEW, TwoVersions


class Opened:
    """A resource whose parts are open already."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts

    @contextmanager
    def open(self) -> Iterator[Services]:
        yield self._parts


class OperatorParts:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def open(self) -> Iterator[OperatorServices]:
        opened = open_operator_services(self._settings)
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def run(two: TwoVersions, instance: DagsterInstance, settings: Settings) -> ExecuteInProcessResult:
    key = str(two.tenant_id)
    instance.add_dynamic_partitions(str(TENANTS.name), [key])
    return materialize(
        [reembedding, reembedding_complete],
        partition_key=key,
        instance=instance,
        resources={"reembedder": Opened(two.operator), "services": OperatorParts(settings)},
        raise_on_error=False,
    )


def metadata(result: ExecuteInProcessResult) -> dict[str, object]:
    [event] = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_tenant_is_brought_over_and_the_check_tells_how_much_is_covered(
    two: TwoVersions, instance: DagsterInstance, settings: Settings
) -> None:
    two.see(1)
    two.see(2, pictured=False)
    two.begin()
    result = run(two, instance, settings)
    told = metadata(result)
    assert (told["outcome"], told["dagster/row_count"], told["set_aside"]) == ("complete", 2, 2)
    assert (told["customers"], told["customers_known"], told["untried"]) == (2, 1, 0)
    [check] = result.get_asset_check_evaluations()
    assert check.passed
    assert check.metadata["set_aside"].value == 2


def test_a_pause_ends_the_run_and_the_check_warns_naming_the_tenant(
    two: TwoVersions, instance: DagsterInstance, settings: Settings
) -> None:
    two.see(1)
    two.begin()
    pause(two.operator, NEW, paused=True)
    result = run(two, instance, settings)
    assert metadata(result)["outcome"] == "paused"
    [check] = result.get_asset_check_evaluations()
    assert (check.passed, check.severity.value) == (False, "WARN")
    assert check.metadata["tenants_behind"].value == [str(two.tenant_id)]
    assert "2 templates of 1 of 1 tenants were not tried in mock-2" in (check.description or "")


def test_with_one_version_alone_there_is_nothing_to_do(
    two: TwoVersions, instance: DagsterInstance, settings: Settings
) -> None:
    two.see(1)
    result = run(two, instance, settings)
    assert metadata(result)["outcome"] == "no second version"
    assert [check.passed for check in result.get_asset_check_evaluations()] == [True]


def test_the_sensor_starts_every_tenant_that_lacks_something(
    two: TwoVersions, instance: DagsterInstance, settings: Settings
) -> None:
    def tick() -> SensorResult:
        context = build_sensor_context(instance=instance)
        with patch.dict(os.environ, settings_environment(settings, secrets=True)):
            told = second_version(context, record=RecordResource())
        assert isinstance(told, SensorResult)
        return told

    two.see(1)
    assert tick().run_requests == []
    two.begin()
    started = tick()
    assert [request.partition_key for request in started.run_requests or ()] == [str(two.tenant_id)]
    assert [list(added.partition_keys) for added in started.dynamic_partitions_requests or ()] == [[str(two.tenant_id)]]
    pause(two.operator, NEW, paused=True)
    assert tick().run_requests == []
    pause(two.operator, NEW, paused=False)
    two.bring_over()
    assert tick().run_requests == []
