"""What the API itself costs: a page of visits beside its query through psycopg, and the CPU of an event.

Real servers, one API process, loopback HTTP. Page and query take turns, so that what else the machine does falls on
both; the CPU of events is read from the operating system, which load does not change.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import cv2
import numpy as np
import numpy.typing as npt
import psycopg
from pydantic import ValidationError
from sqlalchemy import make_url, text

from benchmarks.api_stack import RunningApi, running_api
from benchmarks.commands import Figures
from benchmarks.visit_rows import fill
from client import FootfallClient
from contracts.base import FaceBox, FaceQualityReport
from contracts.events import DetectedFaceV1, Embedding, FaceDetectedV1, FrameSize, Pipeline, Track
from contracts.places import CameraCreate, SiteCreate
from contracts.reports import VisitPage
from footfall.errors import InputError, ServiceUnavailableError
from footfall.listing import choose_order
from footfall.settings import load_settings
from footfall.stores.postgres.engine import open_engine
from footfall.stores.postgres.visit_lists import VISIT_ID, VISIT_SORTS, VisitFilter, page_statement
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.types import Float32Array
from ingest_daemon.events import encoded_vector

PAGE = 100
_WARMING = 30
_PEOPLE = 40
_BOUNDARY = "footfall-benchmark"
# Vision work that the server would repeat is not part of what an event costs beside it.
_SETTINGS = {"RECOGNITION__RE_EMBED": "never"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--visits", type=int, default=1_000_000, help="visits that are stored")
    parser.add_argument("--pages", type=int, default=400, help="pages, and as many queries")
    parser.add_argument("--events", type=int, default=300, help="events whose CPU is measured")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for counts that measure nothing, ServiceUnavailableError when a server does not start."""
    if arguments.visits < PAGE or min(arguments.pages, arguments.events) < 1:
        raise InputError(f"Measure at least {PAGE} visits, one page and one event.")
    with running_api(_SETTINGS) as api:
        _store_visits(api, arguments.visits)
        pages = _measure_pages(api, arguments.visits, arguments.pages)
        events = _measure_events(api, arguments.events)
    return {"visits_stored": arguments.visits, **pages, **events}


def lines(figures: Figures) -> list[str]:
    return [
        f"a page of {PAGE} of {figures['visits_stored']:,} visits: {figures['page_ms']} ms over HTTP, "
        f"{figures['psycopg_ms']} ms through psycopg: {figures['visits_page_vs_psycopg']} times (medians in turns); "
        f"{figures['undisturbed_page_ms']} and {figures['undisturbed_psycopg_ms']} ms where least disturbed",
        f"an event: {figures['event_extra_cpu_ms']} ms of the API's CPU, {figures['event_all_cpu_ms']} ms with every "
        f"store's; {figures['event_ms']} ms from end to end",
    ]


