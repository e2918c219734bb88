"""Bounded lanes: so many at once, so many waiting, the rest turned away, and every place given back."""

from __future__ import annotations

import threading

import anyio
import pytest

from api.lanes import Lane
from api.metrics import Metrics
from footfall.errors import BusyError, FootfallError


class Crowd:
    """Requests that stay inside their call until they are let go."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self.metrics = Metrics()
        self.lane = Lane("test", at_once=at_once, waiting=waiting, metrics=self.metrics)
        self.let_go = threading.Event()
        self._lock = threading.Lock()
        self._running = 0
        self.most_running = 0
        self.done = 0

    def _work(self) -> None:
        with self._lock:
            self._running += 1
            self.most_running = max(self.most_running, self._running)
        self.let_go.wait(10)
        with self._lock:
            self._running -= 1
            self.done += 1

    async def request(self) -> None:
        async with self.lane.place():
            await self.lane.run(self._work)

    def sample(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, {"lane": "test"})


def test_as_many_as_stated_run_and_wait_and_the_rest_is_turned_away() -> None:
    async def story() -> None:
        crowd = Crowd(at_once=2, waiting=3)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(crowd.request)
            await anyio.wait_all_tasks_blocked()
            assert crowd.sample("footfall_lane_requests") == 5
            for _ in range(4):
                with pytest.raises(BusyError):
                    await crowd.request()
            crowd.let_go.set()
        assert crowd.most_running <= 2
        assert crowd.done == 5
        assert crowd.sample("footfall_lane_requests") == 0
        assert crowd.sample("footfall_lane_refused_total") == 4
        await crowd.request()
        assert crowd.done == 6

    anyio.run(story)


def test_a_full_lane_leaves_other_threads_alone() -> None:
    async def story() -> str:
        crowd = Crowd(at_once=50, waiting=0)
        async with anyio.create_task_group() as tasks:
            for _ in range(50):  # more than the pool that other routes share
                tasks.start_soon(crowd.request)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(10):
                answer = await anyio.to_thread.run_sync(lambda: "alive")
            crowd.let_go.set()
        return answer

    assert anyio.run(story) == "alive"


def test_a_place_is_given_back_after_an_error() -> None:
    async def story() -> None:
        lane = Lane("test", at_once=1, waiting=0, metrics=Metrics())

        def fail() -> None:
            raise FootfallError("no")

        for _ in range(3):
            with pytest.raises(FootfallError, match="no"):
                async with lane.place():
                    await lane.run(fail)

    anyio.run(story)
