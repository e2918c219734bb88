"""The stores under contract: the stand-ins, Milvus Lite as the stack runs it, an entrance that knows expression
templates, and SeaweedFS. Each test has an alias of its own; object tests have tenants of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from footfall.settings import MilvusSettings, S3Settings
from footfall.stores.base import ObjectStore, VectorStore
from footfall.stores.objects import S3ObjectStore
from footfall.stores.standins import MemoryObjectStore, MemoryVectorStore
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.milvus_servers import TemplatingServicer, served
from tests.contract.templates import VERSION

OpenVectors = Callable[..., MilvusVectorStore]


@pytest.fixture(scope="session")
def templating_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """URI and servicer of a Milvus that fills placeholders."""
    with served(TemplatingServicer, tmp_path_factory.mktemp("templating")) as both:
        yield both


@pytest.fixture
def alias() -> str:
    return f"t{uuid4().hex}"


@pytest.fixture
def open_milvus(alias: str, milvus_uri: str) -> Iterator[OpenVectors]:
    """Opens stores on the real Milvus Lite, by default on the test's alias."""
    opened: list[MilvusVectorStore] = []

    def opening(**settings: object) -> MilvusVectorStore:
        defaults = {"uri": milvus_uri, "alias": alias, "nlist": 16, "nprobe": 16}
        opened.append(MilvusVectorStore(MilvusSettings.model_validate(defaults | settings)))
        return opened[-1]

    yield opening
    for store in opened:
        store.close()


BACKENDS = [
    "memory",
    "milvus_lite",
    "milvus_with_templates",
    pytest.param("milvus_server", marks=pytest.mark.e2e),
]


@contextmanager
def _opened(backend: str, request: pytest.FixtureRequest) -> Iterator[VectorStore]:
    alias = f"t{uuid4().hex}"
    if backend == "memory":
        yield MemoryVectorStore(MilvusSettings(alias=alias))
        return
    if backend == "milvus_lite":
        uri = request.getfixturevalue("milvus_uri")
    elif backend == "milvus_server":
        uri = request.getfixturevalue("real_milvus")
    else:
        uri, _ = request.getfixturevalue("templating_milvus")
    patience = 60.0 if backend == "milvus_server" else 10.0
    store = MilvusVectorStore(MilvusSettings(uri=uri, alias=alias, nlist=16, nprobe=16, timeout_seconds=patience))
    yield store
    store.close()


@pytest.fixture(params=BACKENDS)
def vectors(request: pytest.FixtureRequest) -> Iterator[VectorStore]:
    """A store of the test's own, without a collection."""
    with _opened(request.param, request) as store:
        yield store


@pytest.fixture
def own(vectors: VectorStore) -> VectorStore:
    """A store of the test's own, ready: for what changes the collection itself."""
    vectors.ensure(VERSION)
    return vectors


@pytest.fixture(params=BACKENDS, scope="session")
def ready(request: pytest.FixtureRequest) -> Iterator[VectorStore]:
    """A store that tests share, for pymilvus takes half a second over a collection. Tests keep to their own tenants."""
    with _opened(request.param, request) as store:
        store.ensure(VERSION)
        yield store


@pytest.fixture(params=["memory", "s3"])
def untouched_objects(request: pytest.FixtureRequest) -> ObjectStore:
    """An object store without buckets."""
    if request.param == "memory":
        return MemoryObjectStore(S3Settings())
    settings: S3Settings = request.getfixturevalue("s3")
    names = {"bucket_raw": f"raw-{uuid4().hex}", "bucket_derived": f"derived-{uuid4().hex}"}
    return S3ObjectStore(settings.model_copy(update=names))


@pytest.fixture(params=["memory", "s3"])
def objects(request: pytest.FixtureRequest) -> ObjectStore:
    """An object store that is ready. Buckets are shared: SeaweedFS sets disk aside for each."""
    store: ObjectStore
    store = (
        MemoryObjectStore(S3Settings()) if request.param == "memory" else S3ObjectStore(request.getfixturevalue("s3"))
    )
    store.ensure()
    return store
