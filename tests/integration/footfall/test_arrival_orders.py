"""Whatever order events arrive in, however often, singly or in batches: the same visits, on the real tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.base import CameraId, EventId
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt
from footfall.event_batches import record_batch
from footfall.visits import Sighting, sessionize
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import ACTOR, GAP_MINUTES, MORNING, World
from tests.vectors import like, person

TRACKS = st.lists(
    # Start and length in minutes, around the gap of half an hour; which camera; whether the end is told later.
    st.tuples(st.integers(0, 240), st.integers(0, 45), st.integers(0, 1), st.booleans()),
    min_size=1,
    max_size=7,
)
Stay = tuple[datetime, datetime, int, tuple[UUID, ...], bool]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tracks=TRACKS, data=st.data())
def test_visits_do_not_depend_on_the_order_of_arrival(
    worlds: Worlds, tracks: list[tuple[int, int, int, bool]], data: st.DataObject
) -> None:
    world = worlds("identify")
    world.hire(person(1))
    events = [event for track in tracks for event in events_of(world, *track)]
    arriving = data.draw(st.permutations(events))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4))
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=10))

    for batch in in_batches([*arriving, *repeated], sizes):
        results = record_batch(
            world.services, world.tenant_id, [(event, None) for event in batch], actor=ACTOR, allowed_cameras=None
        )
        assert all(isinstance(result, EventReceipt) for result in results)

    assert stays(world) == expected(world, events)
    assert world.count("face_events") == len(tracks)


def events_of(world: World, start: int, length: int, camera: int, told_later: bool) -> Iterable[FaceDetectedV1]:
    """A track in one revision or in two, of which the second alone knows how long it was."""
    at, event_id, shot = MORNING + timedelta(minutes=start), uuid4(), like(person(1), 0.9, start)
    where = world.cameras[camera]
    if told_later:
        so_far = min(timedelta(seconds=2), timedelta(minutes=length))
        yield world.event(shot, at=at, camera=where, event_id=event_id, lasts=so_far)
    yield world.event(
        shot, at=at, camera=where, event_id=event_id, lasts=timedelta(minutes=length), revision=int(told_later)
    )


def in_batches(events: Sequence[FaceDetectedV1], sizes: Sequence[int]) -> Iterable[Sequence[FaceDetectedV1]]:
    first, turn = 0, 0
    while first < len(events):
        size = sizes[turn % len(sizes)]
        yield events[first : first + size]
        first, turn = first + size, turn + 1


def stays(world: World) -> list[Stay]:
    return [
        (visit.started_at, visit.ended_at, visit.sightings, visit.camera_ids, visit.is_first_visit)
        for visit in world.visits()
    ]


def expected(world: World, events: Sequence[FaceDetectedV1]) -> list[Stay]:
    """By the arithmetic that takes all sightings at once, sorted."""
    sightings = [
        Sighting(EventId(event.event_id), CameraId(event.camera_id), event.track.started_at, event.track.ended_at, None)
        for event in events
    ]
    visits = sessionize(sightings, timedelta(minutes=GAP_MINUTES))
    return [
        (visit.started_at, visit.ended_at, visit.sightings, visit.camera_ids, number == 0)
        for number, visit in enumerate(visits)
    ]
