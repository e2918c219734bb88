"""The definitions: that they load with nothing up, and that what they show reads as the product's own description."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import yaml
from dagster import (
    AssetKey,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    Definitions,
    MaterializeResult,
    OpDefinition,
    PartitionsDefinition,
)
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction
from dagster._core.definitions.sensor_definition import SensorType

from assets.dbt_project import load_manifest
from assets.needs import POOLS, Effect, Holds
from assets.partitions import DAYS, IN_ONE_RUN, TENANT_DAYS, TENANTS
from assets.timing import timed
from footfall.settings import Settings, load_settings
from orchestration.definitions import build_definitions
from orchestration.jobs import JOBS

GROUPS = {
    "sources": {
        *("sites", "staff_face_images", "customer_templates", "face_events", "visits", "traffic_changes"),
        *("audit_log", "retention_terms", "raw_images", "derived_images"),
    },
    "gallery": {"staff_gallery", "gallery_index", "thresholds"},
    "customers": {"duplicate_candidates"},
    "erasure": {"erasure_requests", "purge_certificates"},
    "retention": {"expired_raw_images", "orphaned_objects", "orphaned_vectors", "aged_marts", "face_keys"},
    "days": {"recorded_days", "reopened_days"},
    "models": {"reembedding"},
    "quality": {"data_docs", "marts_docs"},
    "staging": {
        *("stg_sites", "stg_visits", "stg_sightings", "stg_unidentified_sightings", "stg_traffic_changes"),
        *("int_visits_local", "int_sightings_local", "int_presence_local", "int_camera_sightings_local"),
        "int_changed_days",
    },
    "marts": {
        *("visits_15min", "visits_hourly", "visits_daily", "visits_weekly", "visits_monthly", "site_traffic"),
        *("dwell", "occupancy", "staff_presence", "camera_health", "repeat_cohorts"),
    },
}
MART_CHECKS = {
    f"{mart}_{check}"
    for mart in ("visits_15min", "visits_hourly", "visits_daily")
    for check in (
        "grain_is_unique",
        "counts_nothing_below_zero",
        "agrees_with_its_sites",
        "matches_the_record",
        "shows_each_tenant_its_own",
    )
}
NOBODY = "postgresql://nobody:nothing-but-a-password@127.0.0.1:1/none"

LOADS = """
import json, sys

def refuse(event, arguments):
    if event == "socket.connect":
        raise AssertionError(f"connected to {arguments[1]}")

sys.addaudithook(refuse)
from orchestration.definitions import defs

