"""The camera's configuration from the API, from memory, and not at all."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer
from uuid import UUID

import pytest

from client.api import FootfallClient
from client.errors import ApiError
from footfall.errors import FootfallError, NotFoundError, ServiceUnavailableError, UnauthenticatedError
from ingest_daemon.camera_config import CameraConfig
from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, WRONG_KEY, ApiServer, camera


@pytest.fixture
def api() -> ApiServer:
    api = ApiServer()
    with api.serving():
        pass  # it has an address now, and is away until a test serves it
    return api


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "ingest" / "camera.json"


@pytest.fixture
def config(api: ApiServer, cache: Path) -> Iterator[CameraConfig]:
    with FootfallClient(api.url, api_key=API_KEY, timeout=5) as client:
        yield CameraConfig(client, CAMERA_ID, cache)


def test_it_is_asked_of_the_api_and_remembered_for_its_owner_alone(
    api: ApiServer, config: CameraConfig, cache: Path
) -> None:
    with api.serving():
        found = config.at_start(Event(), patience_seconds=0)

    assert found == api.camera
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600


def test_while_the_api_is_away_the_remembered_one_serves(api: ApiServer, config: CameraConfig) -> None:
    with api.serving():
        config.fetch()

    assert config.at_start(Event(), patience_seconds=0) == api.camera


def test_what_the_api_says_goes_before_what_is_remembered(api: ApiServer, config: CameraConfig) -> None:
    with api.serving():
        config.fetch()
        api.camera = camera(privacy_mode="count_only")

        found = config.at_start(Event(), patience_seconds=0)

    assert found is not None
    assert found.privacy_mode == "count_only"


def test_without_memory_patience_ends(config: CameraConfig) -> None:
    with pytest.raises(ServiceUnavailableError, match="cannot be had") as refusal:
        config.at_start(Event(), patience_seconds=0)

    assert refusal.value.hint


def test_without_memory_it_is_waited_for(api: ApiServer, config: CameraConfig) -> None:
    serving = api.serving()
    back = Timer(0.3, serving.__enter__)
    back.start()
    try:
        found = config.at_start(Event(), patience_seconds=None)
        back.join()
    finally:
        serving.__exit__(None, None, None)

    assert found == api.camera


def test_waiting_ends_when_stopped(config: CameraConfig) -> None:
    stop = Event()
    Timer(0.2, stop.set).start()

    assert config.at_start(stop, patience_seconds=None) is None


def refusal_of(api: ApiServer, config: CameraConfig) -> FootfallError:
    with api.serving(), pytest.raises(FootfallError) as refusal:
        config.at_start(Event(), patience_seconds=None)
    return refusal.value


def test_an_unknown_camera_is_an_error_that_names_it(api: ApiServer, config: CameraConfig) -> None:
    api.camera = camera(camera_id=UUID(int=5))

    refusal = refusal_of(api, config)

    assert isinstance(refusal, NotFoundError)
    assert str(CAMERA_ID) in refusal.message


def test_a_worker_whose_key_was_revoked_does_not_go_on_from_memory(api: ApiServer, config: CameraConfig) -> None:
    with api.serving():
        config.fetch()
    api.sign_in_refusal = WRONG_KEY
    with FootfallClient(api.url, api_key=API_KEY, timeout=5) as client:
        refusal = refusal_of(api, CameraConfig(client, CAMERA_ID, config._cache))

    assert isinstance(refusal, UnauthenticatedError)
    assert API_KEY not in refusal.message + str(refusal.hint)


def test_a_memory_that_cannot_be_read_is_none(api: ApiServer, config: CameraConfig, cache: Path) -> None:
    with api.serving():
        config.fetch()
    cache.write_text("{broken")

    with pytest.raises(ServiceUnavailableError):
        config.at_start(Event(), patience_seconds=0)


def test_a_memory_that_cannot_be_written_does_not_matter(
    api: ApiServer, config: CameraConfig, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("in the way")

    with api.serving():
        assert config.fetch() == api.camera

    assert "could not be remembered" in caplog.text


def test_fetching_anew_says_when_the_api_is_away(config: CameraConfig) -> None:
    with pytest.raises(ApiError):
        config.fetch()
