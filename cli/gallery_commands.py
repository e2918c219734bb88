"""`footfall gallery`: the vector store's collection, looked at, made anew, mended, taken back. The rules are the
domain's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.settings import Settings, load_settings

if TYPE_CHECKING:
    from footfall.operations import OperatorServices

gallery = typer.Typer(
    no_args_is_help=True, help="The vectors that faces are searched in, made of what Postgres records."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@gallery.command("status")
def status(as_json: AsJson = False) -> None:
    """Show what is served, what a roll-back would serve, and where the store differs from Postgres."""
    from footfall.gallery import gallery_drift, list_tenant_ids

    with _operator() as services:
        served = services.vectors.served()
        drifts = [
            gallery_drift(services.engine, services.vectors, tenant_id, services.model_version)
            for tenant_id in list_tenant_ids(services.engine)
        ]
    told = {
        "collection": served.collection,
        "former": served.former,
        "nprobe": served.nprobe,
        "model_version": services.model_version,
        "tenants": len(drifts),
        "missing": sum(len(drift.missing) for drift in drifts),
        "orphaned": sum(len(drift.orphaned) for drift in drifts),
    }
    _tell(
        told,
        as_json,
        f"Served: {served.collection}, for {services.model_version}.",
        f"Kept for going back: {served.former or 'nothing'}.",
        f"Against Postgres, in {told['tenants']} tenants: {told['missing']} templates missing, "
        f"{told['orphaned']} of nobody.",
    )


@gallery.command("rebuild")
def rebuild(as_json: AsJson = False) -> None:
    """Fill a fresh collection from Postgres, verify it and serve it. Events go on meanwhile."""
    from footfall.gallery import list_tenant_ids, rebuild_gallery

    with _operator() as services:
        rebuilt = rebuild_gallery(
            services.engine,
            services.vectors,
            list_tenant_ids(services.engine),
            services.model_version,
            limits=services.settings.milvus,
        )
    report, verified = rebuilt.report, rebuilt.verification
    _tell(
        {
            "collection": report.collection,
            "previous": report.previous,
            "vectors": report.vectors,
            "seconds": round(report.seconds, 3),
            "recall_at_1": verified.recall_at_1,
            "recall_at_10": verified.recall_at_10,
            "probes": verified.probes,
            "nprobe": verified.nprobe,
        },
        as_json,
        f"Serving {report.collection}: {report.vectors} vectors in {report.seconds:.1f} s.",
        f"Verified with {verified.probes} probes: recall {verified.recall_at_1:.2%} of the best, "
        f"{verified.recall_at_10:.2%} of the ten best.",
    )


@gallery.command("rollback")
def rollback(as_json: AsJson = False) -> None:
    """Serve the former collection again, brought to what Postgres records now. Doing it twice changes nothing."""
    from footfall.gallery import list_tenant_ids, rollback_gallery

    with _operator() as services:
        report, mended = rollback_gallery(
            services.engine, services.vectors, list_tenant_ids(services.engine), services.model_version
        )
    _tell(
        {
            "collection": report.collection,
            "previous": report.previous,
            "added": mended.added,
            "removed": mended.removed,
        },
        as_json,
        f"Serving {report.collection} again; {mended.added} templates were added and {mended.removed} removed.",
    )


@gallery.command("mend")
def mend(as_json: AsJson = False) -> None:
    """Write what the served collection lacks and delete what is nobody's, without a rebuild."""
    from footfall.gallery import list_tenant_ids, mend_gallery

    with _operator() as services:
        mended = [
            mend_gallery(services.engine, services.vectors, tenant_id, services.model_version)
            for tenant_id in list_tenant_ids(services.engine)
        ]
    added, removed = sum(each.added for each in mended), sum(each.removed for each in mended)
    _tell({"added": added, "removed": removed}, as_json, f"{added} templates were added and {removed} removed.")


@contextmanager
def _operator() -> Iterator[OperatorServices]:
    from footfall.operations import open_operator_services

    services = open_operator_services(operator_settings())
    try:
        yield services
    finally:
        services.close()


def operator_settings() -> Settings:
    """The environment's, else the running stack's. Raises ServiceUnavailableError when there is neither."""
    settings = load_settings()
    if settings.postgres.operator_dsn is not None:
        return settings
    from cli.stack import Stack

    return Stack.load(settings).settings_for("dagster-code")


def _tell(told: Mapping[str, object], as_json: bool, *lines: str) -> None:
    for line in [json.dumps(told)] if as_json else lines:
        typer.echo(line)
