"""`footfall gallery reembed` and `footfall models add | serve | retire`: from one model to another. The rules are the
domain's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.gallery_commands import operator_settings
from footfall.errors import InputError
from footfall.settings import load_settings

if TYPE_CHECKING:
    from contracts.base import TenantId
    from footfall.reembedding import Batch
    from footfall.services import Services
    from footfall.stores.postgres.model_coverage import Coverage

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_LISTED = 20


def reembed(
    to: Annotated[str | None, typer.Option("--to", help="Model version; default: the one beside the served.")] = None,
    *,
    pause: Annotated[bool, typer.Option("--pause", help="Hold every run after the batch at hand.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a pause.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how far it is, and change nothing.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what was set aside.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make every template anew in another model version, from the stored crops. Recognition goes on meanwhile; a run
    that ends early is taken up by the next."""
    from footfall.errors import ConflictError
    from footfall.gallery import list_tenant_ids
    from footfall.reembedding import coverages, reembed_tenant, retry_lost
    from footfall.reembedding_switch import pause as hold
    from footfall.reembedding_switch import prepare_candidate
    from footfall.serving import follow

    if pause + resume + status > 1:
        raise InputError("--pause, --resume and --status exclude each other.")
    with _operator() as services:
        follow(services)
        companion = services.serving.companion
        version = to or (None if companion is None else companion.model_version)
        if version is None:
            raise ConflictError(
                f"No version stands beside {services.model_version}.",
                hint="Name one with --to: `footfall models list`.",
            )
        tenant_ids = list_tenant_ids(services.engine)
        if pause or resume:
            hold(services, version, paused=pause)
        elif not status and version != services.model_version:
            prepare_candidate(services, version)
        follow(services)
        before = coverages(services.engine, tenant_ids, version)
        if not pause and not status:
            if retry:
                for tenant_id in tenant_ids:
                    retry_lost(services.engine, tenant_id, version)
                before = coverages(services.engine, tenant_ids, version)
            with _bars(sum(each.untried for each in before.values())) as advance:
                for tenant_id in tenant_ids:
                    reembed_tenant(services, tenant_id, version, on_batch=advance)
        _show(services, version, coverages(services.engine, tenant_ids, version), as_json)


def add(
    file: Annotated[Path, typer.Argument(help="An ONNX file: 112x112 aligned crops in, one row of 512 numbers out.")],
    *,
    version: Annotated[str, typer.Option("--version", help="Its name for ever: templates are stored with it.")],
    sha256: Annotated[str, typer.Option("--sha256", help="What its publisher states.")],
    colour_order: Annotated[str, typer.Option("--colour-order", help="BGR or RGB.")] = "BGR",
    mean: Annotated[float, typer.Option("--mean", help="Subtracted from every channel.")] = 127.5,
    scale: Annotated[float, typer.Option("--scale", help="What is left is divided by this.")] = 128.0,
    dimensions: Annotated[int, typer.Option("--dimensions", help="Numbers of a template.")] = 512,
    mirrored: Annotated[bool, typer.Option("--mirrored", help="Fuse with the mirror image's template.")] = False,
    licence: Annotated[str, typer.Option("--licence", help="Of the weights.")] = "not stated",
) -> None:
    """Add an embedder of your own to this machine's manifest. Every API, Dagster and camera host needs it."""
    from footfall.vision.embedders.shelf import try_out
    from footfall.vision.models.added import add_model, entry_of

    settings = load_settings()
    entry = entry_of(
        {
            "version": version,
            "file": f"{version}.onnx",
            "sha256": sha256.lower(),
            "colour_order": colour_order.upper(),
            "mean": mean,
            "scale": scale,
            "dimensions": dimensions,
            "mirrored": mirrored,
            "licence": licence,
        }
    )
    spec = add_model(settings.models_path, file, entry, trial=lambda path, new: try_out(path, new, settings.vision))
    typer.echo(f"{spec.version} is in the manifest of this machine.")
    typer.echo(
        f"Measure it before it serves: python -m benchmarks background --model {spec.version} --faces FOLDER --write"
    )


