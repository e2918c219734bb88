"""The suites of Great Expectations as asset checks, and the pages about them as an asset. What is expected is
`contracts.expectations`', how it is run `footfall.stores.expectations`'.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Iterator
from time import perf_counter

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetMaterialization,
    AssetSpec,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.failures import told_plainly
from assets.needs import OWNERS, QUALITY, RETRIES, ExaminesTables, tagged
from contracts.expectations import SUITES
from footfall.stores.expectations import Examination, SuiteResult

DATA_DOCS = AssetSpec(
    "data_docs",
    deps=[suite.asset for suite in SUITES],
    group_name=QUALITY,
    owners=OWNERS,
    tags=tagged(holds="traffic", effect="reports"),
    kinds={"html"},
    description="Pages that tell, suite by suite, what is expected of the record and the marts and whether it holds. "
    "The job check_expectations writes them anew; they hold counts, and nothing of a row.",
)


def check_name(asset: str) -> str:
    return f"{asset}_meets_expectations"


@multi_asset_check(
    name="expectations",
    specs=[
        AssetCheckSpec(
            check_name(suite.asset),
            asset=AssetKey(suite.asset),
            description=f"All {len(suite.expected)} things expected of {suite.table} hold of its latest rows.",
        )
        for suite in SUITES
    ],
    can_subset=True,
    retry_policy=RETRIES,
    pool="quality",  # two runs would both write the pages
)
def expectations(
    context: AssetCheckExecutionContext, tables: ResourceParam[ExaminesTables]
) -> Iterator[AssetCheckResult]:
    wanted = {key.name for key in context.selected_asset_check_keys}
    suites = [suite for suite in SUITES if check_name(suite.asset) in wanted]
    with told_plainly():
        began = perf_counter()
        examination = tables.examine(suites)
    seconds = perf_counter() - began
    context.op_execution_context.log_event(pages_of(examination, seconds))
    for result in examination.results:
        yield verdict_on_suite(result, examination)


def pages_of(examination: Examination, seconds: float) -> AssetMaterialization:
    """The pages as Dagster's asset, with where they lie."""
    broken = sum(len(result.broken) for result in examination.results)
    return AssetMaterialization(
        asset_key=DATA_DOCS.key,
        metadata={
            "page": MetadataValue.path(examination.index),
            "link": MetadataValue.url(examination.index.as_uri()),
            "suites": len(examination.results),
            "expectations": sum(result.expectations for result in examination.results),
            "broken": broken,
            "bytes": sum(path.stat().st_size for path in examination.index.parent.rglob("*") if path.is_file()),
            "seconds": round(seconds, 3),
        },
    )


def verdict_on_suite(result: SuiteResult, examination: Examination) -> AssetCheckResult:
    """Passed when all holds. A table that is not built yet is warned of: nothing can be said of it."""
    if result.missing:
        said = "There is no such table yet: `refresh_marts` builds it."
    elif result.broken:
        said = f"{len(result.broken)} of {result.expectations} do not hold: {result.broken[0].says}"
    else:
        said = f"All {result.expectations} hold."
    listed = "\n".join(
        f"- {broken.says}" + ("" if broken.rows is None else f" {broken.rows} rows.") for broken in result.broken
    )
    return AssetCheckResult(
        check_name=check_name(result.asset),
        asset_key=AssetKey(result.asset),
        passed=not result.missing and not result.broken,
        severity=AssetCheckSeverity.WARN if result.missing else AssetCheckSeverity.ERROR,
        description=said,
        metadata={
            "expectations": result.expectations,
            "broken": len(result.broken),
            "pages": MetadataValue.path(examination.index),
            **({"list": MetadataValue.md(listed)} if listed else {}),
        },
    )