class _Caller:
    """One kept connection, and no more work than sending and receiving: a client's own cost is not the API's."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes | None = None, media_type: str = "") -> bytes:
        """Raises ServiceUnavailableError for an answer that is no success."""
        headers = self._headers | ({"Content-Type": media_type} if body is not None else {})
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise ServiceUnavailableError(f"{method} {path.partition('?')[0]} was answered with {answer.status}.")
        return content


@dataclass(frozen=True, slots=True)
class _Query:
    """The query of a page as psycopg takes it."""

    tenant_id: UUID
    sql: str

    def rows(self, connection: psycopg.Connection[tuple[object, ...]], until: datetime) -> list[tuple[object, ...]]:
        """As the API must ask it: in a transaction with the tenant bound, without whom there is no row."""
        with connection.transaction():
            connection.execute("select set_config('app.tenant_id', %s, true)", (str(self.tenant_id),))
            return connection.execute(self.sql, {"until": until, "limit": PAGE + 1}).fetchall()


def _store_visits(api: RunningApi, visits: int) -> None:
    engine = open_engine(api.app_dsn, load_settings().postgres, application="benchmark")
    try:
        fill(engine, api.tenant_id, visits, say=_say)
    finally:
        engine.dispose()
    with psycopg.connect(_plain(api.owner_dsn), autocommit=True) as connection:
        connection.execute("vacuum analyze footfall.visits")


def _measure_pages(api: RunningApi, visits: int, pages: int) -> dict[str, object]:
    order = choose_order("visits", VISIT_SORTS, VISIT_ID, "-started_at")
    sql, _ = page_statement(VisitFilter(until=datetime.now(UTC)), order, after=None)
    query = _Query(api.tenant_id, str(text(sql).compile(dialect=make_url("postgresql+psycopg://").get_dialect()())))
    random = Random(1)
    oldest_seconds = 25 * visits
    with (
        _signed_in(api) as client,
        psycopg.connect(_plain(api.app_dsn), autocommit=True) as connection,
        _Caller(api.url, client.authenticate().access_token) as caller,
    ):
        over_http: list[float] = []
        through_psycopg: list[float] = []

        def page(until: datetime) -> bytes:
            return caller.ask("GET", f"/v1/visits?limit={PAGE}&until={quote(until.isoformat())}")

        def ask(until: datetime) -> list[tuple[object, ...]]:
            return query.rows(connection, until)

        _check(page, ask)
        for number in range(pages + _WARMING):
            until = datetime.now(UTC) - timedelta(seconds=random.uniform(0, 0.99 * oldest_seconds))
            # Neither always comes second, when the other has warmed the rows.
            first, second = (page, ask) if number % 2 else (ask, page)
            took = {first: _timed(first, until), second: _timed(second, until)}
            if number >= _WARMING:
                over_http.append(took[page])
                through_psycopg.append(took[ask])
            if number % 100 == 99:
                _say(f"{number + 1} pages")
    page_seconds, query_seconds = statistics.median(over_http), statistics.median(through_psycopg)
    return {
        "page_ms": round(page_seconds * 1e3, 3),
        "psycopg_ms": round(query_seconds * 1e3, 3),
        "visits_page_vs_psycopg": round(page_seconds / query_seconds, 2),
        # Of the tenth that was disturbed least: what waits for a busy processor waits on both sides, and hides the API.
        "undisturbed_page_ms": round(_undisturbed(over_http) * 1e3, 3),
        "undisturbed_psycopg_ms": round(_undisturbed(through_psycopg) * 1e3, 3),
    }


def _measure_events(api: RunningApi, events: int) -> dict[str, object]:
    with _signed_in(api) as client:
        site = client.create_site(SiteCreate(name="Events", timezone="Europe/Vienna"))
        camera = client.create_camera(CameraCreate(site_id=site.site_id, name="Door"))
        bodies = list(event_bodies(camera.camera_id, events + _PEOPLE))
        with _Caller(api.url, client.authenticate().access_token) as caller:
            # Everybody comes once before: from then on some are strangers and most are known, as at a door.
            for body in bodies[:_PEOPLE]:
                _send(caller, body)
            _say("events")
            began, api_began, all_began = time.perf_counter(), api.api_cpu_seconds(), api.all_cpu_seconds()
            for body in bodies[_PEOPLE:]:
                _send(caller, body)
            ended, api_ended, all_ended = time.perf_counter(), api.api_cpu_seconds(), api.all_cpu_seconds()
    return {
        "event_extra_cpu_ms": round((api_ended - api_began) / events * 1e3, 2),
        "event_all_cpu_ms": round((all_ended - all_began) / events * 1e3, 2),
        "event_ms": round((ended - began) / events * 1e3, 2),
    }


def _send(caller: _Caller, body: bytes) -> None:
    caller.ask("POST", "/v1/events/face", body, f"multipart/form-data; boundary={_BOUNDARY}")


def _check(page: Callable[[datetime], bytes], ask: Callable[[datetime], list[tuple[object, ...]]]) -> None:
    """Both answer the same visits. Raises ServiceUnavailableError when not."""
    now = datetime.now(UTC)
    try:
        found = [visit.visit_id for visit in VisitPage.model_validate_json(page(now)).items]
    except ValidationError as error:
        raise ServiceUnavailableError("A page of visits is not what the contract says.") from error
    if found != [row[0] for row in ask(now)[:PAGE]]:
        raise ServiceUnavailableError("The API and psycopg answer different visits.")


def event_bodies(camera_id: UUID, count: int) -> Iterator[bytes]:
    """Multipart bodies of events with a template and a crop of the size that the daemon sends; one in eight shows
    somebody new."""
    random = np.random.default_rng(7)
    people = _unit(random.normal(size=(_PEOPLE + count // 8 + 1, 512)))
    texture = cv2.resize(random.integers(0, 256, (24, 20, 3), dtype=np.uint8), (256, 320))
    _, crop = cv2.imencode(".jpg", texture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    known = _PEOPLE
    for number in range(count):
        if number < _PEOPLE:
            vector = people[number]
        elif number % 8 == 0:
            vector, known = people[known], known + 1
        else:
            vector = people[int(random.integers(_PEOPLE))]
        shot = _unit((vector + 0.02 * random.normal(size=512))[np.newaxis])[0]
        event = _event(camera_id, shot, datetime.now(UTC) - timedelta(seconds=40 * (count - number)))
        yield _multipart(event.model_dump_json().encode(), crop.tobytes())


def _event(camera_id: UUID, vector: Float32Array, at: datetime) -> FaceDetectedV1:
    return FaceDetectedV1(
        event_id=uuid4(),
        camera_id=camera_id,
        worker="benchmark",
        captured_at=at,
        track=Track(started_at=at, ended_at=at + timedelta(seconds=3), frames=30),
        face=DetectedFaceV1(
            box=FaceBox(x=512, y=180, width=118, height=141),
            landmarks=((544, 236), (597, 235), (571, 266), (549, 294), (593, 293)),
            quality=FaceQualityReport(
                score=0.8, size_px=118, sharpness=240, yaw_deg=0, roll_deg=0, detection_score=0.9
            ),
            frame=FrameSize(width=1280, height=720),
        ),
        embedding=Embedding(model_version=EMBEDDER.version, vector=encoded_vector(vector)),
        pipeline=Pipeline(detector="benchmark", embedder=EMBEDDER.version, backend="benchmark"),
    )


def _multipart(event: bytes, crop: bytes) -> bytes:
    edge = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name=".encode()
    return (
        edge + b"event\r\nContent-Type: application/json\r\n\r\n" + event + b"\r\n"
        + edge + b"image; filename=face.jpg\r\n\r\n" + crop + f"\r\n--{_BOUNDARY}--\r\n".encode()
    )  # fmt: skip


def _undisturbed(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 10))


def _signed_in(api: RunningApi) -> FootfallClient:
    return FootfallClient(api.url, tenant=api.tenant, email=api.email, password=api.password)


def _timed(call: Callable[[datetime], object], until: datetime) -> float:
    began = time.perf_counter()
    call(until)
    return time.perf_counter() - began


def _unit(rows: npt.NDArray[np.float64]) -> Float32Array:
    unit: Float32Array = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _plain(dsn: str) -> str:
    """As psycopg itself takes it."""
    return make_url(dsn).set(drivername="postgresql").render_as_string(hide_password=False)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
