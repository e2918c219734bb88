"""The change over the real Postgres, Milvus Lite and SeaweedFS while people come: none is refused, none is missed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from pymilvus import DataType, MilvusClient

from footfall.errors import ConfigurationError, FootfallError, ServiceUnavailableError
from footfall.gallery import gallery_drift
from footfall.reembedding_switch import prepare_candidate, serve
from footfall.services import Services, open_services
from footfall.settings import MilvusSettings, S3Settings, Settings
from footfall.stores.objects import open_objects
from footfall.stores.vectors import open_vectors
from tests.integration.footfall.world import settle_in
from tests.integration.reembedding.two_versions import NEW, OLD, START, TwoVersions, picture_of, settled_tenant
from tests.servers import MigratedPostgres

PEOPLE = 12


def over_real_stores(offline: Settings, milvus: MilvusSettings, s3: S3Settings, *, operator: bool = False) -> Services:
    opened = open_services(offline, role="operator" if operator else "app")
    real = offline.model_copy(update={"offline": False, "milvus": milvus, "s3": s3})
    return replace(opened, vectors=open_vectors(real), objects=open_objects(real))


@pytest.fixture
def milvus(milvus_uri: str) -> MilvusSettings:
    return MilvusSettings(uri=milvus_uri, alias=f"second_{uuid4().hex[:8]}", timeout_seconds=60.0)


@pytest.fixture
def two(
    settings: Settings, milvus: MilvusSettings, s3: S3Settings, database: MigratedPostgres
) -> Iterator[TwoVersions]:
    app = over_real_stores(settings, milvus, s3)
    app.prepare()
    operator = over_real_stores(settings, milvus, s3, operator=True)
    yield TwoVersions(settle_in(app, settled_tenant(database)), operator)
    app.close()
    operator.close()


class Visitors:
    """People who come again and again, in a thread: half of their workers have followed the change."""

    def __init__(self, two: TwoVersions, known: Mapping[int, object]) -> None:
        self.refused: list[str] = []
        self.mistaken: list[int] = []
        self.visits = 0
        self._two, self._known = two, known
        self._events = {
            (number, version): two.event(number, model_version=version)
            for number in range(PEOPLE)
            for version in (OLD, NEW)
        }
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._come_and_go)

    def __enter__(self) -> Visitors:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _come_and_go(self) -> None:
        while not self._ended.is_set():
            self.visits += 1
            number, version = self.visits % PEOPLE, (OLD, NEW)[self.visits // PEOPLE % 2]
            begun = START + timedelta(minutes=self.visits)
            event = self._events[number, version]
            track = event.track.model_copy(update={"started_at": begun, "ended_at": begun + timedelta(seconds=4)})
            sent = event.model_copy(update={"event_id": uuid4(), "captured_at": begun, "track": track})
            for _ in range(5):
                try:
                    decision = self._two.world.send(sent, picture_of(number)).decision
                except ServiceUnavailableError:
                    continue  # a worker sends it again
                except FootfallError as error:
                    self.refused.append(f"{type(error).__name__}: {error}")
                    break
                if decision.person_id != self._known[number]:
                    self.mistaken.append(number)
                break
            else:
                self.refused.append("five times away")


def test_everybody_is_recognised_all_through_the_change_and_back(two: TwoVersions) -> None:
    known = {number: two.see(number).decision.person_id for number in range(PEOPLE)}
    with Visitors(two, known) as visitors:
        prepare_candidate(two.operator, NEW)
        assert two.bring_over().outcome == "complete"
        assert serve(two.operator, NEW).rebuild.verification.recall_at_1 == 1.0
        serve(two.operator, OLD)
        serve(two.operator, NEW)
    assert (visitors.refused, visitors.mistaken) == ([], [])
    assert visitors.visits > PEOPLE
    assert two.world.count("customers") == PEOPLE
    assert gallery_drift(two.operator.engine, two.operator.vectors, two.tenant_id, NEW).none


def test_a_collection_of_another_dimension_is_told_and_what_was_served_stays(
    two: TwoVersions, milvus: MilvusSettings
) -> None:
    client = MilvusClient(uri=milvus.uri)
    name = f"other_{uuid4().hex[:8]}"
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("template_id", DataType.VARCHAR, is_primary=True, max_length=36)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=256)
    index = MilvusClient.prepare_index_params()
    index.add_index("embedding", index_type="IVF_FLAT", metric_type="COSINE", params={"params": {"nlist": 16}})
    client.create_collection(name, schema=schema, index_params=index)
    client.alter_alias(name, milvus.alias)
    with pytest.raises(ConfigurationError, match=r"holds vectors of \[256\] numbers, not 512"):
        two.world.services.prepare()
    client.close()
