"""Sightings become visits: by the gap alone, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.base import CameraId, EventId, VisitId
from footfall.visits import Sighting, Visit, absorb, is_open, sessionize, visit_id_for

GAP = timedelta(minutes=30)
NEAR_MIDNIGHT = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)  # 23:30 in Vienna, the night before its clocks go back


def sighting(
    number: int, at_minute: float, *, lasts_minutes: float = 0.0, camera: int = 1, score: float | None = 0.7
) -> Sighting:
    started = NEAR_MIDNIGHT + timedelta(minutes=at_minute)
    return Sighting(
        event_id=EventId(UUID(int=number)),
        camera_id=CameraId(UUID(int=camera)),
        started_at=started,
        ended_at=started + timedelta(minutes=lasts_minutes),
        score=score,
    )


@st.composite
def sightings(draw: st.DrawFn) -> list[Sighting]:
    """Up to twelve events, on a grid of whole minutes so that silences of exactly the gap are common."""
    count = draw(st.integers(0, 12))
    return [
        sighting(
            number,
            draw(st.integers(0, 400)),
            lasts_minutes=draw(st.integers(0, 45)),
            camera=draw(st.integers(1, 3)),
            score=draw(st.none() | st.floats(0.4, 1.0)),
        )
        for number in range(1, count + 1)
    ]


gaps = st.integers(1, 60).map(lambda minutes: timedelta(minutes=minutes))


class Ledger:
    """The visits of one person at one site, kept up sighting by sighting, as the table is."""

    def __init__(self, gap: timedelta) -> None:
        self.gap = gap
        self.visits: dict[VisitId, Visit] = {}
        self.filed: dict[EventId, tuple[Sighting, VisitId]] = {}

    def take(self, arrived: Sighting) -> None:
        counted_in = None
        if arrived.event_id in self.filed:
            known, counted_in = self.filed[arrived.event_id]
            arrived = replace(
                arrived,
                started_at=min(arrived.started_at, known.started_at),
                ended_at=max(arrived.ended_at, known.ended_at),
            )
        absorbed = absorb(list(self.visits.values()), arrived, self.gap, counted_in=counted_in)
        for gone in absorbed.replaced_ids:
            del self.visits[gone]
        self.visits[absorbed.visit.visit_id] = absorbed.visit
        self.filed[arrived.event_id] = (arrived, absorbed.visit.visit_id)
        for event_id, (filed, visit_id) in self.filed.items():
            if visit_id in absorbed.replaced_ids:
                self.filed[event_id] = (filed, absorbed.visit.visit_id)

    def stays(self) -> list[Visit]:
        return stays(self.visits.values())

    def together(self) -> set[frozenset[EventId]]:
        return {
            frozenset(event for event, (_, visit) in self.filed.items() if visit == visit_id)
            for visit_id in self.visits
        }


def stays(visits: Iterable[Visit]) -> list[Visit]:
    """Visits without their ids, which say who came first and nothing about the stay."""
    unnamed = [replace(visit, visit_id=VisitId(UUID(int=0))) for visit in visits]
    return sorted(unnamed, key=lambda visit: visit.started_at)


def test_sightings_closer_than_the_gap_are_one_visit() -> None:
    visits = sessionize(
        [sighting(1, 0, lasts_minutes=2), sighting(2, 31, camera=2, score=0.9), sighting(3, 60, score=None)], GAP
    )

    assert visits == [
        Visit(
            visit_id=visit_id_for(EventId(UUID(int=1))),
            started_at=NEAR_MIDNIGHT,
            ended_at=NEAR_MIDNIGHT + timedelta(minutes=60),
            sightings=3,
            camera_ids=(CameraId(UUID(int=1)), CameraId(UUID(int=2))),
            best_score=0.9,
        )
    ]


def test_a_silence_as_long_as_the_gap_closes_the_visit() -> None:
    assert len(sessionize([sighting(1, 0), sighting(2, 30)], GAP)) == 2


def test_a_silence_a_microsecond_shorter_does_not() -> None:
    almost = replace(
        sighting(2, 30),
        started_at=NEAR_MIDNIGHT + GAP - timedelta(microseconds=1),
    )

    assert len(sessionize([sighting(1, 0), almost], GAP)) == 1


def test_the_silence_is_counted_from_the_last_end_not_from_the_last_start() -> None:
    long_stay = sighting(1, 0, lasts_minutes=120)

    assert len(sessionize([long_stay, sighting(2, 10), sighting(3, 149)], GAP)) == 1


@pytest.mark.parametrize("zone", ["Europe/Vienna", "Asia/Kolkata", "America/Santiago"])
def test_local_midnight_does_not_split_a_visit(zone: str) -> None:
    before_midnight = datetime(2026, 10, 24, 23, 50, tzinfo=ZoneInfo(zone))
    across = [
        replace(sighting(1, 0), started_at=before_midnight, ended_at=before_midnight),
        replace(
            sighting(2, 0),
            started_at=before_midnight + timedelta(minutes=20),
            ended_at=before_midnight + timedelta(minutes=20),
        ),
    ]

    assert len(sessionize(across, GAP)) == 1


def test_an_hour_that_the_clock_shows_twice_is_counted_as_it_passed() -> None:
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    vienna = ZoneInfo("Europe/Vienna")
    assert first_half_past_two.astimezone(vienna).time() == second_half_past_two.astimezone(vienna).time()

    visits = sessionize(
        [
            replace(sighting(1, 0), started_at=first_half_past_two, ended_at=first_half_past_two),
            replace(sighting(2, 0), started_at=second_half_past_two, ended_at=second_half_past_two),
        ],
        GAP,
    )

    assert len(visits) == 2


def test_a_late_sighting_joins_the_visits_on_both_its_sides() -> None:
    early = absorb([], sighting(1, 0), GAP).visit
    late = absorb([early], sighting(2, 50), GAP).visit

    joined = absorb([early, late], sighting(3, 25), GAP)

    assert joined.visit.visit_id == early.visit_id
    assert joined.replaced_ids == (late.visit_id,)
    assert joined.visit.sightings == 3


def test_a_visit_keeps_its_id_when_an_earlier_sighting_comes_late() -> None:
    known = absorb([], sighting(1, 20), GAP).visit

    earlier = absorb([known], sighting(2, 0), GAP)

    assert earlier.visit.visit_id == known.visit_id
    assert earlier.visit.started_at == NEAR_MIDNIGHT
    assert earlier.replaced_ids == ()


def test_a_sighting_that_grew_is_not_counted_again() -> None:
    known = absorb([], sighting(1, 0), GAP).visit

    grown = absorb([known], sighting(1, 0, lasts_minutes=5), GAP, counted_in=known.visit_id)

    assert grown.visit.sightings == 1
    assert grown.visit.ended_at == NEAR_MIDNIGHT + timedelta(minutes=5)


def test_a_sighting_that_grew_into_the_next_visit_joins_it() -> None:
    first = absorb([], sighting(1, 0), GAP).visit
    second = absorb([first], sighting(2, 40), GAP).visit

    grown = absorb([first, second], sighting(1, 0, lasts_minutes=20), GAP, counted_in=first.visit_id)

    assert (grown.visit.visit_id, grown.replaced_ids, grown.visit.sightings) == (
        first.visit_id,
        (second.visit_id,),
        2,
    )


def test_a_grown_sighting_must_name_a_visit_that_is_there() -> None:
    with pytest.raises(KeyError):
        absorb([], sighting(1, 0), GAP, counted_in=VisitId(UUID(int=9)))


def test_a_visit_is_open_until_the_gap_has_passed() -> None:
    assert is_open(NEAR_MIDNIGHT, GAP, NEAR_MIDNIGHT + GAP - timedelta(microseconds=1))
    assert not is_open(NEAR_MIDNIGHT, GAP, NEAR_MIDNIGHT + GAP)


@given(sightings(), gaps, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_visits(events: list[Sighting], gap: timedelta, shuffler: Random) -> None:
    arriving = list(events)
    shuffler.shuffle(arriving)
    ledger = Ledger(gap)

    for arrived in arriving:
        ledger.take(arrived)

    assert ledger.stays() == stays(sessionize(events, gap))


@given(sightings(), gaps, st.data())
def test_events_that_come_twice_and_late_and_in_parts_change_nothing(
    events: list[Sighting], gap: timedelta, data: st.DataObject
) -> None:
    """Each event's whole span comes once at least; besides, parts of it come any number of times, anywhere between."""
    parts = [
        replace(event, started_at=event.started_at + share * lasted, ended_at=event.ended_at - share * lasted)
        for event in events
        for lasted in [(event.ended_at - event.started_at) / 2]
        for share in data.draw(st.lists(st.floats(0, 1), max_size=2))
    ]
    arriving = data.draw(st.permutations(events + parts))
    ledger = Ledger(gap)

    for arrived in arriving:
        ledger.take(arrived)

    assert ledger.stays() == stays(sessionize(events, gap))
    assert sum(visit.sightings for visit in ledger.visits.values()) == len(events)
    assert ledger.together() == members(events, gap)


