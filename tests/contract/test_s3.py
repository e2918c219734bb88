"""What S3 alone can get wrong: addresses, keys, lifecycle rules, signed URLs, a server that dies or says nothing."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from pydantic import SecretStr

from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.ports import free_ports
from cli.stack.processes import ProcessId
from cli.stack.running import running_part
from footfall.errors import ConfigurationError, ObjectsUnavailableError
from footfall.settings import S3Settings, Settings
from footfall.stores.base import ObjectStore
from footfall.stores.objects import RULE_ID, S3ObjectStore, open_objects
from footfall.stores.standins import MemoryObjectStore
from tests.contract.templates import new_tenant

JPEG = "image/jpeg"
CALLS: dict[str, Callable[[ObjectStore], object]] = {
    "ensure": lambda store: store.ensure(),
    "put": lambda store: store.put(new_tenant(), "raw", "a.jpg", b"a", JPEG),
    "get": lambda store: store.get(tenant := new_tenant(), "raw", f"{tenant}/a.jpg"),
    "delete": lambda store: store.delete(tenant := new_tenant(), "raw", [f"{tenant}/a.jpg"]),
    "list": lambda store: list(store.list(new_tenant(), "raw")),
    "lifecycle_days": lambda store: store.lifecycle_days("raw"),
    "ping": lambda store: store.ping(),
}


@pytest.fixture
def admin(s3: S3Settings) -> Any:
    assert s3.access_key is not None
    assert s3.secret_key is not None
    keys = (s3.access_key.get_secret_value(), s3.secret_key.get_secret_value())
    return Minio(s3.endpoint, access_key=keys[0], secret_key=keys[1], secure=False, region=s3.region)


@pytest.fixture
def fresh(s3: S3Settings, admin: Any) -> Iterator[S3Settings]:
    """Settings with buckets that are not there yet, and are gone afterwards."""
    names = {"bucket_raw": f"raw-{uuid4().hex}", "bucket_derived": f"derived-{uuid4().hex}"}
    yield s3.model_copy(update=names)
    for name in names.values():
        if admin.bucket_exists(name):
            admin.remove_bucket(name)


def _settings(endpoint: str, **more: object) -> S3Settings:
    return S3Settings.model_validate({"endpoint": endpoint, "access_key": "key", "secret_key": "secret", **more})


# --- addresses and keys --------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["endpoint", "access_key", "secret_key"])
def test_settings_without_an_address_or_a_key_are_refused_when_the_store_is_opened(missing: str) -> None:
    incomplete = _settings("127.0.0.1:9000").model_copy(update={missing: None})
    with pytest.raises(ConfigurationError, match="FOOTFALL_S3__"):
        open_objects(Settings(s3=incomplete))


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:9000", "127.0.0.1:9000/path", "127.0.0.1:port", "a b:1", "u:hunter2@a:1"]
)
def test_what_is_no_host_and_port_is_refused_when_the_store_is_opened(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="host:port") as refused:
        open_objects(Settings(s3=_settings(endpoint)))
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_opening_connects_to_nothing() -> None:
    open_objects(Settings(s3=_settings("nowhere.invalid:1")))


def test_offline_opens_the_stand_in() -> None:
    assert isinstance(open_objects(Settings(offline=True)), MemoryObjectStore)


@pytest.fixture(scope="module")
def dead_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_says_that_nobody_answers(call: Callable[[ObjectStore], object], dead_endpoint: str) -> None:
    with pytest.raises(ObjectsUnavailableError) as away:
        call(S3ObjectStore(_settings(dead_endpoint)))
    assert "secret" not in f"{away.value} {away.value.hint}"


def test_a_server_that_accepts_and_says_nothing_is_given_up_on() -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as silent:
        store = S3ObjectStore(_settings(f"127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.2))
        with pytest.raises(ObjectsUnavailableError):
            store.ping()


@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_a_wrong_key_is_a_matter_of_configuration(s3: S3Settings, wrong: str) -> None:
    S3ObjectStore(s3).ensure()
    store = S3ObjectStore(s3.model_copy(update={wrong: SecretStr("0123456789abcdef")}))
    for call in (CALLS["ensure"], CALLS["get"], CALLS["put"], CALLS["list"]):
        with pytest.raises(ConfigurationError, match="refuses"):
            call(store)


# --- lifecycle -----------------------------------------------------------------------------------------


def test_the_rule_follows_the_settings(fresh: S3Settings) -> None:
    S3ObjectStore(fresh).ensure()
    shorter = S3ObjectStore(fresh.model_copy(update={"raw_retention_days": 7}))
    shorter.ensure()
    assert shorter.lifecycle_days("raw") == 7


def test_ensure_leaves_an_operators_own_rules(fresh: S3Settings, admin: Any) -> None:
    store = S3ObjectStore(fresh)
    store.ensure()
    own = Rule(ENABLED, rule_id="logs", rule_filter=Filter(prefix="logs/"), expiration=Expiration(days=1))
    admin.set_bucket_lifecycle(fresh.bucket_raw, LifecycleConfig([own]))
    assert store.lifecycle_days("raw") is None, "a rule for a part of the bucket expires no face"
    store.ensure()
    kept = admin.get_bucket_lifecycle(fresh.bucket_raw).rules
    assert {(rule.rule_id, rule.expiration.days) for rule in kept} == {("logs", 1), (RULE_ID, 30)}


def test_a_rule_that_expires_sooner_than_promised_is_not_passed_over(fresh: S3Settings, admin: Any) -> None:
    store = S3ObjectStore(fresh)
    store.ensure()
    hasty = Rule(ENABLED, rule_id="hasty", rule_filter=Filter(prefix=""), expiration=Expiration(days=2))
    admin.set_bucket_lifecycle(fresh.bucket_raw, LifecycleConfig([hasty]))
    with pytest.raises(ConfigurationError, match="2 instead of 30 days"):
        store.ensure()


def test_a_rule_that_is_switched_off_counts_for_nothing(fresh: S3Settings, admin: Any) -> None:
    store = S3ObjectStore(fresh)
    store.ensure()
    off = Rule("Disabled", rule_id=RULE_ID, rule_filter=Filter(prefix=""), expiration=Expiration(days=30))
    admin.set_bucket_lifecycle(fresh.bucket_raw, LifecycleConfig([off]))
    assert store.lifecycle_days("raw") is None
    store.ensure()
    assert store.lifecycle_days("raw") == 30


def test_stores_that_make_the_buckets_at_once_all_succeed(fresh: S3Settings) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: S3ObjectStore(fresh).ensure(), range(6)))
    assert S3ObjectStore(fresh).lifecycle_days("raw") == 30


def test_a_bucket_that_vanished_is_noticed_by_ping(fresh: S3Settings, admin: Any) -> None:
    store = S3ObjectStore(fresh)
    store.ensure()
    store.ping()
    admin.remove_bucket(fresh.bucket_derived)
    with pytest.raises(ObjectsUnavailableError, match="bucket"):
        store.ping()


# --- who may read --------------------------------------------------------------------------------------


def test_an_object_is_given_to_nobody_without_a_key(s3: S3Settings) -> None:
    store = S3ObjectStore(s3)
    store.ensure()
    tenant = new_tenant()
    key = store.put(tenant, "derived", "a.jpg", b"a face", JPEG)
    with urllib3.PoolManager() as browser:
        assert browser.request("GET", f"http://{s3.endpoint}/{s3.bucket_derived}/{key}").status == 403


# --- a server that dies --------------------------------------------------------------------------------


@dataclass(slots=True)
class Killable:
    """A SeaweedFS of the test's own that can be killed and started again on its folder and ports."""

    folder: Path
    ports: SeaweedPorts = field(default_factory=lambda: SeaweedPorts(*free_ports(8)))
    _running: ExitStack = field(default_factory=ExitStack)
    _process: ProcessId | None = None

    @property
    def part(self) -> SeaweedPart:
        return SeaweedPart(
            self.folder / "server", self.ports, access_key="k" * 16, secret_key="s" * 32, internal_key="i" * 32
        )

    def start(self) -> None:
        self._process = self._running.enter_context(running_part(self.part, self.folder / "log"))

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._running.close()


@pytest.fixture
def seaweed(tmp_path: Path) -> Iterator[Killable]:
    server = Killable(tmp_path)
    server.start()
    yield server
    server.kill()


def test_a_store_finds_again_what_it_stored_before_the_server_was_killed(seaweed: Killable) -> None:
    part = seaweed.part
    store = S3ObjectStore(_settings(part.endpoint, access_key=part.access_key, secret_key=part.secret_key))
    store.ensure()
    tenant = new_tenant()
    keys = [store.put(tenant, "raw", f"{number}.jpg", bytes([number]) * 20_000, JPEG) for number in range(20)]
    seaweed.kill()
    with pytest.raises(ObjectsUnavailableError):
        store.get(tenant, "raw", keys[0])
    seaweed.start()
    assert [store.get(tenant, "raw", key) for key in keys] == [bytes([number]) * 20_000 for number in range(20)]
    assert store.lifecycle_days("raw") == 30
