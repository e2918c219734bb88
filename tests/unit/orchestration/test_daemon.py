"""What the daemon does before Dagster's own begins."""

from __future__ import annotations

from dagster._core.test_utils import instance_for_test

from assets.needs import POOLS
from orchestration.daemon import initialise_pools


def test_every_pools_limit_is_in_the_storage_and_doing_it_again_changes_nothing() -> None:
    with instance_for_test(overrides={"concurrency": {"pools": {"default_limit": 1}}}) as instance:
        for _ in range(2):
            initialise_pools(instance)
            limits = {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}
            assert limits == dict.fromkeys(POOLS, 1)
