"""The record as assets that others make: tables of Postgres which the daemon, the API and people fill. No code runs."""

from __future__ import annotations

from dagster import AssetSpec

from assets.needs import OWNERS, SOURCES


def _table(name: str, description: str, *, deps: tuple[str, ...] = ()) -> AssetSpec:
    return AssetSpec(
        key=name,
        deps=deps,
        description=description,
        group_name=SOURCES,
        owners=OWNERS,
        kinds={"postgres", "table"},
        metadata={"dagster/table_name": f"footfall.{name}"},
    )


RECORD = [
    _table("sites", "Places with their time zones. Made by tenant admins through the API."),
    _table("staff_face_images", "Enrolled photographs of staff: landmarks, quality and template of each."),
    _table("audit_log", "Who did what to which record, each entry chained to the one before."),
    _table("face_events", "Tracked sightings as the workers sent them, with what was decided about each face."),
    _table(
        "customer_templates",
        "Templates of customers, taken from their own sightings where the tenant identifies.",
        deps=("face_events",),
    ),
    _table(
        "visits",
        "Stays of one person at one site: sightings closer together than the site's visit gap.",
        deps=("face_events", "sites"),
    ),
    _table("retention_terms", "Terms of tenants' records in days, and since when the record of each is whole."),
    _table(
        "traffic_changes",
        "Notes of where a visit or sighting was added, changed or deleted; the marts rebuild those local days.",
        deps=("visits", "face_events"),
    ),
]
