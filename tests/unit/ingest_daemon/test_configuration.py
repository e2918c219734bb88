"""Layers of a worker's configuration: the closer one goes before, and nobody is told a lie about it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.configuration import WorkerConfiguration
from footfall.errors import ConfigurationError
from footfall.settings import Settings, load_settings
from ingest_daemon.configuration import LayeredConfiguration
from ingest_daemon.file_watch import FileWatch
from tests.unit.ingest_daemon.operated_kit import StagedDaemon


@pytest.fixture(autouse=True)
def _level_as_before() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def layered(folder: Path, *, file: str | None = None, **ingest: Any) -> LayeredConfiguration:
    settings: Settings = load_settings(ingest=ingest)
    path = None
    if file is not None:
        path = folder / "worker.toml"
        path.write_text(file)
    return LayeredConfiguration(settings, folder / "configuration.json", path)


def test_without_a_word_from_anybody_the_defaults_hold(tmp_path: Path) -> None:
    tuning = layered(tmp_path).tuning()
    assert (tuning.detect_every_seconds, tuning.sure_after_seconds, tuning.cpu_limit_cores) == (0.1, 1.0, None)


def test_the_environment_goes_before_the_file_and_the_file_before_the_server(tmp_path: Path) -> None:
    configuration = layered(tmp_path, file="sure_after_seconds = 3.0\nlost_after_seconds = 3.0", lost_after_seconds=4.0)
    said = WorkerConfiguration(detect_every_seconds=2.0, sure_after_seconds=2.0, lost_after_seconds=2.0)
    configuration.receive(5, said)
    daemon = StagedDaemon()

    applied = configuration.apply(daemon)

    (tuning,) = daemon.tunings
    assert (tuning.detect_every_seconds, tuning.sure_after_seconds, tuning.lost_after_seconds) == (2.0, 3.0, 4.0)
    assert applied.version == 5
    assert applied.applied == ("detect_every_seconds",)
    assert applied.pinned == ("sure_after_seconds", "lost_after_seconds")


def test_what_takes_a_restart_is_named(tmp_path: Path) -> None:
    configuration = layered(tmp_path)
    configuration.receive(1, WorkerConfiguration(detect_every_seconds=2.0, cpu_limit_cores=1.0))
    daemon = StagedDaemon(needs_restart=("cpu_limit_cores", "sure_after_seconds"))
    applied = configuration.apply(daemon)
    assert (applied.applied, applied.after_restart) == (("detect_every_seconds",), ("cpu_limit_cores",))


def test_what_the_server_said_is_remembered_for_a_start_without_it(tmp_path: Path) -> None:
    layered(tmp_path).receive(7, WorkerConfiguration(cpu_limit_cores=0.5))
    again = layered(tmp_path)
    assert (again.version, again.tuning().cpu_limit_cores) == (7, 0.5)
    assert (tmp_path / "configuration.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_memory_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "configuration.json").write_text("{")
    assert layered(tmp_path).version == 0


def test_the_log_level_follows(tmp_path: Path) -> None:
    configuration = layered(tmp_path)
    configuration.receive(1, WorkerConfiguration(log_level="debug"))
    configuration.apply(StagedDaemon())
    assert logging.getLogger().level == logging.DEBUG


@pytest.mark.parametrize("file", ["detect_every_seconds = -1", "unknown = 1", "not toml"])
def test_a_file_that_is_wrong_is_refused_and_named(tmp_path: Path, file: str) -> None:
    with pytest.raises(ConfigurationError, match=r"worker\.toml"):
        layered(tmp_path, file=file).tuning()


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    configuration = layered(tmp_path, file="detect_every_seconds = 1.0")
    (tmp_path / "worker.toml").write_text("detect_every_seconds = 2.0")
    assert configuration.tuning().detect_every_seconds == 2.0


def test_a_file_that_was_named_and_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not there"):
        LayeredConfiguration(load_settings(), None, tmp_path / "worker.toml")


def test_a_changed_file_is_followed_while_the_daemon_runs(tmp_path: Path) -> None:
    configuration, daemon = layered(tmp_path, file="detect_every_seconds = 1.0"), StagedDaemon()
    watch = FileWatch(tmp_path / "worker.toml", configuration, daemon)
    assert not watch.look()

    (tmp_path / "worker.toml").write_text("detect_every_seconds = 2.0\ncpu_limit_cores = 0.5")

    assert watch.look()
    assert not watch.look()
    (tuning,) = daemon.tunings
    assert (tuning.detect_every_seconds, tuning.cpu_limit_cores) == (2.0, 0.5)


@pytest.mark.parametrize("content", ["detect_every_seconds = 'often'", "no toml", None])
def test_a_file_that_becomes_wrong_or_goes_changes_nothing_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    configuration, daemon = layered(tmp_path, file="detect_every_seconds = 1.0"), StagedDaemon()
    file = tmp_path / "worker.toml"
    watch = FileWatch(file, configuration, daemon)
    file.write_text(content) if content else file.unlink()

    assert not watch.look()
    assert not watch.look()

    assert daemon.tunings == []
    assert caplog.text.count("what held before still does") == 1
    file.write_text("detect_every_seconds = 3.0")
    assert watch.look()
