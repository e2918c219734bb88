"""Settings survive the way through the environment; each process is told what it needs and no secret more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from pydantic import SecretStr

from cli.stack.credentials import load_or_create
from cli.stack.environment import DAGSTER_DATABASE, ROLES, role_name
from cli.stack.parts.base import Launch
from cli.stack.plan import External, Idle, NotServers, Plan
from cli.stack.ports import PortBook
from cli.stack.stack import settings_from
from cli.stack.wiring import wire
from footfall import provisioning
from footfall.environment import settings_environment
from footfall.errors import ConfigurationError
from footfall.settings import Settings, load_settings

CAMERA = UUID("4b7c1c1e-0000-4000-8000-000000000001")
SECTIONS = ("postgres", "milvus", "s3", "vault", "vision", "recognition", "api", "limits", "ingest", "stack")


def configured(home: Path, **sections: object) -> Settings:
    return load_settings(home=home, **sections)


def wired(settings: Settings) -> Plan:
    return wire(settings, load_or_create(settings.home / "secrets"), PortBook(before={}))


def part(plan: Plan, name: str) -> object:
    return next(one.part for one in plan.parts if one.name == name)


def launches(plan: Plan) -> dict[str, Launch]:
    """The commands of the servers that are ours."""
    return {one.name: one.part.launch() for one in plan.parts if not isinstance(one.part, NotServers)}


def test_settings_come_back_equal_from_their_environment(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        offline=True,
        models_dir=tmp_path / "weights",
        log_level="debug",
        postgres={"dsn": "postgresql://o:p%40ss@db:5432/x?sslmode=require", "pool_size": 3},
        s3={"endpoint": "s3:9000", "access_key": "a", "secret_key": "b", "secure": True},
        api={"port": 8123},
        ingest={"source": "rtsp://u:p@cam/1", "camera_id": CAMERA, "api_key": "ffk_x"},
        recognition={"target_fpir": 1e-4},
    )
    assert settings_from(settings_environment(settings, secrets=True)) == settings


def test_settings_from_an_environment_ignore_this_process_and_leave_it_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOOTFALL_API__PORT", "8999")
    assert settings_from({"FOOTFALL_HOME": str(tmp_path)}).api.port == 8000
    assert load_settings().api.port == 8999


def test_no_secret_is_among_the_variables_without_secrets(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        postgres={"dsn": "postgresql://o:sesame@db/x", "app_dsn": "postgresql://a:sesame@db/x"},
        milvus={"uri": "http://milvus:19530", "token": "sesame"},
        s3={"endpoint": "s3:9000", "access_key": "sesame", "secret_key": "sesame"},
        ingest={"source": "rtsp://u:sesame@cam/1", "api_key": "sesame"},
        vault={"master_key": "sesame"},
    )
    assert "sesame" not in repr(settings_environment(settings, secrets=False))


def test_relative_paths_become_absolute() -> None:
    found = settings_environment(load_settings(home=Path("there"), models_dir=Path("weights")), secrets=False)
    assert found["FOOTFALL_HOME"] == str(Path.cwd() / "there")
    assert found["FOOTFALL_MODELS_DIR"] == str(Path.cwd() / "weights")


def test_our_names_of_roles_and_database_are_those_of_provisioning() -> None:
    assert {role_name(role) for role in ROLES} == {
        provisioning.APP_ROLE,
        provisioning.OPERATOR_ROLE,
        provisioning.TRANSFORM_ROLE,
        provisioning.DAGSTER_ROLE,
    }
    assert DAGSTER_DATABASE == provisioning.DAGSTER_DATABASE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("schema", {"DSN", "APP_DSN", "OPERATOR_DSN", "TRANSFORM_DSN", "DAGSTER_DSN"}),
        ("api", {"APP_DSN"}),
        ("dagster-code", {"OPERATOR_DSN", "TRANSFORM_DSN", "DAGSTER_DSN"}),
        ("ingest", set()),
    ],
)
def test_each_process_is_told_its_own_roles_alone(tmp_path: Path, name: str, expected: set[str]) -> None:
    variables = wired(configured(tmp_path)).environments[name]
    assert {one.rpartition("__")[2] for one in variables if one.startswith("FOOTFALL_POSTGRES__")} == expected


def test_the_master_key_of_faces_is_told_to_those_who_open_them_alone(tmp_path: Path) -> None:
    variables = wired(configured(tmp_path, vault={"master_key": "5e5a3e" * 8})).environments
    assert {name for name, told in variables.items() if "FOOTFALL_VAULT__MASTER_KEY" in told} == {"api", "dagster-code"}


@pytest.mark.parametrize("name", ["dashboards", "dagster-web", "dagster-daemon", "milvus", "postgres", "s3"])
def test_parts_that_hold_no_faces_are_told_no_password_but_their_own(tmp_path: Path, name: str) -> None:
    settings = configured(tmp_path)
    credentials = load_or_create(tmp_path / "secrets")
    launch = launches(wired(settings))[name]
    own = {"dagster-web": "postgres_dagster", "dagster-daemon": "postgres_dagster", "s3": "s3_internal_key"}.get(name)
    others = replace(credentials, **({} if own is None else {own: "-"}))
    told = repr((launch.argv, dict(launch.environment)))
    assert not any(getattr(others, field) in told for field in credentials.__slots__ if field != own)


def test_no_password_is_on_a_command_line(tmp_path: Path) -> None:
    settings = configured(
        tmp_path, ingest={"source": "rtsp://u:sesame@cam/1", "camera_id": CAMERA, "api_key": "ffk_sesame"}
    )
    credentials = load_or_create(tmp_path / "secrets")
    words = " ".join(word for launch in launches(wired(settings)).values() for word in launch.argv)
    assert "sesame" not in words
    assert not any(getattr(credentials, field) in words for field in credentials.__slots__)


def test_the_embedded_parts_give_way_to_external_ones(tmp_path: Path) -> None:
    plan = wired(
        configured(
            tmp_path,
            postgres={"dsn": "postgresql://owner:secret@db:5432/footfall?sslmode=require"},
            milvus={"uri": "https://milvus:19530"},
            s3={"endpoint": "s3:9000", "access_key": "a", "secret_key": "b"},
        )
    )
    assert all(isinstance(part(plan, name), External) for name in ("postgres", "milvus", "s3"))
    told = plan.environments["api"]
    app = urlsplit(told["FOOTFALL_POSTGRES__APP_DSN"])
    assert (app.username, app.hostname, app.path, app.query) == ("footfall_app", "db", "/footfall", "sslmode=require")
    assert told["FOOTFALL_MILVUS__URI"] == "https://milvus:19530"
    assert told["FOOTFALL_S3__ENDPOINT"] == "s3:9000"
    assert not {"postgres", "milvus", "s3"} & plan.ports.keys()


def test_the_api_alone_learns_where_requests_are_counted(tmp_path: Path) -> None:
    url = "redis://footfall:hush@redis:6379"
    environments = wired(configured(tmp_path, limits={"storage": url, "read_per_minute": 60})).environments
    assert environments["api"]["FOOTFALL_LIMITS__STORAGE"] == url
    assert environments["api"]["FOOTFALL_LIMITS__READ_PER_MINUTE"] == "60"
    assert [name for name, told in environments.items() if "hush" in str(told)] == ["api"]


def test_an_administrators_own_dsns_are_used_as_they_are(tmp_path: Path) -> None:
    dsns = {f"{role}_dsn": f"postgresql://{role}:x@db/footfall" for role in ROLES}
    plan = wired(configured(tmp_path, postgres=dsns))
    assert plan.environments["api"]["FOOTFALL_POSTGRES__APP_DSN"] == dsns["app_dsn"]
    assert "FOOTFALL_POSTGRES__DSN" not in plan.environments["schema"]


def test_some_dsns_without_the_owners_are_refused_by_name(tmp_path: Path) -> None:
    settings = configured(tmp_path, postgres={"app_dsn": "postgresql://a:x@db/footfall"})
    with pytest.raises(ConfigurationError, match="FOOTFALL_POSTGRES__OPERATOR_DSN"):
        wired(settings)


def test_an_s3_server_without_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="without its keys"):
        wired(configured(tmp_path, s3={"endpoint": "s3:9000"}))


def test_offline_needs_neither_milvus_nor_s3(tmp_path: Path) -> None:
    plan = wired(configured(tmp_path, offline=True))
    assert all(isinstance(part(plan, name), Idle) for name in ("milvus", "s3"))
    assert not {"FOOTFALL_MILVUS__URI", "FOOTFALL_S3__ENDPOINT"} & plan.environments["api"].keys()


def test_without_a_camera_the_daemon_is_idle_and_says_what_to_set(tmp_path: Path) -> None:
    idle = part(wired(configured(tmp_path)), "ingest")
    assert isinstance(idle, Idle)
    assert "FOOTFALL_INGEST__SOURCE" in idle.reason


def test_a_camera_without_a_key_is_refused(tmp_path: Path) -> None:
    settings = configured(tmp_path, ingest={"source": "0"})
    with pytest.raises(ConfigurationError, match="FOOTFALL_INGEST__API_KEY"):
        wired(settings)


def test_a_camera_brings_its_daemon_with_the_key_and_no_store(tmp_path: Path) -> None:
    settings = configured(tmp_path, ingest={"source": "0", "camera_id": CAMERA, "api_key": "ffk_x"})
    launch = launches(wired(settings))["ingest"]
    assert launch.environment["FOOTFALL_INGEST__API_KEY"] == "ffk_x"
    assert str(CAMERA) in launch.argv
    assert not [name for name in launch.environment if name.startswith(("FOOTFALL_POSTGRES", "FOOTFALL_S3"))]


def test_everything_of_ours_listens_on_loopback(tmp_path: Path) -> None:
    settings = configured(tmp_path, ingest={"source": "0", "camera_id": CAMERA, "api_key": "ffk_x"})
    lines = [" ".join(launch.argv) for launch in launches(wired(settings)).values()]
    assert not [line for line in lines if "0.0.0.0" in line or "::" in line]
    assert sum("127.0.0.1" in line for line in lines) >= 6


def test_every_setting_that_is_a_secret_is_known_as_one() -> None:
    """A new SecretStr must be thought of here: who is given it?"""
    found = {
        f"{section}.{name}"
        for section in SECTIONS
        for name, field in Settings.model_fields[section].annotation.model_fields.items()  # type: ignore[union-attr]
        if field.annotation == SecretStr | None
    }
    assert found == {
        "limits.storage",
        "ingest.surface_secret",
        "postgres.dsn",
        "postgres.app_dsn",
        "postgres.operator_dsn",
        "postgres.transform_dsn",
        "postgres.dagster_dsn",
        "milvus.token",
        "s3.access_key",
        "s3.secret_key",
        "vault.master_key",
        "ingest.api_key",
        "ingest.source",
    }
