"""`footfall ingest`: a camera, a stream or a film through the ingest daemon, with its progress and its summary. What
the daemon does is `ingest_daemon`'s."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from footfall.errors import ConfigurationError, InputError, NotAVideoError, ServiceUnavailableError
from footfall.settings import PREFIX, Settings, load_settings

if TYPE_CHECKING:
    from types import FrameType

    from ingest_daemon.playing import Progress
    from ingest_daemon.summary import IngestSummary

_PLAIN_LINE_SECONDS = 5.0


ingest_app = typer.Typer(invoke_without_command=True, no_args_is_help=False)


@ingest_app.callback()
def ingest(
    context: typer.Context,
    *,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="A video file, a folder of pictures, an rtsp:// or http:// URL, or a device number. A URL with a "
            f"password is better given as {PREFIX}INGEST__SOURCE: a command line is seen by everybody on the machine."
        ),
    ] = None,
    camera: Annotated[
        list[UUID] | None,
        typer.Option(
            help="Id of the camera that the source is. Several cameras: as many, in the order of the sources."
        ),
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Play a file at its own speed; without it, as fast as it goes.")
    ] = False,
    started_at: Annotated[
        str | None,
        typer.Option(
            help="When a file's first frame was taken, ISO 8601 with an offset. The same file played again with the "
            "same time adds nothing. Default: such that the file has just ended."
        ),
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Write the summary to this file, as JSON.")] = None,
    progress: Annotated[
        bool, typer.Option("--progress", help="Show progress: a bar on a terminal, lines elsewhere.")
    ] = False,
    stay: Annotated[
        bool, typer.Option("--stay", help="Go on serving the status after a file has ended, until stopped.")
    ] = False,
) -> None:
    """Watch a camera, or play a file as if it were one: faces are followed, and one event for each person goes to the
    API as soon as the person is sure and again when they have left.

    Events wait in an outbox on disk while the API is away, and nothing is sent twice. A file ends when its events
    are with the server; a live source runs until SIGTERM or Ctrl-C, which drain what they can and exit 0. The API's
    URL is FOOTFALL_API__URL, the key FOOTFALL_INGEST__API_KEY; on a host that registered (`footfall worker register`)
    both are known. Health, readiness, metrics and status are served on
    FOOTFALL_INGEST__HOST and __PORT.

    Exit codes: 0 done; 2 the source, the camera or the key is wrong; 3 the API stayed away (events are kept, and go
    out at the next start).
    """
    if context.invoked_subcommand is not None:
        return
    from ingest_daemon.daemon import run_cameras
    from ingest_daemon.playing import Run
    from ingest_daemon.registration import load_identity, with_identity

    settings = load_settings()
    settings = with_identity(settings, load_identity(settings.home))
    sources = _sources(source or [], camera or [], settings)
    began_at = _moment(started_at)
    logging.getLogger().setLevel(settings.log_level.upper())
    with _stopped_by_signals() as stop, _shown(progress) as on_progress:
        how = Run(realtime=realtime, started_at=began_at, until_end=not stay)
        summaries = run_cameras(settings, sources, how, stop=stop, on_progress=on_progress)
    for done in summaries:
        if summary is not None:
            _write(_beside(summary, done, alone=len(summaries) == 1), done.model_dump_json(indent=2))
        typer.echo(in_words(done))
    unreadable = [done.source for done in summaries if done.frames and done.frames == done.frames_unreadable]
    if unreadable:
        raise NotAVideoError(f"Nothing of {', '.join(unreadable)} can be read.", hint="Was it copied whole?")
    left = [done for done in summaries if done.undelivered]
    if left and not stop.is_set():
        raise ServiceUnavailableError(
            "; ".join(
                f"{done.undelivered} events wait in {settings.outbox_path(done.camera_id)}: "
                f"{done.trouble or 'time was up'}"
                for done in left
            ),
            hint="They are sent at the next start. Is the API up, and the key right?",
        )


def _beside(summary: Path, done: IngestSummary, *, alone: bool) -> Path:
    """Of several cameras each has a summary of its own, with the camera's id before the suffix."""
    return summary if alone else summary.with_name(f"{summary.stem}-{done.camera_id}{summary.suffix}")