def members(events: list[Sighting], gap: timedelta) -> set[frozenset[EventId]]:
    """Which events are in one visit, worked out from the spans of the visits alone."""
    return {
        frozenset(event.event_id for event in events if visit.started_at <= event.started_at <= visit.ended_at)
        for visit in sessionize(events, gap)
    }


@given(sightings(), gaps)
@example([sighting(1, 0), sighting(2, 30)], GAP)
def test_visits_lie_at_least_the_gap_apart_and_hold_every_sighting(events: list[Sighting], gap: timedelta) -> None:
    visits = sessionize(events, gap)

    for earlier, later in pairwise(visits):
        assert later.started_at - earlier.ended_at >= gap
    assert sum(visit.sightings for visit in visits) == len(events)
    for event in events:
        assert any(
            visit.started_at <= event.started_at
            and event.ended_at <= visit.ended_at
            and event.camera_id in visit.camera_ids
            for visit in visits
        )


@given(sightings(), gaps)
def test_no_silence_within_a_visit_is_as_long_as_the_gap(events: list[Sighting], gap: timedelta) -> None:
    for visit in sessionize(events, gap):
        inside = sorted(
            (event for event in events if visit.started_at <= event.started_at <= visit.ended_at),
            key=lambda event: event.started_at,
        )
        reached = inside[0].ended_at
        for event in inside[1:]:
            assert event.started_at - reached < gap
            reached = max(reached, event.ended_at)


@given(sightings(), gaps, st.integers(-5000, 5000))
def test_only_the_time_between_sightings_matters(events: list[Sighting], gap: timedelta, minutes: int) -> None:
    """So neither a midnight nor anything else of the calendar can split a visit."""
    shift = timedelta(minutes=minutes)
    moved = [replace(event, started_at=event.started_at + shift, ended_at=event.ended_at + shift) for event in events]

    expected = [
        replace(visit, started_at=visit.started_at + shift, ended_at=visit.ended_at + shift)
        for visit in sessionize(events, gap)
    ]

    assert sessionize(moved, gap) == expected
