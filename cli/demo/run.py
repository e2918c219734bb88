"""The demo from end to end: media, film, stack, tenant, enrolment, the daemon, Dagster, the report. Deciding what a
good result is belongs to `report`."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.demo import cast, film
from cli.demo.report import complaint, judge, print_report, sightings_of, summary_of
from cli.models_commands import PullBars
from cli.stack.ports import free_ports
from cli.stack.stack import Stack, running_stack
from cli.stack.state import WELL, PartState
from client import FootfallClient
from contracts.base import CameraId, TenantId
from contracts.people import StaffCreate
from contracts.places import CameraCreate, SiteCreate
from contracts.records import VisitRecordV1
from footfall import access, provisioning
from footfall.errors import ConfigurationError, FootfallError
from footfall.settings import Settings
from footfall.stores.postgres.engine import open_engine
from footfall.vision.media import SampleMedia, pull_sample_media
from footfall.vision.models.pull import pull
from footfall.vision.pipeline import open_vision
from orchestration.local import materialise

_EMAIL = "admin@demo.example"
_TIMEZONE = "Europe/Vienna"
_JOB = "refresh_all"


class DemoFailedError(FootfallError):
    """The main job ran and its result is wrong."""

    slug = "demo-failed"
    title = "The demo's result is wrong"


@dataclass(frozen=True, slots=True)
class _Tenant:
    tenant_id: TenantId
    slug: str
    password: str = field(repr=False)


def run_demo(settings: Settings, console: Console) -> Mapping[str, Any]:
    """Runs everything and answers the summary, which also lies in `<home>/demo/summary.json`.

    Raises DemoFailedError when a staff member was missed or somebody was taken for somebody else's badge, and
    whatever a part raises when it cannot do its work.
    """
    began = time.monotonic()
    settings = settings.model_copy(update={"home": settings.home.resolve()})
    folder = settings.home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    media = _pull(settings, console)
    played = _film(settings, media, console)
    console.print("The one-machine stack starts ...")
    with running_stack(settings, progress=lambda part: _say(console, part)) as stack:
        tenant = _make_tenant(stack, folder, console)
        with FootfallClient(stack.url("api"), tenant=tenant.slug, email=_EMAIL, password=tenant.password) as client:
            site = client.create_site(SiteCreate(name="Demo hall", timezone=_TIMEZONE))
            camera = client.create_camera(CameraCreate(site_id=site.site_id, name="Entrance"))
            names = _enrol(client, media, console)
            # The film has just ended: its visits are today's, and none lies in the future.
            started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=cast.FILM_SECONDS)
            ingest = _play(
                stack,
                tenant,
                camera_id=CameraId(camera.camera_id),
                played=played,
                started_at=started_at,
                folder=folder,
                console=console,
            )
            console.print(f"Dagster runs the job [bold]{_JOB}[/bold]: gallery, marts and their checks ...")
            outcome = materialise(_JOB, stack.settings_for("dagster-code"))
            if not outcome.success:
                raise DemoFailedError(f"The Dagster job {_JOB} failed: {outcome.failure}")
            visits = _all_visits(client)
            traffic = client.traffic(bucket="hour", source="marts", site_id=site.site_id).rows
        verdict = judge(sightings_of(ingest, started_at), names)
        marts = {name: rows for name, rows in outcome.rows.items() if "visits_" in name}
        summary = {
            **summary_of(verdict, ingest, visits, traffic, marts),
            "film_seconds": cast.FILM_SECONDS,
            "tenant": tenant.slug,
            "dagster_run": outcome.run_id,
            "failed_checks": list(outcome.failed_checks),
            "seconds": round(time.monotonic() - began, 1),
        }
        _write(folder / "summary.json", summary)
        print_report(console, summary, visits, traffic, ZoneInfo(_TIMEZONE))
        _where_next(console, folder, tenant, summary)
    wrong = complaint(verdict)
    if wrong is not None:
        raise DemoFailedError(wrong, hint=f"Every decision is in {folder / 'ingest.json'}.")
    return summary


def _pull(settings: Settings, console: Console) -> SampleMedia:
    console.print("Models and sample photographs ...")
    with PullBars() as bars:
        pull(settings, bars)
        return pull_sample_media(settings.home / "media", settings, bars)


def _film(settings: Settings, media: SampleMedia, console: Console) -> Path:
    """The composed film; made anew only when the script, the drawing or the photographs have changed."""
    script = repr(cast.ENTRANCES).encode() + Path(film.__file__).read_bytes()
    target = settings.home / "media" / f"film-{hashlib.sha256(script).hexdigest()[:12]}.mp4"
    if not target.exists():
        with _bar(console, "Composing the film") as (bars, task):
            film.compose(
                media.folder,
                target,
                open_vision(settings),
                lambda done, total: bars.update(task, completed=done, total=total),
            )
    return target


def _make_tenant(stack: Stack, folder: Path, console: Console) -> _Tenant:
    """A tenant of this run's own, so that nothing of an earlier run colours the result."""
    owner = stack.settings_for("schema").postgres.dsn
    if owner is None:
        raise ConfigurationError(
            "The demo makes a tenant, for which it needs the owner's DSN.", hint="Set FOOTFALL_POSTGRES__DSN."
        )
    dsn = owner.get_secret_value()
    slug = f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    password = secrets.token_urlsafe(12)
    tenant_id = provisioning.create_tenant(
        dsn,
        slug=slug,
        name="Demo",
        privacy_mode="identify",
        legal_basis="demonstration with published test photographs",
        retention_days=30,
        admin_email=_EMAIL,
        admin_password=password,
    )
    login = folder / "login.json"
    login.unlink(missing_ok=True)
    with os.fdopen(os.open(login, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        json.dump({"tenant": slug, "email": _EMAIL, "password": password}, opened)
    console.print(f"Tenant [bold]{slug}[/bold] with one site and one camera.")
    return _Tenant(tenant_id, slug, password)


def _enrol(client: FootfallClient, media: SampleMedia, console: Console) -> dict[UUID, str]:
    """Enrols every staff member through the API; answers names by staff id."""
    names: dict[UUID, str] = {}
    for member in cast.STAFF:
        person = client.create_staff(StaffCreate(display_name=member.name, external_ref=member.number))
        names[person.staff_id] = member.name
        for picture in member.enrolment:
            face = client.enrol_face(person.staff_id, media.path(picture).read_bytes(), picture)
            console.print(f"Enrolled {member.name} from {picture}, quality {face.quality.score:.2f}.")
    return names


def _play(
    stack: Stack,
    tenant: _Tenant,
    *,
    camera_id: CameraId,
    played: Path,
    started_at: datetime,
    folder: Path,
    console: Console,
) -> dict[str, Any]:
    """Plays the film through the ingest daemon, in a process of its own like on a camera's host."""
    summary = folder / "ingest.json"
    summary.unlink(missing_ok=True)
    app = stack.settings_for("api").postgres
    if app.app_dsn is None:
        raise ConfigurationError("The stack gives the API no DSN.", hint="Run `footfall doctor`.")
    engine = open_engine(app.app_dsn.get_secret_value(), app, application="footfall-demo")
    try:
        key = access.create_api_key(
            engine, tenant.tenant_id, name="demo camera host", role="worker", camera_ids=frozenset({camera_id})
        )
    finally:
        engine.dispose()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")},
        **stack.environment("ingest"),
        "FOOTFALL_INGEST__API_KEY": key,
        "FOOTFALL_INGEST__OUTBOX": str(folder / f"outbox-{tenant.slug}.sqlite"),
        "FOOTFALL_INGEST__PORT": str(free_ports(1)[0]),
    }
    console.print("The film plays through the ingest daemon ...")
    command = [
        sys.executable, "-m", "cli", "ingest", "--source", str(played), "--camera", str(camera_id),
        "--started-at", started_at.isoformat(), "--summary", str(summary), "--progress",
    ]  # fmt: skip
    ended = subprocess.run(command, env=environment, check=False)
    if ended.returncode != 0 or not summary.exists():
        raise DemoFailedError(
            f"The ingest daemon ended with exit code {ended.returncode}.", hint="Its messages stand above."
        )
    told: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return told


def _all_visits(client: FootfallClient) -> list[VisitRecordV1]:
    visits: list[VisitRecordV1] = []
    cursor: str | None = None
    while True:
        page = client.visits(limit=200, cursor=cursor)
        visits.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return visits


def _where_next(console: Console, folder: Path, tenant: _Tenant, summary: Mapping[str, Any]) -> None:
    console.print(
        f"\nDone in {summary['seconds']:.0f} s; the report lies in {folder / 'summary.json'}.\n"
        "To look around: [bold]make up[/bold], open the dashboards that it names, and sign in with tenant "
        f"[bold]{tenant.slug}[/bold],\ne-mail [bold]{_EMAIL}[/bold], password [bold]{tenant.password}[/bold] "
        f"(also in {folder / 'login.json'}).",
        highlight=False,
        soft_wrap=True,
    )


def _say(console: Console, part: PartState) -> None:
    if part.status in WELL:
        took = f" after {part.took_seconds:.1f} s" if part.took_seconds is not None else ""
        console.print(f"  {part.name}: {part.status}{took}", highlight=False)


def _write(path: Path, summary: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(summary, indent=2, default=str) + "\n", encoding="utf-8")
    partial.replace(path)


@contextmanager
def _bar(console: Console, what: str) -> Iterator[tuple[Progress, Any]]:
    columns: Sequence[Any] = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield bars, bars.add_task(what, total=None)
    console.print(f"{what}: done.")