def in_words(summary: IngestSummary) -> str:
    """The summary for a person to read: what was seen, what was made of it, what was lost, how long it took."""
    unreadable = f"{summary.frames_unreadable} unreadable, " if summary.frames_unreadable else ""
    lines = [
        f"{summary.source}: {summary.frames} frames in {summary.seconds:.1f} s ({summary.fps:.0f} fps), "
        f"{unreadable}{summary.frames_analysed} analysed, {summary.faces_detected} faces, {summary.tracks} tracks "
        f"({summary.tracks_too_short} too short to count).",
    ]
    for event in summary.decisions:
        who = f" {event.person_kind} {event.person_id}" if event.person_id else ""
        score = f", score {event.score:.3f}" if event.score is not None else ""
        stay = (event.ended_at - event.started_at).total_seconds()
        lines.append(f"  {event.started_at:%H:%M:%S} for {stay:4.1f} s: {event.decision}{who}{score}")
    if not summary.decisions:
        lines.append("  No sighting.")
    drops = ", ".join(f"{count} {what}" for what, count in summary.drops.items())
    lines.append(f"Dropped: {drops}; set aside: {summary.set_aside}; waiting in the outbox: {summary.undelivered}.")
    if summary.latency_ms_p50 is not None and summary.latency_ms_p95 is not None:
        lines.append(
            f"From frame to committed visit: median {summary.latency_ms_p50:.0f} ms, "
            f"p95 {summary.latency_ms_p95:.0f} ms."
        )
    if summary.detector is not None:
        lines.append(f"Detector {summary.detector}, embedder {summary.embedder}, {summary.backend}.")
    return "\n".join(lines)


def _sources(sources: Sequence[str], cameras: Sequence[UUID], settings: Settings) -> dict[UUID, str]:
    """A source for each camera: as given, else as the settings say. Raises ConfigurationError."""
    ingest_settings = settings.ingest
    if not sources and not cameras and ingest_settings.sources:
        return {camera: source.get_secret_value() for camera, source in ingest_settings.sources.items()}
    chosen = list(sources)
    if not chosen and ingest_settings.source is not None:
        chosen = [ingest_settings.source.get_secret_value()]
    if not chosen:
        raise ConfigurationError("There is no source.", hint=f"Give --source, or set {PREFIX}INGEST__SOURCE.")
    watched = list(cameras)
    if not watched and ingest_settings.camera_id is not None:
        watched = [ingest_settings.camera_id]
    if not watched:
        raise ConfigurationError(
            "There is no camera.", hint=f"Give --camera, or set {PREFIX}INGEST__CAMERA_ID; GET /v1/cameras lists them."
        )
    if len(watched) != len(chosen) or len(set(watched)) != len(watched):
        raise ConfigurationError(
            f"There are {len(chosen)} sources for {len(watched)} cameras.",
            hint="Give --source and --camera equally often, no camera twice, in the same order.",
        )
    return dict(zip(watched, chosen, strict=True))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text} is no moment.", hint="Write it as 2026-11-22T09:00:00+01:00.") from None
    if moment.tzinfo is None:
        raise InputError(f"{text} states no offset.", hint="Write it as 2026-11-22T09:00:00+01:00, or with Z.")
    return moment.astimezone(UTC)


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set. A second one ends the process at once, as without us."""
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shown(wanted: bool) -> Iterator[Callable[[Progress], None] | None]:
    if not wanted:
        yield None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} frames"))
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("starting", total=None)

        def show(now: Progress) -> None:
            bars.update(task, description=_standing(now), completed=now.frames, total=now.frames_expected)

        yield show


def _lines() -> Callable[[Progress], None]:
    last = time.monotonic()

    def show(now: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _PLAIN_LINE_SECONDS:
            last = time.monotonic()
            of = f" of {now.frames_expected}" if now.frames_expected else ""
            typer.echo(f"frame {now.frames}{of}, {_standing(now)}", err=True)

    return show


def _standing(now: Progress) -> str:
    rate = now.frames / now.seconds if now.seconds > 0 else 0.0
    state = "" if now.connected else "camera away, "
    return f"{state}{rate:.0f} fps, {now.live_tracks} faces in view, {now.events_sent} events sent, " + (
        f"{now.events_pending} waiting"
    )


def _write(target: Path, text: str) -> None:
    """Whole or not at all."""
    partial = target.with_name(target.name + ".partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"The summary {target} cannot be written: {error.strerror}.", hint="Check --summary."
        ) from error