repository = defs().get_repository_def()
slow = sorted({"pymilvus", "cv2", "onnxruntime", "openvino", "pandas"} & set(sys.modules))
print(json.dumps({"jobs": sorted(repository.job_names), "slow": slow}))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a machine on which nothing answers."""
    return load_settings(
        home=tmp_path_factory.mktemp("home"),
        postgres={"operator_dsn": NOBODY, "transform_dsn": NOBODY},
        milvus={"uri": "http://127.0.0.1:1"},
    )


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> Definitions:
    return build_definitions(settings)


def load_in_a_process(settings: Settings, **environment: str) -> subprocess.CompletedProcess[str]:
    dsn = {f"FOOTFALL_POSTGRES__{role}_DSN": NOBODY for role in ("OPERATOR", "TRANSFORM")}
    return subprocess.run(
        [sys.executable, "-c", LOADS],
        env={**os.environ, "FOOTFALL_HOME": str(settings.home), **dsn, **environment},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_definitions_load_with_everything_away_and_connect_to_nothing(
    settings: Settings, definitions: Definitions
) -> None:
    """Nor do they import what only a run needs."""
    loaded = load_in_a_process(settings)
    assert loaded.returncode == 0, loaded.stderr
    told = json.loads(loaded.stdout.splitlines()[-1])
    assert {"rebuild_gallery", "refresh_marts", "refresh_all", "check_gallery"} <= set(told["jobs"])
    assert told["slow"] == []


def test_a_configuration_that_does_not_work_is_named_when_loading(settings: Settings) -> None:
    loaded = load_in_a_process(settings, FOOTFALL_POSTGERS__DSN="x")
    assert loaded.returncode != 0
    assert "FOOTFALL_POSTGERS__DSN" in loaded.stderr


def test_workspace_yaml_loads_these_definitions() -> None:
    workspace = yaml.safe_load((Path(__file__).parents[3] / "workspace.yaml").read_text())
    assert workspace == {"load_from": [{"python_module": "orchestration.definitions"}]}


def test_assets_are_in_their_groups(definitions: Definitions) -> None:
    found: dict[str, set[str]] = {}
    for spec in definitions.resolve_all_asset_specs():
        found.setdefault(spec.group_name or "none", set()).add(spec.key.to_user_string())
    for group, names in GROUPS.items():
        assert names <= found[group]
    assert found["marts"] == GROUPS["marts"]
    assert "none" not in found


def test_every_asset_has_an_owner_a_description_and_kinds(definitions: Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.owners == ["team:operations"], spec.key
        assert len(spec.description or "") > 20, spec.key
        assert spec.kinds, spec.key


def test_every_asset_says_what_is_in_it_and_what_making_it_does(definitions: Definitions) -> None:
    """So that whoever looks for what deletes, or for what holds faces, finds all of it."""
    tags = {spec.key.to_user_string(): dict(spec.tags) for spec in definitions.resolve_all_asset_specs()}
    for name, found in tags.items():
        assert found.get("holds") in get_args(Holds), name
        assert found.get("effect") in get_args(Effect), name
    deleting = {name for name, found in tags.items() if found["effect"] == "deletes"}
    assert deleting == {
        *(GROUPS["retention"] | GROUPS["erasure"]),
        *("expired_customers", "aged_records"),
    }
    marts_of_people = {name for name in GROUPS["marts"] if tags[name]["holds"] == "people"}
    assert marts_of_people == {"staff_presence"}


def test_every_asset_that_runs_tells_how_long_it_took(definitions: Definitions) -> None:
    """The marts' seconds are dbt's own, model by model; a run of them is looked at in the integration tests."""
    made = [made for made in definitions.resolve_asset_graph().assets_defs if made.is_executable and made.keys]
    untimed = {
        key.to_user_string()
        for asset in made
        for key in asset.keys
        if not isinstance(asset.node_def, OpDefinition)
        or not isinstance(asset.node_def.compute_fn, DecoratedOpFunction)
        or asset.node_def.compute_fn.decorated_fn.__code__ is not timed(_nothing).__code__
    }
    assert untimed == GROUPS["marts"] | GROUPS["staging"]


def _nothing() -> MaterializeResult[None]:
    return MaterializeResult()


def test_every_asset_that_runs_is_tried_again_and_takes_turns_where_two_would_collide(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for made in graph.assets_defs:
        if made.is_executable and made.keys:
            for node in made.node_def.iterate_node_defs():
                if isinstance(node, OpDefinition):
                    assert node.retry_policy is not None, made.keys
    assert graph.get(AssetKey("expired_customers")).pools == graph.get(AssetKey("aged_records")).pools == {"retention"}


def test_marts_and_the_gallery_say_how_fresh_they_must_be(definitions: Definitions) -> None:
    fresh = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs() if spec.freshness_policy}
    assert fresh == GROUPS["marts"] | GROUPS["gallery"]


def test_what_follows_by_itself_waits_for_blocking_checks(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    following = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).automation_condition}
    assert following == {"thresholds", "duplicate_candidates"}
    checks = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert checks["gallery_matches_record"].blocking


@pytest.mark.parametrize(
    ("asset", "partitions"),
    [
        *((name, TENANTS) for name in ("expired_customers", "aged_records", "reembedding")),
        ("recorded_days", TENANT_DAYS),
        ("reopened_days", DAYS),
    ],
)
def test_assets_of_tenants_and_days_are_partitioned_by_them(
    definitions: Definitions, asset: str, partitions: PartitionsDefinition[str]
) -> None:
    node = definitions.resolve_asset_graph().get(AssetKey(asset))
    assert node.partitions_def == partitions
    assert asset == "reembedding" or node.backfill_policy == IN_ONE_RUN


def test_every_check_says_what_it_states(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checks = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert {"gallery_matches_record", *MART_CHECKS} <= set(checks)
    assert [name for name, spec in checks.items() if len(spec.description or "") < 20] == []


def test_the_marts_come_from_the_record(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    upstream: set[AssetKey] = set()
    waiting = [AssetKey("visits_daily")]
    while waiting:
        key = waiting.pop()
        upstream.add(key)
        waiting += [parent for parent in graph.get(key).parent_keys if parent not in upstream]
    assert {AssetKey(name) for name in ("visits", "face_events", "sites", "traffic_changes")} <= upstream


@pytest.mark.parametrize(
    ("job", "assets", "checks"),
    [
        ("rebuild_gallery", GROUPS["gallery"] | GROUPS["customers"], {"gallery_matches_record"}),
        ("refresh_marts", GROUPS["staging"] | GROUPS["marts"], MART_CHECKS),
        (
            "refresh_all",
            GROUPS["gallery"] | GROUPS["staging"] | GROUPS["marts"],
            {"gallery_matches_record", *MART_CHECKS},
        ),
        ("check_gallery", set(), {"gallery_matches_record"}),
        ("check_events", set(), {"no_camera_is_silent", "clocks_agree", "events_keep_their_contract"}),
        ("check_expectations", set(), {"visits_meets_expectations", "dwell_meets_expectations"}),
        ("sweep_images", GROUPS["retention"], {"no_expired_images"}),
        ("apply_terms", {"expired_customers", "aged_records"}, set()),
        ("reembed_tenant", GROUPS["models"], {"reembedding_complete"}),
    ],
)
def test_a_job_makes_its_assets_and_runs_their_checks(
    definitions: Definitions, job: str, assets: set[str], checks: set[str]
) -> None:
    layer = definitions.resolve_job_def(job).asset_layer
    assert assets <= {key.to_user_string() for key in layer.selected_asset_keys}
    assert checks <= {key.name for key in layer.asset_graph.asset_check_keys}


def test_schedules_run_unasked(definitions: Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.get_repository_def().schedule_defs}
    times = {
        "nightly_retention": "45 2 * * *",
        "nightly_terms": "20 2 * * *",
        "nightly_gallery": "30 3 * * *",
        "hourly_marts": "5 * * * *",
        "hourly_gallery_check": "35 * * * *",
    }
    assert times.items() <= {name: schedule.cron_schedule for name, schedule in schedules.items()}.items()
    assert {schedule.default_status for schedule in schedules.values()} == {DefaultScheduleStatus.RUNNING}
    assert {"rebuild_gallery", "refresh_marts", "check_gallery"} <= {
        schedule.job_name for schedule in schedules.values()
    }


def test_sensors_watch_unasked(definitions: Definitions) -> None:
    sensors = {sensor.name: sensor for sensor in definitions.get_repository_def().sensor_defs}
    assert {"alert_on_failure", "watch_runs", "staff_changed", "second_version", "tenants_changed", "lost_runs"} <= set(
        sensors
    )
    assert sensors["automation"].sensor_type is SensorType.AUTO_MATERIALIZE
    assert {sensor.default_status for sensor in sensors.values()} == {DefaultSensorStatus.RUNNING}
    assert [name for name, sensor in sensors.items() if len(sensor.description or "") < 20] == []
    assert [job.name for job in sensors["staff_changed"].jobs] == ["rebuild_gallery"]


def test_runs_that_would_collide_share_a_pool(definitions: Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert graph.get(AssetKey("visits_daily")).pools == graph.get(AssetKey("stg_visits")).pools == {"marts"}
    for name in ("gallery_index", "thresholds", "duplicate_candidates", "orphaned_vectors"):
        assert graph.get(AssetKey(name)).pools == {"gallery"}


def test_every_pool_is_known_before_a_run_asks_for_it(definitions: Definitions) -> None:
    jobs = [definitions.resolve_job_def(job.name) for job in JOBS]
    used = {node.pool for job in jobs for node in job.all_node_defs if isinstance(node, OpDefinition) and node.pool}
    assert used == set(POOLS)


def test_no_run_counts_as_running_for_ever(definitions: Definitions) -> None:
    """One whose process was killed would keep all those behind it in the queue."""
    for name in sorted(job.name for job in JOBS):
        assert 0 < int(definitions.resolve_job_def(name).run_tags["dagster/max_runtime"]) <= 3600


def test_no_secret_is_shown_with_the_resources(definitions: Definitions, settings: Settings) -> None:
    """Dagster's UI shows resources with their configuration."""
    shown = repr(definitions.resources) + json.dumps(
        {key: str(value) for key, value in (definitions.resources or {}).items()}
    )
    assert "nothing-but-a-password" not in shown
    assert "nothing-but-a-password" not in json.dumps(load_manifest(settings))
