"""Staff known on the camera host: exactly as the server's threshold says, sealed on the disk, forgotten when asked."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from client.api import FootfallClient
from client.errors import ApiError, ApiProblem, ApiUnavailable
from contracts.events import Embedding, Pipeline
from contracts.gallery import StaffGallery, StaffTemplate
from contracts.problems import Problem
from footfall.vision.types import Float32Array
from ingest_daemon.continuity import LikenessPolicy
from ingest_daemon.events import Lineage, encoded_vector, replayable_ids
from ingest_daemon.pipeline import CameraPipeline, Outgoing
from ingest_daemon.staff_gallery import StaffRoster
from ingest_daemon.tally import Count, Tally
from ingest_daemon.tracks import TrackPolicy
from tests.unit.client.fake_server import Asked, FakeServer, Reply
from tests.unit.ingest_daemon.stage import Actor, frame, stage_vision

ADA, BOB = UUID(int=1), UUID(int=2)
AWAY = ApiUnavailable("the API is away")
ONLY_COUNTS = ApiProblem(
    Problem(type="urn:footfall:problem:privacy-mode-forbids", title="no", status=422, detail="counts only")
)


class Server(FootfallClient):
    """A client whose server has `gallery`, under `tag`, or ends in `error`."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", token="none")
        self.gallery = gallery_of()
        self.tag = '"1"'
        self.error: ApiError | None = None

    def staff_gallery(self, held: str | None = None) -> tuple[StaffGallery, str] | None:
        if self.error is not None:
            raise self.error
        return None if held == self.tag else (self.gallery, self.tag)


def unit(direction: int) -> Float32Array:
    vector = np.zeros(512, np.float32)
    vector[direction] = 1
    return vector


def gallery_of(*people: tuple[UUID, Float32Array], threshold: float = 0.5, model: str = "mock-1") -> StaffGallery:
    return StaffGallery(
        version=1,
        model_version=model,
        threshold=threshold,
        templates=tuple(
            StaffTemplate(
                template_id=UUID(int=100 + index),
                staff_id=who,
                embedding=Embedding(model_version=model, vector=encoded_vector(vector)),
            )
            for index, (who, vector) in enumerate(people)
        ),
    )


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as client:
        yield client


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "ingest" / "staff-gallery"


def test_the_nearest_of_all_templates_decides_from_the_server_s_threshold_on(server: Server, cache: Path) -> None:
    roster = StaffRoster(server, cache)
    server.gallery = gallery_of((ADA, unit(0)), (BOB, unit(1)), (BOB, unit(2)), threshold=0.6)
    roster.fetch()
    near_bob = (0.8 * unit(2) + 0.6 * unit(5)).astype(np.float32)
    too_far = (0.59 * unit(0) + 0.8074 * unit(5)).astype(np.float32)

    found = roster.find(near_bob, "mock-1")

    assert found is not None
    assert (found.staff_id, round(found.score, 2)) == (BOB, 0.8)
    assert roster.find(too_far, "mock-1") is None
    assert roster.find(near_bob, "another-model") is None


def test_a_gallery_that_is_the_newest_still_is_not_fetched_again(server: Server, cache: Path) -> None:
    roster = StaffRoster(server, cache)
    assert roster.fetch() is True
    assert roster.fetch() is False

    server.gallery, server.tag = gallery_of((ADA, unit(0))), '"2"'

    assert roster.fetch() is True
    assert roster.templates == 1


def test_staff_are_known_after_a_start_without_the_server(server: Server, cache: Path) -> None:
    server.gallery = gallery_of((ADA, unit(0)))
    StaffRoster(server, cache).fetch()
    server.error = AWAY

    again = StaffRoster(server, cache)
    again.remember()
    again.refresh()

    assert again.find(unit(0), "mock-1") is not None


def test_no_template_can_be_read_on_the_disk(server: Server, cache: Path) -> None:
    server.gallery = gallery_of((ADA, unit(0)))
    StaffRoster(server, cache).fetch()

    lying = b"".join(file.read_bytes() for file in cache.parent.iterdir())

    assert encoded_vector(unit(0)).encode()[:40] not in lying
    assert str(ADA).encode() not in lying
    assert cache.stat().st_mode & 0o077 == 0


