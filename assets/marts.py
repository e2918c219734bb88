"""The dbt models as assets and their tests as asset checks. What the models say is dbt's, in `dbt/`.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    Config,
    Failure,
)
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.core.dbt_event_iterator import DbtDagsterEventType
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from pydantic import Field

from assets.failures import told_plainly
from assets.needs import HOURLY_FRESH, MARTS, OWNERS, RETRIES, STAGING

_SHOWN_ERROR_CHARACTERS = 2000


class MartsConfig(Config):
    """What a run of the marts may be told."""

    full_refresh: bool = Field(
        default=False,
        description="Rebuild everything from the record instead of the days that changed: after a site was renamed or "
        "moved to another time zone, and after a restore. Readers see the former rows until it is done.",
    )


class MartsTranslator(DagsterDbtTranslator):
    """Names as they are spoken: an asset is called what its model or table is called."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        return AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return MARTS if MARTS in dbt_resource_props["fqn"] else STAGING

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002  # the same for all
        return OWNERS

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(freshness_policy=HOURLY_FRESH) if spec.group_name == MARTS else spec

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["description"]).strip()

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        description = self.get_resource_props(manifest, unique_id).get("description")
        return spec._replace(description=str(description).strip() or None)


def mart_assets(manifest: Mapping[str, Any]) -> AssetsDefinition:
    """Every model of dbt's `manifest` as an asset of one run of dbt, its data tests as checks."""

    @dbt_assets(
        manifest=manifest,
        name="traffic_marts",
        dagster_dbt_translator=MartsTranslator(),
        # Two runs would both replace the views.
        pool="marts",
        retry_policy=RETRIES,
    )
    def traffic_marts(
        context: AssetExecutionContext, dbt: DbtCliResource, config: MartsConfig
    ) -> Iterator[DbtDagsterEventType]:
        with told_plainly():
            run = dbt.cli(dbt_arguments(full_refresh=config.full_refresh), context=context)
        try:
            yield from run.stream().fetch_row_counts()
        except DagsterDbtCliRuntimeError as error:
            log = str(run.target_path / "dbt.log")
            raise Failure(description=_what_dbt_said(str(error)), metadata={"log": log}) from error

    return traffic_marts


def dbt_arguments(*, full_refresh: bool) -> list[str]:
    """Models and data tests. Unit tests tell about the models' text, which a run does not change."""
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    return [*arguments, "--full-refresh"] if full_refresh else arguments


def _what_dbt_said(error: str) -> str:
    """The part after Dagster's own preamble; the whole when there is none."""
    said = error.rpartition("Errors parsed from dbt logs:")[2].strip()
    return f"dbt could not build the marts: {said[:_SHOWN_ERROR_CHARACTERS]}"
