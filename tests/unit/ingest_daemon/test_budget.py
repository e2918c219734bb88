"""The budget of processors: seeing slows down over it, and comes back under it."""

from __future__ import annotations

from threading import Event

import pytest

from ingest_daemon.budget import LONGEST_STRETCH, SMALLEST_SCALE, WINDOW_SECONDS, CpuBudget


class Machine:
    """A clock and what was spent by it."""

    def __init__(self) -> None:
        self.at = 0.0
        self.spent = 0.0

    def budget(self, cores: float | None) -> CpuBudget:
        return CpuBudget(cores, cpu_seconds=lambda: self.spent, clock=lambda: self.at)

    def run(self, budget: CpuBudget, *, seconds: float, cores: float) -> None:
        for _ in range(round(seconds / WINDOW_SECONDS)):
            self.at += WINDOW_SECONDS
            self.spent += WINDOW_SECONDS * cores
            budget.tick()


def test_without_a_limit_nothing_is_spared() -> None:
    machine = Machine()
    budget = machine.budget(None)

    machine.run(budget, seconds=60, cores=8)

    assert (budget.stretch, budget.scale) == (1.0, 1.0)


def test_over_the_limit_looks_become_rarer_then_smaller_within_bounds() -> None:
    machine = Machine()
    budget = machine.budget(0.5)

    machine.run(budget, seconds=2, cores=0.8)
    assert 1.0 < budget.stretch < 2.0
    assert budget.scale == 1.0
    machine.run(budget, seconds=120, cores=0.8)

    assert budget.stretch == LONGEST_STRETCH
    assert budget.scale == SMALLEST_SCALE


def test_under_the_limit_it_comes_back_to_the_full_pace() -> None:
    machine = Machine()
    budget = machine.budget(0.5)
    machine.run(budget, seconds=30, cores=0.8)

    machine.run(budget, seconds=120, cores=0.1)

    assert (budget.stretch, budget.scale) == (1.0, 1.0)


def test_just_under_the_limit_it_does_not_swing() -> None:
    machine = Machine()
    budget = machine.budget(0.5)
    machine.run(budget, seconds=4, cores=0.8)
    before = budget.stretch

    machine.run(budget, seconds=60, cores=0.48)

    assert budget.stretch == before


@pytest.mark.parametrize("limit", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("wanted", [0.6, 1.2, 2.0])
def test_what_is_spent_follows_the_limit(limit: float, wanted: float) -> None:
    """The whole loop in simulated time: cameras that want `wanted` cores, a twentieth of it whatever is spared; the
    rest falls with the pace of looking and with the area of what the detector is shown."""
    machine = Machine()
    budget = machine.budget(limit)
    spent: list[float] = []
    for _ in range(120):
        cores = wanted * (0.05 + 0.95 / budget.stretch * budget.scale**2)
        machine.run(budget, seconds=WINDOW_SECONDS, cores=cores)
        spent.append(cores)

    settled = sum(spent[60:]) / 60
    assert settled <= 1.02 * limit
    assert settled >= 0.6 * min(limit, wanted), "what may be spent is spent"
    assert max(spent[60:]) <= 1.3 * limit


def test_a_file_spends_what_it_may() -> None:
    machine = Machine()
    budget = machine.budget(0.25)

    class Stop(Event):
        def wait(self, timeout: float | None = None) -> bool:
            machine.at += timeout or 0.0
            return False

    for _ in range(400):
        budget.rest(Stop())
        machine.at += 0.02
        machine.spent += 0.02

    assert machine.spent / machine.at == pytest.approx(0.25, rel=0.02)


def test_a_file_rests_until_what_it_spent_is_within_the_limit() -> None:
    class Stop(Event):
        waited = 0.0

        def wait(self, timeout: float | None = None) -> bool:
            Stop.waited = timeout or 0.0
            return False

    machine = Machine()
    budget = machine.budget(0.5)
    machine.at, machine.spent = 1.0, 0.6

    budget.rest(Stop())
    assert round(Stop.waited, 3) == 0.2
    budget.limit(None)
    Stop.waited = 0.0
    budget.rest(Stop())
    assert Stop.waited == 0.0
