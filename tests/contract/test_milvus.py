"""What Milvus alone can get wrong: addresses, tokens, filters, names, lost rows and lost answers."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer

from contracts.base import TemplateId
from footfall.errors import (
    ConfigurationError,
    VectorsUnavailableError,
)
from footfall.settings import MilvusSettings, Settings
from footfall.stores.base import VectorStore
from footfall.stores.milvus import MilvusSession
from footfall.stores.standins import MemoryVectorStore
from footfall.stores.vectors import MilvusVectorStore, open_vectors
from tests.contract.conftest import OpenVectors
from tests.contract.milvus_servers import WantsToken, served
from tests.contract.templates import VERSION, direction, ids_of, new_tenant, templates

CALLS: dict[str, Callable[[VectorStore], object]] = {
    "ensure": lambda store: store.ensure(VERSION),
    "upsert": lambda store: store.upsert(VERSION, templates(new_tenant(), 1)),
    "delete": lambda store: store.delete(new_tenant(), [TemplateId(uuid4())]),
    "search": lambda store: store.search(new_tenant(), VERSION, direction(0)[np.newaxis], limit=1),
    "template_ids": lambda store: store.template_ids(new_tenant()),
    "rebuild": lambda store: store.rebuild(VERSION, []),
    "ping": lambda store: store.ping(),
}


# --- addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri", [None, "", "milvus.db", "./milvus.db", "tcp://127.0.0.1:19530", "http://", "http://host:port", "unix:/a"]
)
def test_what_is_no_http_address_is_refused_when_the_store_is_opened(uri: str | None) -> None:
    with pytest.raises(ConfigurationError, match="http://host:port"):
        open_vectors(Settings(milvus=MilvusSettings(uri=uri)))


def test_a_refused_address_is_not_repeated_for_it_may_hold_a_password() -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_vectors(Settings(milvus=MilvusSettings(uri="htp://root:hunter2@milvus:19530")))
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_opening_connects_to_nothing() -> None:
    open_vectors(Settings(milvus=MilvusSettings(uri="http://nowhere.invalid:1"))).close()


def test_offline_opens_the_stand_in() -> None:
    assert isinstance(open_vectors(Settings(offline=True)), MemoryVectorStore)


@pytest.fixture(scope="module")
def dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_says_that_nobody_listens(call: Callable[[VectorStore], object], dead_port: int) -> None:
    with pytest.raises(VectorsUnavailableError, match="listen"):
        call(MilvusVectorStore(MilvusSettings(uri=f"http://127.0.0.1:{dead_port}")))


def test_threads_do_not_queue_for_a_server_that_accepts_and_says_nothing() -> None:
    """Eight threads, a connection that takes two seconds to be given up on: they share one attempt, or its failure."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = MilvusVectorStore(MilvusSettings(uri=uri, timeout_seconds=2.0))

        def refused(_: int) -> bool:
            with pytest.raises(VectorsUnavailableError):
                store.ping()
            return True

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(refused, range(8)))
        silent.setblocking(False)
        connections = 0
        while True:
            try:
                silent.accept()[0].close()
            except BlockingIOError:
                break
            connections += 1
    assert connections < 8


def test_pymilvus_does_not_log_what_is_raised(caplog: pytest.LogCaptureFixture, open_milvus: OpenVectors) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(VectorsUnavailableError):
        open_milvus().template_ids(new_tenant())
    assert [record.name for record in caplog.records if record.name.startswith("pymilvus")] == []


# --- tokens --------------------------------------------------------------------------------------------


def test_a_refused_token_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with served(MilvusServicer, tmp_path, WantsToken("cm9vdDpyaWdodA==")) as (uri, _):  # root:right, as Milvus wants it
        right = MilvusVectorStore(MilvusSettings.model_validate({"uri": uri, "token": "root:right"}))
        assert right.ping().startswith("Milvus")
        right.close()
        wrong = MilvusVectorStore(MilvusSettings.model_validate({"uri": uri, "token": "root:wrong"}))
        with pytest.raises(ConfigurationError, match="token") as refused:
            wrong.ping()
        assert "wrong" not in f"{refused.value} {refused.value.hint}"


# --- filters -------------------------------------------------------------------------------------------


def test_values_travel_beside_the_filter_where_the_server_takes_them(templating_milvus: tuple[str, Any]) -> None:
    uri, servicer = templating_milvus
    store = MilvusVectorStore(MilvusSettings(uri=uri, alias=f"t{uuid4().hex}"))
    tenant = new_tenant()
    held = templates(tenant, 3)
    store.rebuild(VERSION, held)
    servicer.filters.clear()
    store.delete(tenant, [held[0].template_id])
    store.search(tenant, VERSION, held[1].vector[np.newaxis], limit=1)
    assert store.template_ids(tenant) == ids_of(held[1:])
    store.close()
    assert "tenant_id == {tenant} and template_id in {ids}" in servicer.filters
    assert "tenant_id == {tenant}" in servicer.filters
    assert not [sent for sent in servicer.filters if str(tenant) in sent]


@pytest.mark.parametrize("server", ["milvus_uri", "templating_milvus"])
@pytest.mark.parametrize("value", ['x" or tenant_id != "', "00000000-0000-0000-0000-000000000000", 7, None])
def test_a_filter_takes_nothing_but_uuids(request: pytest.FixtureRequest, server: str, value: Any) -> None:
    running = request.getfixturevalue(server)
    session = MilvusSession(MilvusSettings(uri=running if isinstance(running, str) else running[0]))
    for one_or_many in (value, [value]):
        with pytest.raises(TypeError):
            session.filtered("tenant_id == {tenant}", {"tenant": one_or_many})
    session.close()


def test_a_filters_literals_are_uuids_in_quotes(milvus_uri: str) -> None:
    session = MilvusSession(MilvusSettings(uri=milvus_uri))
    one, other = UUID(int=1), UUID(int=2)
    assert session.filtered("a == {a} and b in {b}", {"a": one, "b": [one, other]}) == {
        "filter": f'a == "{one}" and b in ["{one}", "{other}"]'
    }
    session.close()
