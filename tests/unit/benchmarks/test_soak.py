"""When a process counts as flat, and when it does not."""

from __future__ import annotations

import pytest

from benchmarks.soak import Sample, flatness
from footfall.errors import ServiceUnavailableError

STEADY = [Sample(50_000_000, 20, 8)] * 10 + [Sample(100_000_000 + number % 3, 30, 12) for number in range(40)]


def test_a_process_that_reached_its_size_and_kept_it_is_flat() -> None:
    found = flatness(STEADY)
    assert found.flat
    assert found.growth == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize(
    "last",
    [Sample(106_000_000, 30, 12), Sample(100_000_000, 31, 12), Sample(100_000_000, 30, 13)],
)
def test_one_that_grew_in_memory_descriptors_or_threads_is_not(last: Sample) -> None:
    assert not flatness([*STEADY[:35], *[last] * 15]).flat


def test_too_few_samples_say_nothing() -> None:
    with pytest.raises(ServiceUnavailableError, match="too soon"):
        flatness(STEADY[:8])
