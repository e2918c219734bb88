"""`footfall ingest outbox` and `footfall ingest simulate`: what waits on a camera host, and load for an API without
one. Watching cameras is `ingest_commands`'."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from footfall.errors import ConfigurationError, InputError
from footfall.settings import Settings, load_settings

if TYPE_CHECKING:
    from client.api import FootfallClient
    from contracts.places import Camera
    from ingest_daemon.outbox.store import Outbox

outbox_app = typer.Typer(help="What waits for the server on this camera host, and what it refused.")

CameraOption = Annotated[UUID | None, typer.Option(help="Whose outbox; FOOTFALL_INGEST__CAMERA_ID when absent.")]
EventArgument = Annotated[UUID | None, typer.Argument(help="Id of one event; all of them when absent.")]


@outbox_app.command("list")
def list_outbox(camera: CameraOption = None) -> None:
    """How much waits, for how long, what was dropped, and every event that the server refused, with its reason. The
    daemon must not run: it has the outbox to itself, and shows the same under /v1/status."""
    with _opened(camera) as outbox:
        state = outbox.state()
        age = "" if state.oldest_seconds is None else f", the oldest for {state.oldest_seconds / 3600:.1f} h"
        typer.echo(f"{state.pending} events wait ({state.pending_bytes:,} bytes{age}); {state.dropped} were dropped.")
        typer.echo(f"{state.dead} were refused for good{':' if state.dead else '.'}")
        for letter in outbox.dead_letters(limit=1000):
            at = datetime.fromtimestamp(letter.set_aside_at, UTC)
            typer.echo(f"  {letter.event_id} revision {letter.revision} {at:%Y-%m-%d %H:%M} {letter.reason}")


@outbox_app.command("retry")
def retry_outbox(event: EventArgument = None, camera: CameraOption = None) -> None:
    """Queue refused events again. They carry no face any more and become counted sightings."""
    with _opened(camera) as outbox:
        typer.echo(f"{outbox.retry(event)} events are sent at the next start.")


@outbox_app.command("drop")
def drop_outbox(event: EventArgument = None, camera: CameraOption = None) -> None:
    """Forget refused events."""
    with _opened(camera) as outbox:
        typer.echo(f"{outbox.drop(event)} events were forgotten.")


def simulate(
    *,
    cameras: Annotated[int, typer.Option(min=1, max=64, help="How many of the key's cameras to play.")] = 1,
    events: Annotated[int, typer.Option(min=1, max=1_000_000, help="Events of each camera.")] = 100,
    people: Annotated[int, typer.Option(min=1, max=100_000, help="Different people before each camera.")] = 25,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Events a second of each camera; without, as fast as it goes.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same one gives the same events again, which add nothing.")] = 1,
    camera: Annotated[list[UUID] | None, typer.Option(help="Play this camera; may be given several times.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Load an API with the events of people who do not exist, as several cameras would. They become visits like any
    others: use a tenant of its own. Needs no camera and no model; the key is FOOTFALL_INGEST__API_KEY, or
    the one of a host that registered."""
    from client.api import FootfallClient
    from ingest_daemon.simulation import SimulationPlan, chosen_cameras
    from ingest_daemon.simulation import simulate as play

    settings = _settings()
    key = settings.ingest.api_key
    if key is None:
        raise ConfigurationError(
            "The worker has no API key.",
            hint="Register this host (footfall worker register), or make a key with the worker role and set "
            "FOOTFALL_INGEST__API_KEY.",
        )
    stop = Event()
    signal.signal(signal.SIGINT, lambda _number, _frame: stop.set())
    with FootfallClient(settings.api_url, api_key=key.get_secret_value()) as client:
        played = chosen_cameras(_all_cameras(client), camera or [], cameras)
        if len(played) < len(camera or [1] * cameras):
            raise InputError(
                f"The key has {len(played)} of the cameras wanted.", hint="Make more, or ask for fewer with --cameras."
            )
        plan = SimulationPlan(events_per_camera=events, people=people, rate=rate, seed=seed)
        report = play(client, played, settings.ingest.worker, plan, stop)
    if json_output:
        typer.echo(report.model_dump_json())
        return
    typer.echo(
        f"{report.sent} events of {report.cameras} cameras in {report.seconds} s "
        f"({report.events_per_second} a second), "
        f"{report.duplicates} known already, {report.refused} refused, {report.retried} attempts again, "
        f"{report.gave_up} given up."
    )
    if report.latency_ms_p50 is not None:
        typer.echo(
            f"To the committed visit: median {report.latency_ms_p50:.0f} ms, p95 {report.latency_ms_p95:.0f} ms."
        )


def _all_cameras(client: FootfallClient) -> list[Camera]:
    found: list[Camera] = []
    cursor: str | None = None
    while True:
        page = client.cameras(limit=200, cursor=cursor)
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


@contextmanager
def _opened(camera: UUID | None) -> Iterator[Outbox]:
    """Raises ConfigurationError when a daemon has the outbox, InputError when there is none."""
    from ingest_daemon.outbox.store import Outbox

    settings = _settings()
    outbox = Outbox.open(_path(settings, camera), max_bytes=settings.ingest.outbox_max_bytes)
    try:
        yield outbox
    finally:
        outbox.close()


def _settings() -> Settings:
    """With what registering gave this host."""
    from ingest_daemon.registration import load_identity, with_identity

    settings = load_settings()
    return with_identity(settings, load_identity(settings.home))


def _path(settings: Settings, camera: UUID | None) -> Path:
    camera_id = camera or settings.ingest.camera_id
    if camera_id is None and settings.ingest.outbox is None:
        raise ConfigurationError("There is no camera.", hint="Give --camera, or set FOOTFALL_INGEST__CAMERA_ID.")
    path = settings.ingest.outbox if camera_id is None else settings.outbox_path(camera_id)
    if path is None or not path.exists():
        raise InputError(f"There is no outbox {path}.", hint="Has a daemon run here, with this FOOTFALL_HOME?")
    return path
