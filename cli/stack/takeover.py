"""What an earlier supervisor, killed, left running: taken over when it is what we would start, ended otherwise."""

from __future__ import annotations

import hashlib
import hmac
import logging
import signal
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from cli.stack.parts.base import Launch
from cli.stack.plan import NotServers, Plan
from cli.stack.processes import kill_leftovers, stop
from cli.stack.state import PartState, StackState

logger = logging.getLogger(__name__)


def marked(launch: Launch, home: Path) -> Launch:
    """The launch with the home in its environment: by it what a dead process left behind is known as ours."""
    return replace(launch, environment={**launch.environment, "FOOTFALL_HOME": str(home)})


def fingerprint(launch: Launch, key: str) -> str:
    """Equal for two launches exactly when they would start the same process. `key` keeps the secrets among the
    variables from being guessed out of the state file."""
    told = repr((launch.argv, sorted(launch.environment.items()), str(launch.working_directory), launch.user_id))
    return hmac.new(key.encode(), told.encode(), hashlib.sha256).hexdigest()


def take_over(home: Path, plan: Plan, old: Mapping[str, PartState], key: str) -> dict[str, PartState]:
    """Those of `old` whose processes may go on; every other process is ended before this returns."""
    kept: dict[str, PartState] = {}
    wanted = {one.name: one.part.launch() for one in plan.parts if not isinstance(one.part, NotServers)}
    for part in _last_started_first(old.values()):
        launch = wanted.get(part.name)
        same = launch is not None and fingerprint(marked(launch, home), key) == part.fingerprint
        if same and part.process is not None and part.process.alive():
            logger.info("%s still runs as process %d: taking it over", part.name, part.process.pid)
            kept[part.name] = part
        else:
            _end(part, launch, home)
    return kept


def end_orphans(home: Path, state: StackState) -> None:
    """Ends everything that the state of a dead supervisor lists."""
    for part in _last_started_first(state.parts.values()):
        _end(part, None, home)


def _last_started_first(parts: Collection[PartState]) -> list[PartState]:
    return list(reversed(list(parts)))


def _end(part: PartState, launch: Launch | None, home: Path) -> None:
    if part.process is None:
        return
    logger.info("%s was left behind as process %d: ending it", part.name, part.process.pid)
    if launch is None:
        stop(part.process, signal.SIGINT, 12.0)  # the gentlest that Postgres and Milvus Lite both understand
    else:
        stop(part.process, launch.stop_signal, launch.stop_seconds)
    kill_leftovers(part.process, home)
