"""`footfall purge`: erasing a person, a camera's period or a tenant. The rules are `footfall.erasure`'s; what is done
with a certificate where there is no server is `purge_certificates`'."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import typer

from cli import purge_certificates
from cli.audit_commands import named_tenants
from cli.gallery_commands import operator_settings
from footfall.errors import InputError, NotFoundError, ServiceUnavailableError
from footfall.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from contracts.base import TenantId
    from contracts.erasure import ErasureRequest, ErasureSubject
    from footfall.erasure import Observe

app = typer.Typer(
    no_args_is_help=True,
    help="Erase a person, what a camera saw, or a whole tenant, everywhere, and prove it. A request is carried out by "
    "Dagster within a minute; `run` does it here and now. Each step is remembered: after a failure, or a power cut, "
    "the next run goes on where the last one stopped. Only when every store was read back and nothing was found is a "
    "certificate signed, which `verify` checks without any server.",
)

ACTOR = "cli"
EXIT_UNFINISHED = 1
Kind = Literal["customer", "staff", "camera", "tenant"]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Tenant = Annotated[str, typer.Option(help="Slug or id.")]
AnyTenant = Annotated[str | None, typer.Option(help="Slug or id; every tenant when absent.")]


@app.command("request")
def request(
    kind: Annotated[Kind, typer.Argument(help="What is to be erased.")],
    subject_id: Annotated[UUID | None, typer.Argument(help="Id of the customer, staff member or camera.")] = None,
    *,
    tenant: Tenant,
    reference: Annotated[str, typer.Option(help="Where the person's own request is recorded: a form's number.")],
    since: Annotated[str | None, typer.Option(help="Of a camera: from then on, as 2026-11-20T08:00+01:00.")] = None,
    until: Annotated[str | None, typer.Option(help="Of a camera: before then.")] = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="Of a tenant: without the day to take it back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for an erasure. Nothing is erased by this command; the request's id is printed, for `run` and `status`.

    A tenant is shut at once, and erased a day later unless that is taken back.
    """
    from footfall.erasure_requests import TENANT_GRACE, order_tenant_erasure, request_erasure

    now = datetime.now(UTC)
    with _engine() as (engine, _):
        tenant_id = _one(engine, tenant)
        if kind == "tenant":
            grace = timedelta() if at_once else TENANT_GRACE
            made = order_tenant_erasure(engine, tenant_id, reference=reference, now=now, actor=ACTOR, grace=grace)
        else:
            subject = _subject(kind, subject_id, since, until)
            made = request_erasure(engine, tenant_id, subject, reference=reference, now=now, actor=ACTOR)
    if as_json:
        typer.echo(made.model_dump_json())
        return
    typer.echo(f"{made.request_id} is asked for, and due by {made.due_at:%Y-%m-%d}.")
    typer.echo(f"`footfall purge run {made.request_id}` carries it out now; Dagster does so by itself.")


