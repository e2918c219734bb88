"""Everything Dagster knows of Footfall, put together. Loads with no service up; asks dbt to parse when that is new."""

from __future__ import annotations

import gc

from dagster import Definitions, definitions

from assets.audit import audit_chain_intact
from assets.checks import gallery_matches_record
from assets.days import recorded_days, reopened_days
from assets.dbt_project import dbt_executable, load_manifest, project_dir
from assets.duplicates import corrections_replay, duplicate_candidates
from assets.erasure import erasure_requests, purge_certificates
from assets.expectations import DATA_DOCS, expectations
from assets.face_keys import face_keys
from assets.gallery import gallery_index, staff_gallery
from assets.marts import mart_assets
from assets.marts_docs import marts_docs
from assets.quality import QUALITY_CHECKS
from assets.quality_stores import STORE_CHECKS
from assets.reembedding import reembedding, reembedding_complete
from assets.retention import expired_raw_images, no_expired_images, orphaned_objects
from assets.sources import IMAGES, TABLES
from assets.terms import aged_marts, aged_records, expired_customers, orphaned_vectors
from assets.thresholds import thresholds, thresholds_rest_on_enough_people
from footfall.settings import Settings, load_settings
from orchestration import SEARCHES_OF_MEMORY
from orchestration.executor import executor_of
from orchestration.jobs import JOBS
from orchestration.resources import (
    MartsDbtResource,
    MartsResource,
    RecordResource,
    ReembedderResource,
    ServicesResource,
    TablesResource,
)
from orchestration.schedules import SCHEDULES
from orchestration.sensors import SENSORS


def build_definitions(settings: Settings) -> Definitions:
    """Raises ConfigurationError when the dbt project does not parse, the home cannot be written, or Celery is set and
    cannot be used."""
    return Definitions(
        assets=[
            *TABLES,
            *IMAGES,
            staff_gallery,
            gallery_index,
            thresholds,
            duplicate_candidates,
            reembedding,
            expired_raw_images,
            orphaned_objects,
            face_keys,
            erasure_requests,
            purge_certificates,
            orphaned_vectors,
            expired_customers,
            aged_records,
            aged_marts,
            recorded_days,
            reopened_days,
            mart_assets(load_manifest(settings)),
            DATA_DOCS,
            marts_docs,
        ],
        asset_checks=[
            gallery_matches_record,
            thresholds_rest_on_enough_people,
            corrections_replay,
            reembedding_complete,
            no_expired_images,
            audit_chain_intact,
            *QUALITY_CHECKS,
            *STORE_CHECKS,
            expectations,
        ],
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        executor=executor_of(settings),
        resources={
            "services": ServicesResource(),
            "record": RecordResource(),
            "reembedder": ReembedderResource(),
            "tables": TablesResource(),
            "marts": MartsResource(),
            "dbt": MartsDbtResource(project_dir=str(project_dir()), dbt_executable=str(dbt_executable())),
        },
    )


@definitions
def defs() -> Definitions:
    """What Dagster loads."""
    return build_definitions(load_settings())


# The imports are what takes long; from here on memory is searched as ever.
gc.set_threshold(*SEARCHES_OF_MEMORY)
