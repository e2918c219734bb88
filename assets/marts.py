"""The dbt models as assets and their tests as asset checks. What the models say is dbt's, in `dbt/`.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    AssetSpec,
    Config,
    Failure,
    MetadataValue,
    Output,
    ResourceParam,
    TableColumn,
    TableRecord,
    TableSchema,
)
from dagster._core.definitions.metadata import RawMetadataValue
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.core.dbt_event_iterator import DbtDagsterEventType
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from pydantic import Field

from assets.failures import told_plainly
from assets.needs import HOURLY_FRESH, MARTS, OWNERS, RETRIES, STAGING, LooksAtMarts, tagged
from footfall.stores.postgres.mart_figures import MartFigures

_SHOWN_ERROR_CHARACTERS = 2000
_PERSON_IDS = {"staff_id", "customer_id"}


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

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        return tagged(holds="people" if names_people(dbt_resource_props) else "traffic", effect="rebuilds")

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
    models: Mapping[str, Mapping[str, Any]] = manifest["nodes"]

    @dbt_assets(
        manifest=manifest,
        name="traffic_marts",
        dagster_dbt_translator=MartsTranslator(),
        # Two runs would both replace the views.
        pool="marts",
        retry_policy=RETRIES,
    )
    def traffic_marts(
        context: AssetExecutionContext,
        dbt: DbtCliResource,
        marts: ResourceParam[LooksAtMarts],
        config: MartsConfig,
    ) -> Iterator[DbtDagsterEventType]:
        with told_plainly():
            run = dbt.cli(dbt_arguments(full_refresh=config.full_refresh), context=context)
        try:
            for event in run.stream():
                yield _with_figures(event, models, marts)
        except DagsterDbtCliRuntimeError as error:
            log = str(run.target_path / "dbt.log")
            raise Failure(description=_what_dbt_said(str(error)), metadata={"log": log}) from error

    return traffic_marts


def names_people(model: Mapping[str, Any]) -> bool:
    """Whether a row of the model tells of one person: those of most marts are counts."""
    return bool(_PERSON_IDS & set(model["columns"]))


def _with_figures(
    event: DbtDagsterEventType, models: Mapping[str, Mapping[str, Any]], marts: LooksAtMarts
) -> DbtDagsterEventType:
    """The event that a model was built, with how long that took and, of a mart, what it holds now."""
    if not isinstance(event, Output | AssetMaterialization):
        return event
    told = dict(event.metadata)
    took = told.pop("Execution Duration", None)
    model = models[str(told["unique_id"].value)]
    added: dict[str, RawMetadataValue] = {} if took is None else {"seconds": took}
    if MARTS in model["fqn"]:
        with told_plainly():
            added |= figures_of(marts.look(model["name"]), preview=not names_people(model))
    return event.with_metadata({**told, **added})


def figures_of(found: MartFigures, *, preview: bool) -> dict[str, RawMetadataValue]:
    """A mart of people shows none of its rows: Dagster's page is no place to look somebody up."""
    names = list(found.preview[0]) if found.preview else []
    return {
        "dagster/row_count": found.rows,
        "bytes": found.bytes,
        "latest build": "none" if found.built_at is None else found.built_at.isoformat(timespec="seconds"),
        "rows of the latest build": found.built_rows,
        **(
            {
                "preview": MetadataValue.table(
                    records=[TableRecord(dict(row)) for row in found.preview],
                    schema=TableSchema([TableColumn(name) for name in names]),
                )
            }
            if preview and names
            else {}
        ),
    }


def dbt_arguments(*, full_refresh: bool) -> list[str]:
    """Models and data tests. Unit tests tell about the models' text, which a run does not change."""
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    return [*arguments, "--full-refresh"] if full_refresh else arguments


def _what_dbt_said(error: str) -> str:
    """The part after Dagster's own preamble; the whole when there is none."""
    said = error.rpartition("Errors parsed from dbt logs:")[2].strip()
    return f"dbt could not build the marts: {said[:_SHOWN_ERROR_CHARACTERS]}"
