"""Who is let in to a worker's surface: the server, with a token for this worker, and whoever has the host's secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, SecretStr

from contracts.base import TenantId
from contracts.commands import CommandOrder
from contracts.reports import Readiness
from footfall import tokens
from footfall.addresses import AddressPolicy
from footfall.settings import Settings, load_settings
from footfall.signing_keys import SigningKeys
from footfall.worker_calls import TOKEN_TYPE, Caller, audience_of, call_token
from ingest_daemon.surface import Guarded, Surface
from ingest_daemon.surface_access import Gate, ServerKeys
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.operated_kit import StagedDaemon

WORKER, TENANT = UUID(int=7), TenantId(UUID(int=8))
SECRET = "a secret of this host"


class KeyServer:
    """The server's keys over real HTTP, and how often they were asked for."""

    def __init__(self, keys: SigningKeys, settings: Settings) -> None:
        self.keys, self.asked, self.port = keys, 0, 0
        self.settings = settings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return SigningKeys.load_or_create(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def server(signing: SigningKeys) -> Iterator[KeyServer]:
    found = KeyServer(signing, load_settings())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked += 1
            content = json.dumps(tokens.jwks(found.keys, found.settings)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = serving.server_port
    thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
    thread.start()
    yield found
    serving.shutdown()
    serving.server_close()
    thread.join()


def gate(server: KeyServer) -> Gate:
    return Gate(secret=SecretStr(SECRET), keys=ServerKeys(server.url), worker_id=WORKER, tenant_id=TENANT)


def good(server: KeyServer, worker_id: UUID = WORKER, tenant_id: TenantId = TENANT) -> str:
    caller = Caller(keys=server.keys, settings=server.settings, policy=AddressPolicy.of(""))
    return call_token(caller, tenant_id, worker_id)


def forged(server: KeyServer, *, headers: dict[str, Any] | None = None, **changed: Any) -> str:
    now = datetime.now(UTC)
    claims = {
        "aud": audience_of(WORKER), "sub": "server", "iat": now, "nbf": now, "exp": now + timedelta(minutes=1),
        "tenant_id": str(TENANT), **changed,
    }  # fmt: skip
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        server.keys.private,
        algorithm="RS256",
        headers={"typ": TOKEN_TYPE, "kid": server.keys.kid, **(headers or {})},
    )


def test_the_server_and_the_hosts_secret_are_let_in(server: KeyServer) -> None:
    doors = gate(server)
    assert doors.lets_in(f"Bearer {good(server)}")
    assert doors.lets_in(f"bearer {SECRET}")
    assert doors.lets_in(f"Bearer {forged(server)}"), "what the tests below spoil is good before"


@pytest.mark.parametrize(
    "value", [None, "", "Bearer", "Bearer ", f"Basic {SECRET}", "Bearer nonsense", "Bearer \udcff"]
)
def test_nothing_else_is(server: KeyServer, value: str | None) -> None:
    assert not gate(server).lets_in(value)


def test_a_token_for_another_worker_or_tenant_is_not(server: KeyServer) -> None:
    assert not gate(server).lets_in(f"Bearer {good(server, worker_id=uuid4())}")
    assert not gate(server).lets_in(f"Bearer {good(server, tenant_id=TenantId(uuid4()))}")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"exp": datetime.now(UTC) - timedelta(minutes=5)},
        {"exp": None},
        {"nbf": datetime.now(UTC) + timedelta(days=1)},
        {"sub": "user:1"},
        {"aud": "footfall-api"},
        {"headers": {"typ": "at+jwt"}},
        {"headers": {"kid": "another"}},
    ],
)
def test_a_token_that_is_not_quite_right_is_not(server: KeyServer, spoilt: dict[str, Any]) -> None:
    assert not gate(server).lets_in(f"Bearer {forged(server, **spoilt)}")


def test_a_token_of_another_algorithm_is_not(server: KeyServer) -> None:
    claims = jwt.decode(forged(server), options={"verify_signature": False})
    headers = {"typ": TOKEN_TYPE, "kid": server.keys.kid}
    for token in (
        jwt.encode(claims, "", algorithm="none", headers=headers),
        jwt.encode(claims, "k" * 64, algorithm="HS256", headers=headers),
    ):
        assert not gate(server).lets_in(f"Bearer {token}")


