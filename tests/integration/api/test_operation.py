"""What operators and their tools see: health, metrics, documentation, and answers to requests that go astray."""

from __future__ import annotations

import re
import threading

import pytest

from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.event_kit import face_event, send
from tests.integration.api.harness import slug_of
from tests.integration.api.raw import PART_HEAD, RawCaller, head


def test_the_process_is_alive(running: Running) -> None:
    assert running.nobody.get("/healthz")["status"] == "ok"


def test_the_parts_are_ready(running: Running) -> None:
    found = running.nobody.get("/readyz")
    assert found["ready"] is True
    assert {part["name"]: part["healthy"] for part in found["components"]} == {
        "postgres": True,
        "vectors": True,
        "objects": True,
        "models": True,
    }


def test_metrics_count_requests_and_events_and_name_nobody(tenant: Tenant) -> None:
    site = tenant.site("Distinctive name")
    camera = tenant.camera(site["site_id"])
    send(tenant.caller("worker"), face_event(camera["camera_id"], who=1))
    answer = tenant.running.nobody.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    counted = 'footfall_http_requests_total{method="POST",route="/v1/events/face",status="200"}'
    assert re.search(rf"{re.escape(counted)} [1-9]", answer.text)
    assert re.search(r'footfall_face_events_total\{decision="new_customer"\} [1-9]', answer.text)
    for secret in (site["site_id"], camera["camera_id"], str(tenant.tenant_id), tenant.slug, "Distinctive"):
        assert secret not in answer.text


def test_strangers_paths_make_no_new_series(running: Running) -> None:
    for number in range(20):
        running.nobody.http.get(f"/scan/{number}.php")
        running.nobody.http.request(f"VERB{number}", "/v1/sites")
    text = running.nobody.ask("GET", "/metrics").text
    assert ".php" not in text
    assert "VERB" not in text
    assert 'route="unmatched"' in text


def test_the_documents_are_served(running: Running) -> None:
    document = running.nobody.http.get("/v1/openapi.json")
    assert (document.status_code, document.json()["info"]["title"]) == (200, "Footfall API")
    page = running.nobody.http.get("/docs")
    assert "text/html" in page.headers["content-type"]
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert "POST /v1/events/face" in page.text


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/sites", "/v1/sites/", "/v1/../etc/passwd", "/redoc", "/favicon.ico"])
def test_what_is_not_there_is_a_problem_document(running: Running, path: str) -> None:
    found = running.nobody.refused("GET", path)
    assert (found.status, slug_of(found)) == (404, "no-such-route")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/sites"), ("GET", "/v1/auth/token"), ("OPTIONS", "/v1/sites")]
)
def test_a_method_that_is_not_offered(running: Running, method: str, path: str) -> None:
    answer = running.nobody.ask(method, path, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["type"]) == (405, "urn:footfall:problem:method-not-allowed")
    assert answer.headers["allow"]
    assert "access-control-allow-origin" not in answer.headers


def test_a_request_id_goes_through_to_the_problem(running: Running) -> None:
    answer = running.nobody.ask("GET", "/v1/sites", headers={"X-Request-ID": "trace-7"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "trace-7"


def test_an_endless_upload_is_cut_off_while_it_arrives(tenant: Tenant) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with RawCaller(tenant.running.nobody.http) as caller:
        caller.send(
            head(
                tenant.caller("worker"),
                "/v1/events/face",
                "Content-Type: multipart/form-data; boundary=x",
                "Transfer-Encoding: chunked",
            )
        )
        caller.send(f"{len(PART_HEAD):x}\r\n".encode() + PART_HEAD + b"\r\n")
        answered: list[int] = []
        reader = threading.Thread(target=lambda: answered.append(caller.status()))
        reader.start()
        sent_bytes = 0
        while reader.is_alive() and sent_bytes < 200_000_000:
            try:
                caller.send(chunk)
            except OSError:
                break
            sent_bytes += len(chunk)
        reader.join(timeout=10)
    assert answered == [413]
    assert sent_bytes < 200_000_000
