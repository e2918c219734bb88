"""What a stack consists of: parts, who needs whom, in which order they stop. Which parts there are: `wiring`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from cli.stack.parts.base import Health, Launch, Part
from cli.stack.state import PortChoice
from footfall.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class External:
    """A server that somebody else runs: asked for its health, never started or stopped."""

    name: str
    url: str | None
    probe: Callable[[], Health] = field(repr=False)  # holds a DSN or keys


@dataclass(frozen=True, slots=True)
class Task:
    """Something carried out once at the start; its process ends with 0."""

    name: str
    launch: Launch


@dataclass(frozen=True, slots=True)
class Chore:
    """A task carried out again and again: first after `first_seconds`, then at that interval, sooner when it failed."""

    name: str
    launch: Launch
    every_seconds: float
    first_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Idle:
    """A part that is not wanted as things are configured, and why."""

    name: str
    reason: str


NotServers = External | Task | Chore | Idle
"""What a plan holds beside the servers of ours."""


@dataclass(frozen=True, slots=True)
class Planned:
    """`needs`: parts that must be well before this one starts. It has `start_seconds` to come up."""

    part: Part | External | Task | Chore | Idle
    needs: tuple[str, ...] = ()
    start_seconds: float = 90.0

    @property
    def name(self) -> str:
        return self.part.name


@dataclass(frozen=True, slots=True)
class Plan:
    """`parts` stand after those they need. `environments`: what a process in a part's place is given, by its name."""

    parts: tuple[Planned, ...]
    ports: Mapping[str, PortChoice]
    environments: Mapping[str, Mapping[str, str]] = field(repr=False)

    def limited_to(self, only: Collection[str]) -> Plan:
        """The plan of those parts, the ones they need and their chores; all when `only` is empty.

        Raises ConfigurationError for a name that is no part's.
        """
        if not only:
            return self
        needs = {planned.name: planned.needs for planned in self.parts}
        unknown = sorted(set(only) - needs.keys())
        if unknown:
            raise ConfigurationError(
                f"The stack has no part {', '.join(unknown)}.", hint=f"Its parts are {', '.join(needs)}."
            )
        kept: set[str] = set()
        waiting = list(only)
        while waiting:
            name = waiting.pop()
            if name not in kept:
                kept.add(name)
                waiting.extend(needs[name])
        # Nothing needs a chore, and no part is to run without its own: expiry is a promise, not an option.
        kept |= {one.name for one in self.parts if isinstance(one.part, Chore) and kept.issuperset(one.needs)}
        return Plan(tuple(one for one in self.parts if one.name in kept), self.ports, self.environments)

    def levels(self) -> list[list[str]]:
        """Names by how many parts stand below them. Those of one level stop together, the last level first."""
        depth: dict[str, int] = {}
        for planned in self.parts:
            depth[planned.name] = 1 + max((depth[need] for need in planned.needs), default=-1)
        return [
            [name for name, at in depth.items() if at == level] for level in range(max(depth.values(), default=-1) + 1)
        ]
