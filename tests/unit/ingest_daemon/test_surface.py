"""What the daemon answers over HTTP about itself."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from contracts.problems import Problem
from contracts.reports import Readiness
from footfall.settings import load_settings
from footfall.vision.pipeline import open_vision
from ingest_daemon import status
from ingest_daemon.callers import MOST_CALLERS
from ingest_daemon.metrics import DaemonMetrics, described_metrics
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.sources.live import LiveSource, stream_capture
from ingest_daemon.status import DaemonState, StatusReport
from ingest_daemon.surface import Guarded, Surface
from ingest_daemon.surface_access import Gate
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.api_server import CAMERA_ID, camera
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event
from tests.unit.ingest_daemon.operated_kit import StagedDaemon

SECRET = "a secret of this host"
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@dataclass
class Served:
    state: DaemonState
    source: LiveSource
    metrics: DaemonMetrics
    http: httpx.Client


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    tally = Tally()
    source = LiveSource("rtsp://***@cam/live", lambda: stream_capture("rtsp://admin:hunter2@127.0.0.1:9/live"),
                        detect_every_seconds=0.1, tally=tally)  # fmt: skip
    outbox = Outbox.open(tmp_path / "outbox.sqlite", max_bytes=10_000_000)
    state = DaemonState(worker="w1", version="1.2", camera_id=CAMERA_ID, source=source, outbox=outbox, tally=tally)
    metrics = DaemonMetrics([state], {})
    gate = Gate(secret=SecretStr(SECRET), keys=None, worker_id=None, tenant_id=None)
    guarded = Guarded(gate, StagedDaemon())
    surface = Surface.open("127.0.0.1", _free_port(), state, metrics.registry, guarded=guarded)
    with httpx.Client(base_url=surface.url, timeout=10) as http:
        yield Served(state, source, metrics, http)
    surface.close()
    outbox.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def at_work(served: Served) -> None:
    served.state.camera = camera()
    served.state.vision = open_vision(load_settings(offline=True))
    served.source.connected = True
    served.state.frame_analysed(NOW)


def readiness(served: Served) -> tuple[int, dict[str, str]]:
    answer = served.http.get("/readyz")
    ready = Readiness.model_validate_json(answer.content)
    assert ready.ready is (answer.status_code == 200)
    return answer.status_code, {one.name: one.detail for one in ready.components if not one.healthy}


def test_it_is_alive_before_it_is_ready(served: Served) -> None:
    assert served.http.get("/healthz").json() == {"status": "ok"}

    code, missing = readiness(served)

    assert code == 503
    assert missing == {
        "camera": "configuration not known yet",
        "vision": "loading",
        "source": "rtsp://***@cam/live is away",
    }


def test_it_is_ready_when_frames_are_analysed(served: Served) -> None:
    at_work(served)

    assert readiness(served) == (200, {})


def test_a_camera_without_frames_is_not_ready(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work(served)
    monkeypatch.setattr(status, "STALE_SECONDS", -1.0)

    assert readiness(served) == (503, {"source": "rtsp://***@cam/live gives no frames"})


def test_a_disabled_camera_is_not_ready(served: Served) -> None:
    at_work(served)
    served.state.camera = camera(enabled=False)

    assert readiness(served) == (503, {"camera": "disabled"})


def test_the_status_tells_what_goes_on_and_no_secret(served: Served) -> None:
    at_work(served)
    served.state.tally.add(Count.FRAMES_READ, 12)
    event, poison = face_event(), face_event(after=5)
    for one in (poison, event):
        served.state.outbox.put(one, IMAGE, run="r", read_at=0.0)
    served.state.outbox.set_aside(served.state.outbox.heads()[0].seq, status=422, reason="no good")

    answer = served.http.get("/v1/status", headers={"Authorization": f"Bearer {SECRET}"})

    report = StatusReport.model_validate_json(answer.content)
    assert (report.worker, report.camera_id, report.source) == ("w1", CAMERA_ID, "rtsp://***@cam/live")
    assert (report.privacy_mode, report.embedder, report.last_frame_at) == ("identify", "mock-1", NOW)
    assert report.counts["frames_read"] == 12
    assert (report.outbox.pending, report.outbox.dead) == (1, 1)
    assert [(one.event_id, one.status, one.reason) for one in report.outbox.dead_letters] == [
        (poison.event_id, 422, "no good")
    ]
    assert datetime.now(UTC) - report.outbox.dead_letters[0].set_aside_at < timedelta(minutes=1)
    assert event.embedding is not None
    assert event.embedding.vector[:30] not in answer.text
    assert "hunter2" not in answer.text


def test_metrics_can_be_scraped_and_agree_with_the_counts(served: Served) -> None:
    served.state.tally.add(Count.FRAMES_READ, 7)
    served.metrics.observe_latency(CAMERA_ID, 0.3)
    served.state.outbox.put(face_event(), IMAGE, run="r", read_at=0.0)

    answer = served.http.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        sample.name: sample
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name != "footfall_ingest_event_latency_seconds_bucket"
    }
    assert samples["footfall_ingest_frames_read_total"].value == 7
    assert samples["footfall_ingest_outbox_pending_events"].value == 1
    assert samples["footfall_ingest_event_latency_seconds_count"].value == 1
    assert samples["footfall_ingest_source_connected"].value == 0
    of_no_camera = {name for name, sample in samples.items() if sample.labels.get("camera") != str(CAMERA_ID)}
    assert all(name.startswith("footfall_ingest_surface_callers_refused") for name in of_no_camera)
    assert {f"footfall_ingest_{count.value}_total" for count in Count} <= samples.keys()


def test_anything_else_is_a_problem_document(served: Served) -> None:
    answer = served.http.get("/v1/snapshot?x=1")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert Problem.model_validate_json(answer.content).instance == "/v1/snapshot"
    assert served.http.post("/v1/status", json={}).status_code == 404


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET http://[::1/healthz HTTP/1.1", 404),
        ("PUT /v1/status HTTP/1.1", 501),
        ("GET /healthz HTTP/9.9", 505),
        (f"GET /{'a' * 70_000} HTTP/1.1", 414),
        ("POST /v1/commands HTTP/1.1", 411),
        ("POST /v1/commands HTTP/1.1\r\nContent-Length: 99999999999999999999", 413),
        ("nonsense", 400),
    ],
)
def test_what_is_no_request_is_a_problem_document(served: Served, request_line: str, status: int) -> None:
    answer = talk(served, f"{request_line}\r\nHost: x\r\nConnection: close\r\n\r\n")

    head, _, body = answer.partition("\r\n\r\n")
    assert f" {status} " in head.splitlines()[0]
    assert "Content-Type: application/problem+json" in head
    assert Problem.model_validate_json(body).status == status


def talk(served: Served, request: str) -> str:
    assert served.http.base_url.port is not None
    with socket.create_connection(("127.0.0.1", served.http.base_url.port), timeout=10) as caller:
        caller.sendall(request.encode())
        return b"".join(iter(lambda: caller.recv(65_536), b"")).decode()


def test_callers_who_only_hold_the_line_cost_a_bounded_number_of_threads(served: Served) -> None:
    assert served.http.base_url.port is not None
    before = threading.active_count()
    with ExitStack() as closing:
        for _ in range(MOST_CALLERS + 20):
            address = ("127.0.0.1", served.http.base_url.port)
            # Of callers who come at once none has to try twice, which takes a second.
            closing.enter_context(socket.create_connection(address, timeout=0.9))
        refused = eventually(lambda: served.metrics.registry.get_sample_value(_REFUSED) or 0.0, 20.0)

        assert refused == 20
        assert threading.active_count() - before <= MOST_CALLERS

    assert eventually(lambda: float(_answers(served)), 1.0) == 1.0


_REFUSED = "footfall_ingest_surface_callers_refused_total"


def _answers(served: Served) -> bool:
    try:
        return httpx.get(f"{served.http.base_url}/healthz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def eventually(value: Callable[[], float], wanted: float) -> float:
    deadline = time.monotonic() + 10
    while (now := value()) < wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return now


def test_a_head_request_gets_no_body(served: Served) -> None:
    answer = served.http.head("/healthz")

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_taken_port_is_replaced_by_a_free_one(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    taken = served.http.base_url.port
    assert taken is not None

    second = Surface.open("127.0.0.1", taken, served.state, CollectorRegistry())

    assert httpx.get(f"{second.url}/healthz", timeout=10).status_code == 200
    assert str(taken) in caplog.text
    second.close()


def test_the_server_does_not_tell_what_it_is_made_of(served: Served) -> None:
    assert "Python" not in served.http.get("/healthz").headers["server"]


def test_what_is_served_is_what_is_described(served: Served) -> None:
    text = served.http.get("/metrics").text
    families = text_string_to_metric_families(text)
    served_names = {family.name for family in families if not family.name.endswith("_created")}  # the format's own
    assert served_names == {family.name for family in described_metrics()}
