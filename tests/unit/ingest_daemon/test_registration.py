"""What registering leaves on a host: an identity, its owner's alone, that fills in what the settings leave open."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest

from footfall.errors import ConfigurationError, ConflictError, ServiceUnavailableError
from footfall.settings import load_settings
from ingest_daemon.registration import WorkerIdentity, identity_path, load_identity, register, with_identity
from tests.unit.ingest_daemon.api_server import CAMERA_ID

IDENTITY = WorkerIdentity(
    worker_id=UUID(int=1),
    tenant_id=UUID(int=2),
    name="entrance-1",
    api_url="http://api.example:8000",
    api_key="ffk_tenant_key_secret",
    camera_ids=(CAMERA_ID,),
    heartbeat_seconds=15,
)


def kept(home: Path, *, mode: int = 0o600) -> Path:
    path = identity_path(home)
    path.parent.mkdir(parents=True)
    path.write_text(IDENTITY.model_dump_json())
    path.chmod(mode)
    return path


def test_a_host_that_never_registered_has_none(tmp_path: Path) -> None:
    assert load_identity(tmp_path) is None
    settings = load_settings()
    assert with_identity(settings, None) is settings


def test_the_identity_fills_in_what_the_settings_leave_open(tmp_path: Path) -> None:
    kept(tmp_path)
    settings = with_identity(load_settings(home=tmp_path), load_identity(tmp_path))
    assert settings.ingest.api_key is not None
    assert settings.ingest.api_key.get_secret_value() == IDENTITY.api_key
    assert (settings.api_url, settings.ingest.worker) == (IDENTITY.api_url, "entrance-1")
    assert settings.ingest.camera_id == CAMERA_ID


def test_what_the_settings_say_goes_before_it(tmp_path: Path) -> None:
    own = load_settings(api={"url": "http://elsewhere:1"}, ingest={"worker": "mine", "api_key": "another-key"})
    settings = with_identity(own, IDENTITY)
    assert settings.ingest.api_key is not None
    assert settings.ingest.api_key.get_secret_value() == "another-key"
    assert (settings.api_url, settings.ingest.worker) == ("http://elsewhere:1", "mine")


def test_with_several_cameras_none_is_chosen() -> None:
    several = IDENTITY.model_copy(update={"camera_ids": (CAMERA_ID, UUID(int=9))})
    assert with_identity(load_settings(), several).ingest.camera_id is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_an_identity_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    kept(tmp_path, mode=mode)
    with pytest.raises(ConfigurationError, match="open to others"):
        load_identity(tmp_path)


def test_a_damaged_identity_is_named_and_not_quoted(tmp_path: Path) -> None:
    path = kept(tmp_path)
    path.write_text(json.dumps({"api_key": "ffk_secret"}))
    with pytest.raises(ConfigurationError, match="damaged") as refused:
        load_identity(tmp_path)
    assert "ffk_secret" not in f"{refused.value} {refused.value.__cause__}"


def test_a_host_is_registered_once_unless_it_is_said_twice(tmp_path: Path) -> None:
    path = kept(tmp_path)
    with pytest.raises(ConflictError):
        register(tmp_path, url="http://127.0.0.1:9", token="ffw_x")
    # A server that is away costs neither the identity that is there nor leaves half of another.
    with pytest.raises(ServiceUnavailableError, match="the token is not spent"):
        register(tmp_path, url="http://127.0.0.1:9", token="ffw_x", replace=True)
    assert path.read_text() == IDENTITY.model_dump_json()
    assert load_identity(tmp_path) == IDENTITY
    assert list(path.parent.iterdir()) == [path]
