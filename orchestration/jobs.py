"""Jobs and their schedules. What they select is `assets`'."""

from __future__ import annotations

from dagster import (
    AssetSelection,
    DefaultScheduleStatus,
    ScheduleDefinition,
    define_asset_job,
)

from assets.needs import GALLERY, MARTS, STAGING

_GALLERY = AssetSelection.groups(GALLERY)
_MARTS = AssetSelection.groups(STAGING, MARTS)

REBUILD_GALLERY = define_asset_job(
    "rebuild_gallery",
    selection=_GALLERY,
    description="Counts what is enrolled, fills a fresh collection of the vector store from Postgres and checks it.",
)
REFRESH_MARTS = define_asset_job(
    "refresh_marts",
    selection=_MARTS,
    description="Rebuilds the local days in which visits or sightings changed, and tests the marts.",
)
REFRESH_ALL = define_asset_job(
    "refresh_all", selection=_GALLERY | _MARTS, description="The gallery and the marts, made anew from the record."
)
CHECK_GALLERY = define_asset_job(
    "check_gallery",
    selection=AssetSelection.checks_for_assets("gallery_index"),
    description="Compares the vector store with Postgres, and changes nothing.",
)

JOBS = [REBUILD_GALLERY, REFRESH_MARTS, REFRESH_ALL, CHECK_GALLERY]

SCHEDULES = [
    ScheduleDefinition(
        name="nightly_gallery",
        job=REBUILD_GALLERY,
        cron_schedule="30 3 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description="Every night at 03:30 UTC.",
    ),
    ScheduleDefinition(
        name="hourly_marts",
        job=REFRESH_MARTS,
        cron_schedule="5 * * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description="Five minutes past every hour.",
    ),
    ScheduleDefinition(
        name="hourly_gallery_check",
        job=CHECK_GALLERY,
        cron_schedule="35 * * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description="Twenty-five minutes to every hour, so that a drift is noticed before the night mends it.",
    ),
]
