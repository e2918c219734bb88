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
class Idle:
    """A part that is not wanted as things are configured, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Planned:
    """`needs`: parts that must be well before this one starts. It has `start_seconds` to come up."""

    part: Part | External | Task | Idle
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
        """The plan of those parts and the ones they need; all when `only` is empty.

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
        return Plan(tuple(one for one in self.parts if one.name in kept), self.ports, self.environments)

    def levels(self) -> list[list[str]]:
        """Names by how many parts stand below them. Those of one level stop together, the last level first."""
        depth: dict[str, int] = {}
        for planned in self.parts:
            depth[planned.name] = 1 + max((depth[need] for need in planned.needs), default=-1)
        return [
            [name for name, at in depth.items() if at == level] for level in range(max(depth.values(), default=-1) + 1)
        ]
