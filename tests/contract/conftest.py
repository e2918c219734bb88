"""The stores under contract: the stand-ins, Milvus Lite as the stack runs it, an entrance that knows expression
templates, and SeaweedFS. Each test has an alias of its own; object tests have tenants of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from footfall.settings import MilvusSettings, S3Settings
from footfall.stores.base import ObjectStore, VectorStore
from footfall.stores.objects import S3ObjectStore
from footfall.stores.standins import MemoryObjectStore, MemoryVectorStore
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.milvus_servers import TemplatingServicer, served

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


@pytest.fixture(params=["memory", "milvus_lite", "milvus_with_templates"])
def vectors(request: pytest.FixtureRequest, alias: str) -> Iterator[VectorStore]:
    """An empty vector store that `ensure` was not called on."""
    if request.param == "memory":
        yield MemoryVectorStore(MilvusSettings(alias=alias))
        return
    if request.param == "milvus_lite":
        uri = request.getfixturevalue("milvus_uri")
    else:
        uri, _ = request.getfixturevalue("templating_milvus")
    store = MilvusVectorStore(MilvusSettings(uri=uri, alias=alias, nlist=16, nprobe=16))
    yield store
    store.close()


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
    store = MemoryObjectStore(S3Settings()) if request.param == "memory" else S3ObjectStore(request.getfixturevalue("s3"))
    store.ensure()
    return store
