"""dbt's own pages about the marts: lineage, columns and tests. What they say is dbt's, in `dbt/`.

Annotations are evaluated here: Dagster reads them as they are."""

import shutil

from dagster import Failure, MaterializeResult, MetadataValue, asset
from dagster_dbt import DbtCliResource

from assets.failures import told_plainly
from assets.needs import OWNERS, QUALITY, RETRIES, tagged
from assets.timing import timed

_PAGE = "static_index.html"


@asset(
    deps=["visits_daily", "site_traffic", "dwell", "occupancy", "repeat_cohorts", "staff_presence", "camera_health"],
    group_name=QUALITY,
    owners=OWNERS,
    tags=tagged(holds="traffic", effect="reports"),
    kinds={"dbt", "html"},
    pool="marts",
    retry_policy=RETRIES,
    description="dbt's pages about the marts, in one file: what each column means, what is tested, what is made of "
    "what and which pages show it. The job document_marts writes them anew; they hold no row.",
)
@timed
def marts_docs(dbt: DbtCliResource) -> MaterializeResult[None]:
    with told_plainly():
        run = dbt.cli(["docs", "generate", "--static"], raise_on_error=False).wait()
    made = run.target_path / _PAGE
    if not run.is_successful() or not made.is_file():
        raise Failure(description="dbt could not write its pages.", metadata={"log": str(run.target_path / "dbt.log")})
    # Beside the folder of dbt's runs, which are forgotten after a while.
    page = run.target_path.parents[1] / "docs" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    fresh = page.with_suffix(".new")
    shutil.copyfile(made, fresh)
    fresh.replace(page)
    return MaterializeResult(
        metadata={
            "page": MetadataValue.path(page),
            "link": MetadataValue.url(page.as_uri()),
            "bytes": page.stat().st_size,
        }
    )
