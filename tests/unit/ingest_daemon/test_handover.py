"""Frames between two threads: nothing of a file is lost, only the newest of a camera matters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from ingest_daemon.handover import FILE_CAPACITY, Handover
from ingest_daemon.sources.base import Frame
from tests.unit.ingest_daemon.stage import frame


def frames(count: int) -> list[Frame]:
    return [frame([], index / 10) for index in range(count)]


def taken(handover: Handover) -> list[int]:
    found: list[int] = []
    while not handover.drained:
        one = handover.get(0.5)
        if one is not None:
            found.append(one.index)
    return found


def test_a_file_s_reader_waits_for_room_and_every_frame_arrives_in_order() -> None:
    handover = Handover(newest_only=False)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(taken, handover)
        dropped = [handover.put(one, Event()) for one in frames(50)]
        handover.close()

        assert taking.result() == list(range(50))
    assert sum(dropped) == 0


def test_a_camera_s_newest_frame_takes_the_place_of_one_nobody_took_and_that_is_counted() -> None:
    handover = Handover(newest_only=True)

    dropped = [handover.put(one, Event()) for one in frames(4)]
    handover.close()

    assert dropped == [0, 1, 1, 1]
    assert taken(handover) == [3]


def test_a_frame_that_replaces_the_first_after_a_gap_follows_nothing_either() -> None:
    handover = Handover(newest_only=True)
    handover.put(frame([], 0.0, continuous=False), Event())
    handover.put(frame([], 0.1), Event())

    newest = handover.get(0.5)

    assert newest is not None
    assert newest.index == 1
    assert not newest.continuous


def test_a_reader_that_waits_for_room_gives_up_when_stopped() -> None:
    handover, stop = Handover(newest_only=False), Event()
    full = frames(FILE_CAPACITY + 1)
    for one in full[:-1]:
        handover.put(one, stop)
    stop.set()

    assert handover.put(full[-1], stop) == 1


def test_an_empty_handover_answers_nothing_and_a_closed_one_says_so() -> None:
    handover = Handover(newest_only=True)

    assert handover.get(0.01) is None
    assert not handover.drained
    handover.close()
    assert handover.drained


def test_what_comes_after_the_end_is_dropped() -> None:
    handover = Handover(newest_only=True)
    handover.close()

    assert handover.put(frame([], 0.0), Event()) == 1
    assert handover.drained
