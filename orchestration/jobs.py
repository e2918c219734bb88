"""Jobs. When they run is `orchestration.schedules`'; what they select is `assets`'."""

from __future__ import annotations

from dagster import (
    AssetSelection,
    JobDefinition,
    define_asset_job,
    job,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.expectations import expectations
from assets.gallery import serve_former_collection
from assets.needs import CUSTOMERS, ERASURE, GALLERY, MARTS, MODELS, STAGING
from assets.sources import look_at_tables

LONGEST_RUN_SECONDS = 3600
# A run whose process was killed would count as running for ever, and keep those behind it in the queue.
_TAGS = {"dagster/max_runtime": str(LONGEST_RUN_SECONDS)}

_GALLERY = AssetSelection.groups(GALLERY, CUSTOMERS)
_EXPECTATIONS = AssetSelection.checks(expectations)
# The expectations have a job of their own: they look at the record and the marts together, and take seconds to begin.
_MARTS = AssetSelection.groups(STAGING, MARTS) - _EXPECTATIONS

REBUILD_GALLERY = define_asset_job(
    "rebuild_gallery",
    selection=_GALLERY,
    tags=_TAGS,
    description="Counts what is enrolled, fills a fresh collection of the vector store from Postgres and checks it.",
)
REFRESH_MARTS = define_asset_job(
    "refresh_marts",
    selection=_MARTS,
    tags=_TAGS,
    description="Rebuilds the local days in which visits or sightings changed, and tests the marts.",
)
REFRESH_ALL = define_asset_job(
    "refresh_all",
    selection=_GALLERY | _MARTS,
    tags=_TAGS,
    description="The gallery and the marts, made anew from the record.",
)
SWEEP_IMAGES = define_asset_job(
    "sweep_images",
    selection=AssetSelection.assets(
        "expired_raw_images", "orphaned_objects", "orphaned_vectors", "aged_marts", "face_keys"
    ),
    tags=_TAGS,
    description="Deletes images past their term, images and vectors that no row names, keys of faces of which nothing "
    "is kept and rows of the marts past their term, and checks that no image is left.",
)
APPLY_TERMS = define_asset_job(
    "apply_terms",
    selection=AssetSelection.assets("expired_customers", "aged_records"),
    tags=_TAGS,
    description="Forgets customers whom nobody saw for their tenant's days, and takes rows past their terms out of the "
    "record: of one tenant, or of a range of tenants in one run.",
)
COUNT_DAYS = define_asset_job(
    "count_days",
    selection=AssetSelection.assets("recorded_days"),
    tags=_TAGS,
    description="Counts what the record holds of tenants' days, a range of them in one run.",
)
REOPEN_DAYS = define_asset_job(
    "reopen_days",
    selection=AssetSelection.assets("reopened_days"),
    tags=_TAGS,
    description="Has the next refresh of the marts rebuild days, a range of them in one run.",
)
CHECK_EVENTS = define_asset_job(
    "check_events",
    selection=AssetSelection.checks_for_assets("face_events") - _EXPECTATIONS,
    tags=_TAGS,
    description="Holds the events that came in against what was usual, and changes nothing.",
)
CHECK_EXPECTATIONS = define_asset_job(
    "check_expectations",
    selection=_EXPECTATIONS,
    tags=_TAGS,
    description="Holds the record and the marts against what is expected of them, and writes the pages data_docs.",
)
DOCUMENT_MARTS = define_asset_job(
    "document_marts",
    selection=AssetSelection.assets("marts_docs"),
    tags=_TAGS,
    description="Writes dbt's pages about the marts: lineage, columns and tests.",
)
CHECK_GALLERY = define_asset_job(
    "check_gallery",
    selection=AssetSelection.checks_for_assets("gallery_index"),
    tags=_TAGS,
    description="Compares the vector store with Postgres, and changes nothing.",
)

CHECK_AUDIT_LOG = define_asset_job(
    "check_audit_log",
    selection=AssetSelection.checks_for_assets("audit_log"),
    tags=_TAGS,
    description="Follows the chain of every tenant's audit log.",
)

ERASE = define_asset_job(
    "erase",
    selection=AssetSelection.groups(ERASURE),
    tags=_TAGS,
    description="Carries every open erasure out, rebuilds the marts, reads every store back and signs certificates.",
)

REEMBED_TENANT = define_asset_job(
    "reembed_tenant",
    selection=AssetSelection.groups(MODELS),
    tags=_TAGS,
    description="Brings one tenant's templates over to the model version beside the one served, from where it stopped: "
    "a run that reaches its time is followed by another.",
)

MEND_GALLERY = define_asset_job(
    "mend_gallery",
    selection=AssetSelection.checks_for_assets("gallery_index"),
    tags=_TAGS,
    config={"ops": {"gallery_index_gallery_matches_record": {"config": {"mend": True}}}},
    description="Compares the vector store with Postgres, and writes and deletes what differs.",
)


@job(
    name="rollback_gallery",
    tags=_TAGS,
    description="Goes back to the gallery's former collection; once more goes forward again.",
)
def ROLLBACK_GALLERY() -> None:  # noqa: N802  # a job like those above
    serve_former_collection()


@job(
    name="look_at_record",
    tags=_TAGS,
    description="Notes how large the tables of the record are, and changes nothing.",
)
def LOOK_AT_RECORD() -> None:  # noqa: N802  # a job like those above
    look_at_tables()


JOBS: list[JobDefinition | UnresolvedAssetJobDefinition] = [
    REBUILD_GALLERY,
    REFRESH_MARTS,
    REFRESH_ALL,
    SWEEP_IMAGES,
    APPLY_TERMS,
    COUNT_DAYS,
    REOPEN_DAYS,
    CHECK_EVENTS,
    CHECK_EXPECTATIONS,
    LOOK_AT_RECORD,
    DOCUMENT_MARTS,
    CHECK_GALLERY,
    CHECK_AUDIT_LOG,
    MEND_GALLERY,
    ERASE,
    REEMBED_TENANT,
    ROLLBACK_GALLERY,
]
