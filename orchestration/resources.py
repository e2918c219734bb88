"""What assets run with. Nothing is read or opened before a run asks, so that definitions load with everything away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from dagster import AssetExecutionContext, ConfigurableResource, OpExecutionContext
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource
from dagster_dbt.compat import DBT_PYTHON_VERSION
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from assets.dbt_project import dbt_environment, target_dir
from footfall.errors import ConfigurationError, ServiceUnavailableError
from footfall.mart_terms import transform_engine
from footfall.record import Record, open_record
from footfall.schema_version import require_schema
from footfall.settings import Settings, load_settings
from footfall.stores.postgres.mart_figures import MartFigures, look_at_mart
from footfall.tenancy import unbound_transaction

if TYPE_CHECKING:
    from packaging.version import Version

    from contracts.expectations.suite import Suite
    from footfall.operations import OperatorServices
    from footfall.services import Services
    from footfall.stores.expectations import Examination

_KEPT_RUNS = 20
_ENVIRONMENT = Lock()


class ServicesResource(ConfigurableResource[None]):
    """The operator's services, as the run's own environment sets them."""

    @contextmanager
    def open(self) -> Iterator[OperatorServices]:
        """Opened for one use and closed after it. Raises ConfigurationError, for a schema that this program does not go
        together with too, and PostgresUnavailableError."""
        # The vector store's client takes a second to import, which loading the definitions need not pay.
        from footfall.operations import open_operator_services  # noqa: PLC0415

        services = open_operator_services(load_settings())
        try:
            require_schema(services.engine)
            yield services
        finally:
            services.close()


class ReembedderResource(ConfigurableResource[None]):
    """Everything, with the models, as the operator: for what makes templates of stored crops."""

    @contextmanager
    def open(self) -> Iterator[Services]:
        """Opened for one use and closed after it. Raises ConfigurationError, for a schema that this program does not go
        together with too, ModelError and PostgresUnavailableError."""
        from footfall.services import open_services  # noqa: PLC0415 - models, which definitions need not load

        services = open_services(load_settings(), role="operator")
        try:
            require_schema(services.engine)
            yield services
        finally:
            services.close()


class RecordResource(ConfigurableResource[None]):
    """Postgres alone, as the operator: for what looks often and must stay light."""

    @contextmanager
    def open(self) -> Iterator[Record]:
        """Opened for one use and closed after it. Raises ConfigurationError, for a schema that this program does not go
        together with too, and PostgresUnavailableError."""
        record = open_record(load_settings())
        try:
            require_schema(record.engine)
            yield record
        finally:
            record.close()


class TablesResource(ConfigurableResource[None]):
    """The record and the marts as footfall_transform reads them; the pages about them go under the home."""

    def examine(self, suites: Sequence[Suite]) -> Examination:
        """Raises ConfigurationError when no DSN for footfall_transform is set, and PostgresUnavailableError."""
        from footfall.stores.expectations import examine  # noqa: PLC0415 - only its checks need it

        settings = load_settings()
        return examine(_transform_dsn(settings), suites, settings.home.absolute() / "data_docs")


class MartsResource(ConfigurableResource[None]):
    """The marts as their owner footfall_transform sees them."""

    def look(self, mart: str) -> MartFigures:
        """Raises ConfigurationError when no DSN for footfall_transform is set, and PostgresUnavailableError."""
        settings = load_settings()
        engine = transform_engine(settings, application="footfall-marts")
        try:
            with unbound_transaction(engine) as connection:
                return look_at_mart(connection, mart)
        finally:
            engine.dispose()


class MartsDbtResource(DbtCliResource):
    """dbt as footfall_transform: its connection comes from Footfall's settings, its artifacts go under the home."""

    def cli(
        self,
        args: Sequence[str],
        *,
        raise_on_error: bool = True,
        manifest: Mapping[str, Any] | str | Path | None = None,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        context: OpExecutionContext | AssetExecutionContext | None = None,
        target_path: Path | None = None,
    ) -> DbtCliInvocation:
        """As DbtCliResource.cli. Raises ConfigurationError when no DSN for footfall_transform is set."""
        settings = load_settings()
        _transform_dsn(settings)
        target = target_dir(settings)
        target.mkdir(parents=True, exist_ok=True)
        _forget_runs(target)
        with _process_environment(dbt_environment(settings)):
            return super().cli(
                args,
                raise_on_error=raise_on_error,
                manifest=manifest,
                dagster_dbt_translator=dagster_dbt_translator,
                context=context,
                target_path=target_path,
            )

    def refresh(self) -> None:
        """Rebuilds the days that changed, within another asset's run: an erasure is proven only when they are. Data
        tests are the marts' own run's. Raises ConfigurationError, and ServiceUnavailableError where dbt fails."""
        try:
            self.cli(["run"]).wait()
        except DagsterDbtCliRuntimeError as error:
            raise ServiceUnavailableError(
                "dbt could not rebuild the marts.", hint="The log of the next run of refresh_marts says more."
            ) from error

    @cached_property
    def _cli_version(self) -> Version:
        # dagster-dbt asks `dbt --version`, which asks the package index for newer ones: slow, and not on-premises.
        if DBT_PYTHON_VERSION is None:
            raise ConfigurationError("dbt-core is not installed.", hint="`make install`.")
        return DBT_PYTHON_VERSION


def _transform_dsn(settings: Settings) -> str:
    if settings.postgres.transform_dsn is None:
        raise ConfigurationError(
            "No Postgres DSN is set for the role footfall_transform.",
            hint="`footfall up` sets FOOTFALL_POSTGRES__TRANSFORM_DSN for what it starts; set it for your own.",
        )
    return settings.postgres.transform_dsn.get_secret_value()


@contextmanager
def _process_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """dagster-dbt hands its own process's environment to dbt, and has no parameter for more."""
    with _ENVIRONMENT:
        former = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in former.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _forget_runs(target: Path) -> None:
    """Each run of dbt leaves a folder of some megabytes; the latest stay for reading."""
    runs = sorted((path for path in target.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for run in runs[:-_KEPT_RUNS]:
        shutil.rmtree(run, ignore_errors=True)
