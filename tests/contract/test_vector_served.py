"""Which collection a call goes to: the one that is served now, whatever was served before, and what is said when Milvus
has none to offer. Over Milvus Lite and, end to end, over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from pymilvus import MilvusClient
from pymilvus.grpc_gen import common_pb2

from footfall.errors import ModelVersionMismatchError, VectorsUnavailableError
from footfall.settings import MilvusSettings
from footfall.stores.base import StoredTemplate, VectorStore
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.milvus_servers import served
from tests.contract.templates import VERSION, found, new_tenant, templates
from tests.contract.test_vector_two_clients import Clients, clients

__all__ = ["clients"]  # the fixture


class MisleadingServicer(MilvusServicer):  # type: ignore[misc]  # untyped package
    """Says that the alias points at a collection that is gone."""

    def DescribeAlias(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's name
        answer = super().DescribeAlias(request, context)
        answer.collection = f"{answer.collection}_gone"
        return answer


class IdleServicer(MilvusServicer):  # type: ignore[misc]
    """Says that it loaded a collection, and did not."""

    idle = False

    def LoadCollection(self, request: Any, context: Any) -> Any:  # noqa: N802
        return common_pb2.Status() if self.idle else super().LoadCollection(request, context)

    def GetLoadingProgress(self, request: Any, context: Any) -> Any:  # noqa: N802
        answer = super().GetLoadingProgress(request, context)
        answer.progress = 100
        return answer


@contextmanager
def _store(servicer: type[MilvusServicer], folder: Path) -> Iterator[tuple[MilvusVectorStore, Any, str]]:
    with served(servicer, folder) as (uri, entrance), closing(MilvusVectorStore(MilvusSettings(uri=uri))) as store:
        yield store, entrance, uri


def _nearest(store: VectorStore, item: StoredTemplate, version: str = VERSION) -> list[Any]:
    return found(store.search(item.tenant_id, version, item.vector[np.newaxis], limit=1)[0])


def test_a_search_follows_every_switch_that_another_process_made(clients: Clients) -> None:
    """The second client remembers where it searched last, and never answers from there once another is served."""
    one, other = clients
    tenant = new_tenant()
    builds = [templates(tenant, 3, seed=seed) for seed in range(4)]
    for held in builds:  # the collection that was searched last is dropped by the second rebuild after it
        one.rebuild(VERSION, held)
        assert _nearest(other, held[0]) == [held[0].template_id]
    one.rollback(VERSION)
    assert _nearest(other, builds[2][0]) == [builds[2][0].template_id]
    for _ in range(2):
        one.rebuild(VERSION, builds[1])
    assert _nearest(other, builds[1][0]) == [builds[1][0].template_id]


def test_a_search_never_answers_from_the_model_version_that_was_served_before(clients: Clients) -> None:
    one, other = clients
    held = templates(new_tenant(), 3)
    for version, former in (("mock-2", VERSION), (VERSION, "mock-2"), ("mock-2", VERSION)):
        one.rebuild(former, held)
        assert _nearest(other, held[0], former)
        one.rebuild(version, held)
        with pytest.raises(ModelVersionMismatchError):
            _nearest(other, held[0], former)
        assert _nearest(other, held[0], version) == [held[0].template_id]


def test_a_collection_that_is_gone_each_time_is_said_to_be_gone(tmp_path: Path) -> None:
    with _store(MisleadingServicer, tmp_path) as (store, _, _):
        store.rebuild(VERSION, held := templates(new_tenant(), 1))
        with pytest.raises(VectorsUnavailableError, match="was removed each time"):
            _nearest(store, held[0])


def test_a_collection_that_milvus_does_not_load_is_said_not_to_be_in_memory(tmp_path: Path) -> None:
    with _store(IdleServicer, tmp_path) as (store, entrance, uri), closing(MilvusClient(uri=uri)) as admin:
        report = store.rebuild(VERSION, held := templates(new_tenant(), 1))
        assert _nearest(store, held[0]) == [held[0].template_id]
        admin.release_collection(report.collection)
        assert _nearest(store, held[0]) == [held[0].template_id], "it is loaded again"
        admin.release_collection(report.collection)
        entrance.idle = True
        with pytest.raises(VectorsUnavailableError, match="in memory") as said:
            _nearest(store, held[0])
        assert report.collection in said.value.message
