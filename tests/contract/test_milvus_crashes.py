"""Milvus Lite as the stack runs it, killed, frozen and crowded by several processes: what was acknowledged is kept."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from pymilvus import MilvusClient

from cli.stack.parts.milvus import MilvusPart
from cli.stack.ports import free_ports
from cli.stack.processes import ProcessId
from cli.stack.running import running_part
from contracts.base import TemplateId, TenantId
from footfall.errors import VectorsUnavailableError
from footfall.settings import MilvusSettings
from footfall.stores.base import StoredTemplate
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.templates import VERSION, found, ids_of, new_tenant, templates

PROCESSES = 4
THREADS = 4


@dataclass(slots=True)
class Killable:
    """A Milvus Lite of the test's own that can be killed, frozen and started again on its folder and port."""

    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _running: ExitStack = field(default_factory=ExitStack)
    _process: ProcessId | None = None

    @property
    def settings(self) -> MilvusSettings:
        return MilvusSettings(uri=f"http://127.0.0.1:{self.port}", timeout_seconds=5.0)

    def start(self) -> None:
        part = MilvusPart(self.folder / "server", self.port)
        self._process = self._running.enter_context(running_part(part, self.folder / "log"))

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self._running.close()


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[Killable]:
    server = Killable(tmp_path)
    server.start()
    yield server
    server.kill()


def test_a_store_finds_again_what_it_wrote_before_the_server_was_killed(milvus: Killable) -> None:
    store = MilvusVectorStore(milvus.settings)
    tenant = new_tenant()
    held = templates(tenant, 300)
    store.rebuild(VERSION, held[:200])
    store.upsert(VERSION, held[200:])
    store.delete(tenant, [item.template_id for item in held[:5]])
    milvus.kill()
    with pytest.raises(VectorsUnavailableError):
        store.search(tenant, VERSION, held[0].vector[np.newaxis], limit=1)
    milvus.start()
    assert store.template_ids(tenant) == ids_of(held[5:])
    [hits] = store.search(tenant, VERSION, held[250].vector[np.newaxis], limit=1)
    assert found(hits) == [held[250].template_id]
    store.close()


def test_a_server_that_hangs_is_away_and_is_used_again_when_it_wakes(milvus: Killable) -> None:
    store = MilvusVectorStore(milvus.settings.model_copy(update={"timeout_seconds": 1.0}))
    tenant = new_tenant()
    held = templates(tenant, 3)
    store.rebuild(VERSION, held)
    milvus.send(signal.SIGSTOP)
    try:
        with pytest.raises(VectorsUnavailableError):
            store.template_ids(tenant)
    finally:
        milvus.send(signal.SIGCONT)
    assert store.template_ids(tenant) == ids_of(held)
    store.close()


def test_what_threads_were_told_was_written_survives_a_kill_under_load(milvus: Killable) -> None:
    store = MilvusVectorStore(milvus.settings)
    store.ensure(VERSION)
    tenant = new_tenant()
    acknowledged: set[TemplateId] = set()
    enough = threading.Semaphore(0)

    def write(mine: list[StoredTemplate]) -> None:
        for item in mine:
            try:
                store.upsert(VERSION, [item])
            except VectorsUnavailableError:
                return
            acknowledged.add(item.template_id)
            enough.release()

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, templates(tenant, 5_000, seed=seed)) for seed in range(8)]
        for _ in range(400):
            assert enough.acquire(timeout=60)
        milvus.kill()
        for each in writing:
            each.result()
    milvus.start()
    assert len(acknowledged) >= 400
    assert acknowledged - store.template_ids(tenant) == set()
    store.close()


def _write_from_a_process(settings: MilvusSettings, tenant: TenantId, seed: int) -> set[TemplateId]:
    """Makes the store ready and writes from several threads, each finding what it wrote."""
    store = MilvusVectorStore(settings)
    store.ensure(VERSION)

    def write(mine: list[StoredTemplate]) -> None:
        for item in mine:
            store.upsert(VERSION, [item])
            [hits] = store.search(tenant, VERSION, item.vector[np.newaxis], limit=1)
            assert found(hits) == [item.template_id]

    held = templates(tenant, 40 * THREADS, seed=seed)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, [held[start::THREADS] for start in range(THREADS)]))
    store.close()
    return ids_of(held)


@pytest.mark.e2e
def test_processes_that_start_at_once_share_one_collection_and_lose_nothing(milvus: Killable) -> None:
    """Fails with more than one worker in the server: two writes at once tear its log, and the kill shows it."""
    tenant = new_tenant()
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        writing = [pool.submit(_write_from_a_process, milvus.settings, tenant, seed) for seed in range(PROCESSES)]
        written = set[TemplateId]().union(*(each.result() for each in writing))
    milvus.kill()
    milvus.start()
    store = MilvusVectorStore(milvus.settings)
    assert store.template_ids(tenant) == written
    assert len(written) == 40 * THREADS * PROCESSES
    store.close()
    admin = MilvusClient(uri=milvus.settings.uri)
    assert len(admin.list_collections()) == 1
    admin.close()


def test_threads_that_make_it_ready_at_once_leave_one_collection(milvus: Killable) -> None:
    alias = f"t{uuid4().hex}"
    settings = milvus.settings.model_copy(update={"alias": alias})
    together = threading.Barrier(6)

    def ensure(_: int) -> None:
        store = MilvusVectorStore(settings)
        store.ping()
        together.wait(timeout=60)
        store.ensure(VERSION)
        store.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ensure, range(6)))
    admin = MilvusClient(uri=settings.uri)
    assert len([name for name in admin.list_collections() if name.startswith(alias)]) == 1
    admin.close()