def serve(version: Annotated[str, typer.Argument(help="The version beside the one served.")]) -> None:
    """Serve another model version, for all tenants at once: a candidate, or the former one again."""
    from footfall.gallery import list_tenant_ids
    from footfall.reembedding import coverages
    from footfall.reembedding_switch import serve as switch

    with _operator() as services:
        left = coverages(services.engine, list_tenant_ids(services.engine), version)
        with _bars(sum(each.untried for each in left.values())) as advance:
            done = switch(services, version, on_batch=advance)
    behind = sum(each.customers - each.customers_known for each in done.coverage.values())
    report, verified = done.rebuild.report, done.rebuild.verification
    typer.echo(f"{done.served} is served: {report.vectors} vectors in {report.collection}.")
    typer.echo(f"Verified with {verified.probes} probes: recall {verified.recall_at_1:.2%} of the best.")
    typer.echo(f"{behind} customers and {_opt_outs_behind(done.coverage)} opt-outs are known in {done.former} alone.")
    typer.echo(f"Back: footfall models serve {done.former}. No way back: footfall models retire {done.former}.")


def retire(
    version: Annotated[str, typer.Argument(help="The version beside the one served.")],
    give_up: Annotated[bool, typer.Option("--give-up", help="Also what is known in it alone.")] = False,
) -> None:
    """Remove every template of a version that is no longer served, or of a candidate. There is no way back."""
    from footfall.reembedding_switch import retire as remove

    with _operator() as services:
        gone = remove(services, version, give_up=give_up)
    typer.echo(
        f"{version} is gone, and with it {gone.templates} templates of customers, {gone.staff_faces} photographs of "
        f"staff and {gone.opt_outs} opt-outs that no other version knows; {gone.collections} collections were dropped."
    )


class _Advance:
    """Moves the bar on by what a batch did."""

    def __init__(self, bars: Progress, total: int) -> None:
        self._bars = bars
        self._task = bars.add_task("templates", total=total)

    def __call__(self, batch: Batch) -> None:
        self._bars.update(self._task, advance=batch.embedded + batch.set_aside, description=f"{batch.kind}s")


@contextmanager
def _bars(total: int) -> Iterator[_Advance]:
    """Progress on a terminal's standard error; silent where there is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield _Advance(bars, total)


def _show(services: Services, version: str, found: Mapping[TenantId, Coverage], as_json: bool) -> None:
    from footfall.reembedding import list_lost

    lost = [
        (tenant_id, each)
        for tenant_id in found
        for each in list_lost(services.engine, tenant_id, version, limit=_LISTED)
    ]
    state: Literal["served", "paused", "standing"] = "served" if version == services.model_version else "standing"
    if services.serving.companion is not None and services.serving.companion.paused:
        state = "paused"
    totals = {
        name: sum(getattr(each, name) for each in found.values())
        for name in (next(iter(found.values())).__slots__ if found else ())
    }
    if as_json:
        tenants = {str(tenant_id): asdict(each) for tenant_id, each in found.items()}
        typer.echo(json.dumps({"model_version": version, "state": state, "tenants": tenants, "totals": totals}))
        return
    typer.echo(f"{version}, {state}, {len(found)} tenants:")
    for name, what in (
        ("staff_faces", "photographs of staff"),
        ("customers", "customers"),
        ("sightings", "sightings"),
        ("opt_outs", "opt-outs"),
    ):
        typer.echo(f"  {totals.get(f'{name}_known', 0)} of {totals.get(name, 0)} {what} are known in it")
    typer.echo(f"  {totals.get('set_aside', 0)} templates are set aside, {totals.get('untried', 0)} were not tried yet")
    for tenant_id, each in lost[:_LISTED]:
        typer.echo(f"  {tenant_id} {each.item.kind} {each.item.row_id}: {each.message}")


def _opt_outs_behind(found: Mapping[TenantId, Coverage]) -> int:
    return sum(each.opt_outs - each.opt_outs_known for each in found.values())


@contextmanager
def _operator() -> Iterator[Services]:
    from footfall.services import open_services

    services = open_services(operator_settings(), role="operator")
    try:
        yield services
    finally:
        services.close()