@app.command("status")
def status(
    request_id: Annotated[UUID | None, typer.Argument(help="One request with its steps; else those open.")] = None,
    tenant: AnyTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show requests that are not completed, or one with what each of its steps has done, waits for or failed at."""
    from footfall.erasure_requests import get_request, ready_requests

    with _engine() as (engine, _):
        chosen = _chosen(engine, tenant)
        if request_id is not None:
            found = [get_request(engine, *_located(engine, chosen, request_id))]
        else:
            found = [get_request(engine, where, each.request_id) for where, each in ready_requests(engine, chosen)]
    if as_json:
        typer.echo(json.dumps({"requests": [each.model_dump(mode="json") for each in found]}))
        return
    if not found:
        typer.echo("No erasure is open.")
    for each in found:
        _tell(each, steps=request_id is not None)


@app.command("run")
def run(
    request_id: Annotated[UUID | None, typer.Argument(help="This request; else every one that is open.")] = None,
    tenant: AnyTenant = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="Also where it can still be taken back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Carry requests out, from where they stopped. Exit code 1 when one waits or failed: run it again.

    One that waits for a worker goes on as soon as the worker has answered; one whose machine is gone for good can be
    deleted from the registry (DELETE /v1/workers/ID), and is waited for no more.
    """
    from footfall.erasure import carry_out
    from footfall.erasure_requests import ready_requests
    from footfall.operations import open_operator_services

    settings = operator_settings()
    services = open_operator_services(settings)
    try:
        chosen = _chosen(services.engine, tenant)
        if request_id is None:
            wanted = [(where, each.request_id) for where, each in ready_requests(services.engine, chosen)]
        else:
            wanted = [_located(services.engine, chosen, request_id)]
        done = []
        for where, each in wanted:
            with _bar(as_json) as observe:
                done.append(
                    carry_out(
                        services,
                        where,
                        each,
                        refresh_marts=partial(_refresh_marts, settings),
                        observe=observe,
                        at_once=at_once,
                    )
                )
    finally:
        services.close()
    if as_json:
        typer.echo(json.dumps({"requests": [each.model_dump(mode="json") for each in done]}))
    else:
        for after in done:
            _tell(after, steps=True)
        if not done:
            typer.echo("No erasure is open.")
    if any(each.status != "completed" for each in done):
        raise typer.Exit(EXIT_UNFINISHED)


@app.command("certificate")
def certificate(
    request_id: Annotated[UUID, typer.Argument(help="The request that is completed.")], tenant: AnyTenant = None
) -> None:
    """Print the certificate of a request, to be kept and given to whom it concerns. It holds no personal data."""
    from footfall.erasure_requests import certificate_of

    with _engine() as (engine, _):
        typer.echo(certificate_of(engine, *_located(engine, _chosen(engine, tenant), request_id)).model_dump_json())


app.command("verify")(purge_certificates.verify)
app.command("keys")(purge_certificates.keys)


@contextmanager
def _engine() -> Iterator[tuple[Engine, Settings]]:
    from footfall.record import operator_engine

    settings = operator_settings()
    engine = operator_engine(settings, application="footfall-purge")
    try:
        yield engine, settings
    finally:
        engine.dispose()


def _one(engine: Engine, wanted: str) -> TenantId:
    [found] = _chosen(engine, wanted)
    return found


def _chosen(engine: Engine, wanted: str | None) -> list[TenantId]:
    """As `named_tenants`; an id may be an erased tenant's, which no list shows any more."""
    from contracts.base import TenantId

    try:
        return named_tenants(engine, wanted)
    except NotFoundError:
        try:
            return [TenantId(UUID(wanted))]
        except ValueError:
            pass
        raise


def _located(engine: Engine, tenant_ids: list[TenantId], request_id: UUID) -> tuple[TenantId, UUID]:
    """The tenant that the request is of. Raises NotFoundError."""
    from footfall.erasure_requests import get_request

    for tenant_id in tenant_ids:
        try:
            get_request(engine, tenant_id, request_id)
        except NotFoundError:
            continue
        return tenant_id, request_id
    raise NotFoundError(
        f"There is no erasure request {request_id}.", hint="Of an erased tenant, name it with --tenant ID."
    )


def _subject(kind: Kind, subject_id: UUID | None, since: str | None, until: str | None) -> ErasureSubject:
    from contracts.erasure import CameraSubject, CustomerSubject, StaffSubject

    if subject_id is None:
        raise InputError(f"Name the {kind} by its id.", hint=f"footfall purge request {kind} ID --tenant ...")
    if kind == "customer":
        return CustomerSubject(kind=kind, customer_id=subject_id)
    if kind == "staff":
        return StaffSubject(kind=kind, staff_id=subject_id)
    return CameraSubject(kind="camera", camera_id=subject_id, since=_time(since), until=_time(until))


def _time(value: str | None) -> datetime:
    try:
        found = datetime.fromisoformat(value or "")
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(
            "A camera's period needs --since and --until, with an offset.", hint="As in 2026-11-20T08:00+01:00."
        )
    return found


def _refresh_marts(settings: Settings) -> None:
    """Raises ServiceUnavailableError where the marts could not be rebuilt."""
    from orchestration.local import materialise

    outcome = materialise("refresh_marts", settings)
    if not outcome.success:
        raise ServiceUnavailableError(
            f"The marts could not be rebuilt: {outcome.failure}", hint="`footfall doctor`; then run the erasure again."
        )


@contextmanager
def _bar(quiet: bool) -> Iterator[Observe]:
    """Which step is under way, on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from footfall.erasure_steps import STEPS

    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bars:
        task = bars.add_task("begin", total=len(STEPS) + 1)
        told: Callable[[str, str], None] = lambda step, phase: bars.update(  # noqa: E731 - a name for its type
            task, description=step, advance=1 if phase == "recorded" else 0
        )
        yield told


def _tell(request: ErasureRequest, *, steps: bool) -> None:
    about = request.customer_id or request.staff_id or request.camera_id or "all of it"
    typer.echo(f"{request.request_id}  {request.subject_kind} {about}: {request.status}")
    if request.error is not None:
        typer.echo(f"  {request.error}")
    for step in request.steps if steps else ():
        counted = ", ".join(f"{count} {name}" for name, count in sorted(step.counts.items()))
        typer.echo(f"  {step.step:8} {step.state:8} {step.error or counted}".rstrip())
    if steps and request.status == "completed":
        typer.echo(f"  `footfall purge certificate {request.request_id}` prints the certificate.")
