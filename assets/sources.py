"""What assets are made of and others fill: tables of Postgres, which the daemon, the API and people write, and buckets
of images. They are looked at here, and nothing of them is made.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Mapping

from dagster import AssetObservation, AssetSpec, OpExecutionContext, ResourceParam, op

from assets.failures import told_plainly
from assets.needs import OWNERS, RETRIES, SOURCES, Holds, OpensRecord, tagged
from footfall.stores.base import BucketKind


def _table(name: str, description: str, *, holds: Holds, deps: tuple[str, ...] = ()) -> AssetSpec:
    return AssetSpec(
        key=name,
        deps=deps,
        description=description,
        group_name=SOURCES,
        owners=OWNERS,
        tags=tagged(holds=holds, effect="records"),
        kinds={"postgres", "table"},
        metadata={"dagster/table_name": f"footfall.{name}"},
    )


def _bucket(name: str, description: str) -> AssetSpec:
    return AssetSpec(
        key=name,
        description=description,
        group_name=SOURCES,
        owners=OWNERS,
        tags=tagged(holds="faces", effect="records"),
        kinds={"s3"},
    )


TABLES = [
    _table("sites", "Places with their time zones. Made by tenant admins through the API.", holds="traffic"),
    _table(
        "staff_face_images", "Enrolled photographs of staff: landmarks, quality and template of each.", holds="faces"
    ),
    _table("audit_log", "Who did what to which record, each entry chained to the one before.", holds="people"),
    _table(
        "face_events",
        "Tracked sightings as the workers sent them, with what was decided about each face.",
        holds="people",
    ),
    _table(
        "customer_templates",
        "Templates of customers, taken from their own sightings where the tenant identifies.",
        holds="faces",
        deps=("face_events",),
    ),
    _table(
        "visits",
        "Stays of one person at one site: sightings closer together than the site's visit gap.",
        holds="people",
        deps=("face_events", "sites"),
    ),
    _table(
        "retention_terms",
        "Terms of tenants' records in days, and since when the record of each is whole.",
        holds="traffic",
    ),
    _table(
        "traffic_changes",
        "Notes of where a visit or sighting was added, changed or deleted; the marts rebuild those local days.",
        holds="traffic",
        deps=("visits", "face_events"),
    ),
]

BUCKETS: Mapping[BucketKind, str] = {"raw": "raw_images", "derived": "derived_images"}
"""What assets call the buckets. The nightly sweep, which lists them whole, tells what they hold."""

IMAGES = [
    _bucket("raw_images", "The bucket of face crops as the workers sent them, which the bucket's rule lets expire."),
    _bucket("derived_images", "The bucket of enrolled photographs and of the crops that were aligned from them."),
]


@op(retry_policy=RETRIES, description="Notes how large each table of the record is, by Postgres' own counters.")
def look_at_tables(context: OpExecutionContext, record: ResourceParam[OpensRecord]) -> None:
    with told_plainly(), record.open() as opened:
        sizes = opened.table_sizes()
    for spec in TABLES:
        size = sizes[spec.key.to_user_string()]
        context.log_event(
            AssetObservation(
                spec.key,
                metadata={
                    "estimated rows": size.estimated_rows,
                    "bytes": size.bytes,
                    "index bytes": size.index_bytes,
                },
            )
        )
