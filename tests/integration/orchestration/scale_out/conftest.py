"""Dagster's engines for more than one machine, installed once for a session, and a database for each installation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from footfall.errors import ServiceUnavailableError
from footfall.settings import Settings
from tests.databases import fresh_database
from tests.integration.orchestration.scale_out.installation import ROOT, Installation, install
from tests.servers import MigratedPostgres


@pytest.fixture(scope="session")
def commands() -> Path:
    """The folder of the commands. Skips where the packages cannot be had."""
    try:
        return install(ROOT / "var" / "scale-out")
    except ServiceUnavailableError as error:
        pytest.skip(error.message)


@pytest.fixture
def dagster_dsn(postgres: MigratedPostgres) -> Iterator[str]:
    """Of a database for Dagster's own storage, and for a broker that wants one."""
    with fresh_database(postgres) as own:
        yield own.owner_dsn


class Install(Protocol):
    """`instance`: what dagster.yaml says. `extra`: variables of every process."""

    def __call__(self, instance: Mapping[str, Any], extra: Mapping[str, str]) -> Installation: ...


@pytest.fixture
def new_installation(commands: Path, settings: Settings, dagster_dsn: str, tmp_path: Path) -> Install:
    """Of the session's record, with a storage of its own for Dagster."""

    def make(instance: Mapping[str, Any], extra: Mapping[str, str]) -> Installation:
        return Installation.made(
            tmp_path / "dagster", commands, instance=instance, settings=settings, dagster_dsn=dagster_dsn, extra=extra
        )

    return make
