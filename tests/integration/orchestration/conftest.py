"""A database of its own, the vector store, and jobs run in this process as Dagster's workers run them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult
from sqlalchemy import Engine

from footfall.environment import settings_environment
from footfall.operations import OperatorServices, open_operator_services
from footfall.settings import Settings
from orchestration.definitions import build_definitions
from tests.databases import fresh_database
from tests.integration.marts import Record, engine_of, new_tenant, settings_of
from tests.servers import MigratedPostgres

RunJob = Callable[..., ExecuteInProcessResult]


@pytest.fixture(scope="session")
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture(scope="session")
def app(database: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(database.app_dsn)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def settings(database: MigratedPostgres, milvus_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What a Dagster worker has: the operator's and dbt's DSN and the vector store; no weights, no bucket."""
    home: Path = tmp_path_factory.mktemp("home")
    return settings_of(database, home, milvus_uri=milvus_uri)


@pytest.fixture
def record(database: MigratedPostgres, app: Engine) -> Record:
    return Record(app, new_tenant(database))


@pytest.fixture
def services(settings: Settings) -> Iterator[OperatorServices]:
    opened = open_operator_services(settings)
    yield opened
    opened.close()


@pytest.fixture
def run_job() -> RunJob:
    def run(name: str, settings: Settings, config: Mapping[str, Any] | None = None) -> ExecuteInProcessResult:
        """In this process, with the environment of `settings`, on an instance that is forgotten."""
        with (
            patch.dict(os.environ, settings_environment(settings, secrets=True)),
            DagsterInstance.ephemeral() as instance,
        ):
            job = build_definitions(settings).resolve_job_def(name)
            return job.execute_in_process(instance=instance, raise_on_error=False, run_config=dict(config or {}))

    return run