def test_a_gallery_that_was_changed_on_the_disk_is_not_believed(server: Server, cache: Path) -> None:
    server.gallery = gallery_of((ADA, unit(0)))
    StaffRoster(server, cache).fetch()
    cache.write_bytes(cache.read_bytes()[:-1] + b"x")

    again = StaffRoster(server, cache)
    again.remember()

    assert not again.known


def test_a_tenant_that_only_counts_leaves_nothing_behind(server: Server, cache: Path) -> None:
    server.gallery = gallery_of((ADA, unit(0)))
    roster = StaffRoster(server, cache)
    roster.fetch()
    server.error = ONLY_COUNTS

    roster.refresh()

    assert roster.find(unit(0), "mock-1") is None
    assert not cache.exists()


def watched(roster: StaffRoster, mode: str, *people: int) -> tuple[list[Outgoing], Tally]:
    """What leaves of people who stand in the picture for two seconds."""
    vision, _ = stage_vision()
    tally = Tally()
    pipeline = CameraPipeline(
        vision,
        lineage=Lineage(UUID(int=7), "w", "mock-1", Pipeline(detector="stage", embedder="mock-1", backend="mock")),
        event_ids=replayable_ids(UUID(int=7), "film"),
        track_policy=TrackPolicy(sure_after=timedelta(seconds=1), lost_after=timedelta(seconds=1.5)),
        likeness_policy=LikenessPolicy(agree_at=0.342, same_at=0.487, matching=True),
        tally=tally,
        staff=roster.find,
    )
    pipeline.set_mode(mode)  # type: ignore[arg-type]  # a privacy mode
    cast = [Actor(who, 60 + 200 * place) for place, who in enumerate(people)]
    out = [one for tenths in range(20) for one in pipeline.process(frame(cast, tenths / 10))]
    return out + pipeline.finish(999.0), tally


def portrait_of(who: int) -> Float32Array:
    """The template that the stage's camera makes of a person."""
    vision, _ = stage_vision()
    [face] = vision.analyse(frame([Actor(who, 60)], 0.0).image)
    assert face.vector is not None
    return face.vector


def test_where_only_staff_are_known_no_stranger_s_face_leaves(server: Server, cache: Path) -> None:
    server.gallery = gallery_of((ADA, portrait_of(1)))
    roster = StaffRoster(server, cache)
    roster.fetch()

    out, tally = watched(roster, "staff_only", 1, 2)

    assert len({one.event.event_id for one in out}) == 2
    with_face = {one.event.event_id for one in out if one.event.embedding is not None or one.image is not None}
    assert len(with_face) == 1
    for one in out:
        if one.event.event_id in with_face and one.event.embedding is not None:
            vector = np.frombuffer(base64.b64decode(one.event.embedding.vector), "<f4")
            assert float(vector @ portrait_of(1)) > 0.9
    assert tally[Count.STAFF_KNOWN] == 2


def test_where_only_staff_are_known_and_nobody_knows_them_yet_no_face_leaves(server: Server, cache: Path) -> None:
    out, _ = watched(StaffRoster(server, cache), "staff_only", 1, 2)

    assert out
    assert all(one.event.embedding is None and one.image is None for one in out)


def test_where_visitors_are_known_every_face_goes_to_the_server(server: Server, cache: Path) -> None:
    out, tally = watched(StaffRoster(server, cache), "identify", 1, 2)

    assert all(one.event.embedding is not None and one.image is not None for one in out)
    assert tally[Count.STAFF_KNOWN] == 0


def test_the_client_asks_only_for_what_it_does_not_have() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"7"':
            return Reply(304, b"", headers={"etag": '"7"'})
        return Reply(200, gallery_of().model_dump_json().encode(), headers={"etag": '"7"'})

    server = FakeServer()
    server.answers = answer
    try:
        with FootfallClient(server.url, token="t") as client:
            first = client.staff_gallery()
            second = client.staff_gallery('"7"')
    finally:
        server.stop()

    assert first is not None
    assert first[1] == '"7"'
    assert second is None
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"7"']
