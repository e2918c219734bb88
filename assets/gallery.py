"""The gallery's assets: what is enrolled, and the vector store made of it. How they are made is `footfall.gallery`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Sequence
from dataclasses import fields

from dagster import (
    AssetExecutionContext,
    MaterializeResult,
    OpExecutionContext,
    ResourceParam,
    TableMetadataValue,
    asset,
    op,
)

from assets.failures import told_plainly
from assets.needs import GALLERY, NIGHTLY_FRESH, OWNERS, RETRIES, OpensServices, tagged
from assets.tables import table
from assets.timing import timed
from footfall.gallery import list_tenant_ids, rebuild_gallery, rollback_gallery
from footfall.gallery_size import measure_galleries
from footfall.stores.postgres.gallery import GallerySize

_COUNTS = tuple(item.name for item in fields(GallerySize) if item.name not in {"tenant_id", "slug"})


@asset(
    deps=["staff_face_images", "customer_templates"],
    group_name=GALLERY,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="reports"),
    kinds={"postgres"},
    retry_policy=RETRIES,
    freshness_policy=NIGHTLY_FRESH,
    description="Who can be recognised: staff, customers and their templates, counted tenant by tenant from Postgres.",
)
@timed
def staff_gallery(context: AssetExecutionContext, services: ResourceParam[OpensServices]) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        model_version = opened.model_version
        sizes = measure_galleries(opened.engine, list_tenant_ids(opened.engine), model_version)
        totals = total_sizes(sizes)
    if totals["unrecognisable_staff"]:
        context.log.warning(
            "%d staff members have no face of the served model: nobody recognises them.", totals["unrecognisable_staff"]
        )
    return MaterializeResult(
        metadata={
            "dagster/row_count": totals["staff_faces"] + totals["customer_templates"],
            "tenants": len(sizes),
            **totals,
            "model_version": model_version,
            "by_tenant": _table_of(sizes),
        }
    )


@asset(
    deps=[staff_gallery],
    group_name=GALLERY,
    owners=OWNERS,
    tags=tagged(holds="faces", effect="rebuilds"),
    kinds={"milvus"},
    retry_policy=RETRIES,
    freshness_policy=NIGHTLY_FRESH,
    pool="gallery",
    description="The collection that probes are searched in, filled afresh from Postgres, verified (counts, ids, "
    "sampled vectors, recall against exact search) and put behind the alias. Events go on meanwhile; the former "
    "collection is kept for going back.",
)
@timed
def gallery_index(services: ResourceParam[OpensServices]) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        model_version = opened.model_version
        rebuilt = rebuild_gallery(
            opened.engine,
            opened.vectors,
            list_tenant_ids(opened.engine),
            model_version,
            limits=opened.settings.milvus,
        )
    report, verified = rebuilt.report, rebuilt.verification
    return MaterializeResult(
        metadata={
            "dagster/row_count": report.vectors,
            "collection": report.collection,
            "previous_collection": report.previous or "none",
            "seconds": report.seconds,
            "recall_at_1": verified.recall_at_1,
            "recall_at_10": verified.recall_at_10,
            "probes": verified.probes,
            "sampled_vectors": verified.sampled_vectors,
            "nprobe": verified.nprobe or "exact",
            "vectors_per_second": report.vectors / report.seconds if report.seconds > 0 else 0.0,
            "model_version": model_version,
        }
    )


@op(pool="gallery", description="Serves the former collection again, brought to what Postgres records now.")
def serve_former_collection(context: OpExecutionContext, services: ResourceParam[OpensServices]) -> None:
    with told_plainly(), services.open() as opened:
        report, mended = rollback_gallery(
            opened.engine, opened.vectors, list_tenant_ids(opened.engine), opened.model_version
        )
    context.add_output_metadata(
        {
            "collection": report.collection,
            "previous_collection": report.previous or "none",
            "templates_added": mended.added,
            "templates_removed": mended.removed,
        }
    )


def total_sizes(sizes: Sequence[GallerySize]) -> dict[str, int]:
    """The sum of each count over all tenants."""
    return {name: sum(getattr(size, name) for size in sizes) for name in _COUNTS}


def _table_of(sizes: Sequence[GallerySize]) -> TableMetadataValue:
    return table(
        ({"tenant": size.slug, **{name: getattr(size, name) for name in _COUNTS}} for size in sizes),
        words=["tenant"],
        counts=_COUNTS,
    )
