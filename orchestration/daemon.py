"""`python -m orchestration.daemon ...`: Dagster's own daemon, begun once every pool's limit is in its storage.

Two first runs that both meet a pool which the storage does not know yet try to add it at once; on Postgres the second
fails in the transaction that the first one's row has broken (dagster 1.13, `initialize_concurrency_limit_to_default`).
"""

from __future__ import annotations

from dagster import DagsterInstance
from dagster._daemon.cli import main as run_daemon

from assets.needs import POOLS


def initialise_pools(instance: DagsterInstance) -> None:
    """Adds the pools that the instance does not know, with its default limit."""
    storage = instance.event_log_storage
    for pool in POOLS:
        if pool not in storage.get_concurrency_keys():
            storage.initialize_concurrency_limit_to_default(pool)


def main() -> None:
    with DagsterInstance.get() as instance:
        initialise_pools(instance)
    run_daemon()


if __name__ == "__main__":
    main()
