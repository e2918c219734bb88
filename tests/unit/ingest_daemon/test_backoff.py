"""Waits grow, stay within their bounds, and are spread."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_daemon.backoff import BackoffPolicy, wait_seconds


def test_without_jitter_waits_double_up_to_the_longest() -> None:
    policy = BackoffPolicy(first_seconds=1, longest_seconds=10, jitter=0)

    waits = [wait_seconds(policy, failures, Random(0)) for failures in range(1, 7)]

    assert waits == [1, 2, 4, 8, 10, 10]


@given(failures=st.integers(1, 10**9), seed=st.integers())
def test_a_wait_is_never_over_the_longest_nor_under_its_share(failures: int, seed: int) -> None:
    policy = BackoffPolicy(first_seconds=0.5, longest_seconds=60, jitter=0.5)

    wait = wait_seconds(policy, failures, Random(seed))

    assert 0.25 <= wait <= 60


def test_two_cameras_do_not_come_back_together() -> None:
    policy = BackoffPolicy()

    assert wait_seconds(policy, 3, Random(1)) != wait_seconds(policy, 3, Random(2))


def test_a_wait_without_a_failure_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one failure"):
        wait_seconds(BackoffPolicy(), 0, Random(0))