def test_an_access_token_of_the_api_is_not(server: KeyServer) -> None:
    claims = jwt.decode(forged(server), options={"verify_signature": False})
    token = jwt.encode(claims, server.keys.private, algorithm="RS256", headers={"kid": server.keys.kid})
    assert not gate(server).lets_in(f"Bearer {token}")


def test_forged_keys_do_not_make_the_worker_ask_for_ever(server: KeyServer) -> None:
    doors = gate(server)
    for _ in range(20):
        doors.lets_in(f"Bearer {forged(server, headers={'kid': 'another'})}")
    assert server.asked == 1


def test_a_rotated_key_is_found(server: KeyServer, tmp_path: Path) -> None:
    moment = [0.0]
    keys = ServerKeys(server.url, clock=lambda: moment[0])
    doors = Gate(secret=None, keys=keys, worker_id=WORKER, tenant_id=TENANT)
    assert doors.lets_in(f"Bearer {good(server)}")
    server.keys = SigningKeys.load_or_create(tmp_path)
    moment[0] = 60.0
    assert doors.lets_in(f"Bearer {good(server)}")


def test_a_host_that_never_registered_trusts_no_server(server: KeyServer) -> None:
    alone = Gate(secret=None, keys=ServerKeys(server.url), worker_id=None, tenant_id=None)
    assert not alone.lets_in(f"Bearer {good(server)}")


# --- on the surface -------------------------------------------------------------------------------


class Quiet(BaseModel):
    said: str = "nothing"

    def readiness(self) -> Readiness:
        return Readiness(ready=True, version="1", components=())

    def report(self) -> BaseModel:
        return self


@pytest.fixture
def taken() -> list[CommandOrder]:
    return []


@pytest.fixture
def http(taken: list[CommandOrder]) -> Iterator[httpx.Client]:
    doors = Gate(secret=SecretStr(SECRET), keys=None, worker_id=None, tenant_id=None)

    def accept(order: CommandOrder) -> bool:
        taken.append(order)
        return len(taken) == 1

    guarded = Guarded(doors, StagedDaemon(), accept)
    surface = Surface.open("127.0.0.1", 0, Quiet(), CollectorRegistry(), guarded=guarded)
    with httpx.Client(base_url=surface.url, timeout=10) as client:
        yield client
    surface.close()


AUTHORISED = {"Authorization": f"Bearer {SECRET}"}
ORDER = {"command_id": str(uuid4()), "command": {"kind": "stop"}, "expires_in_seconds": 10}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/status"), ("GET", f"/v1/cameras/{CAMERA_ID}/snapshot"), ("POST", "/v1/commands")],
)
def test_what_is_guarded_wants_a_token(http: httpx.Client, method: str, path: str, taken: list[CommandOrder]) -> None:
    answer = http.request(method, path, json=ORDER if method == "POST" else None)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert taken == []
    assert http.request(method, path, json=ORDER if method == "POST" else None, headers=AUTHORISED).is_success


def test_health_and_metrics_want_none(http: httpx.Client) -> None:
    assert [http.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]


def test_a_command_is_taken_once(http: httpx.Client, taken: list[CommandOrder]) -> None:
    answers = [http.post("/v1/commands", json=ORDER, headers=AUTHORISED) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, {"new": True}), (202, {"new": False})]
    assert taken[0].command_id == UUID(str(ORDER["command_id"]))


def test_what_is_no_command_is_refused(http: httpx.Client, taken: list[CommandOrder]) -> None:
    assert http.post("/v1/commands", json={"command": 1}, headers=AUTHORISED).status_code == 422
    assert http.post("/v1/commands", content=b"x" * 20_000, headers=AUTHORISED).status_code == 413
    assert http.post("/v1/elsewhere", json=ORDER, headers=AUTHORISED).status_code == 404
    assert taken == []


def test_a_snapshot_of_an_unknown_camera_is_not_there(http: httpx.Client) -> None:
    shown = http.get(f"/v1/cameras/{CAMERA_ID}/snapshot", headers=AUTHORISED)
    assert (shown.headers["content-type"], shown.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert http.get(f"/v1/cameras/{uuid4()}/snapshot", headers=AUTHORISED).status_code == 404
