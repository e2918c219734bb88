"""A probe says whether a server is well, and never raises for one that is not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from cli.stack.parts.probes import grpc_health, http_health, milvus_health, postgres_health, s3_health
from cli.stack.ports import free_ports
from footfall.settings import S3Settings


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.removeprefix("/")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def answering() -> Iterator[str]:
    """A server whose GET of /<status> answers that status."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose server accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(("status", "well"), [(200, True), (204, True), (302, False), (404, False), (503, False)])
def test_http_is_well_when_it_answers_2xx(answering: str, status: int, well: bool) -> None:
    health = http_health(f"{answering}/{status}", name="it")
    assert (health.ok, health.detail) == (well, f"it answers {status}")


def test_nobody_at_the_port_is_unwell() -> None:
    port = free_ports(1)[0]
    assert not http_health(f"http://127.0.0.1:{port}/", name="it").ok
    assert not milvus_health(f"http://127.0.0.1:{port}", token="user:password").ok
    assert not grpc_health(f"127.0.0.1:{port}", "/a.B/C", name="it").ok
    assert not postgres_health(f"postgresql://user:password@127.0.0.1:{port}/database").ok
    keys = {"access_key": SecretStr("key"), "secret_key": SecretStr("secret")}
    assert not s3_health(S3Settings(endpoint=f"127.0.0.1:{port}", **keys)).ok


def test_a_server_that_says_nothing_is_unwell(silent: int) -> None:
    assert not http_health(f"http://127.0.0.1:{silent}/", name="it", timeout_seconds=0.2).ok
    assert not grpc_health(f"127.0.0.1:{silent}", "/a.B/C", name="it").ok


def test_a_dsn_that_is_none_is_unwell_and_not_repeated() -> None:
    health = postgres_health("sesame")
    assert not health.ok
    assert "sesame" not in health.detail


def test_a_refused_password_is_not_in_the_finding() -> None:
    health = postgres_health(f"postgresql://user:sesame@127.0.0.1:{free_ports(1)[0]}/database")
    assert not health.ok
    assert "sesame" not in health.detail
