"""What a benchmark command is, and the list of them. A new one is a module beside this and a line here."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

Figures = Mapping[str, object]
"""What a command found, as it goes into JSON: numbers, strings, lists and objects, no arrays."""


class Command(Protocol):
    """The functions of a command's module. Its docstring's first line is its help."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own options."""
        ...

    def run(self, arguments: argparse.Namespace) -> Figures:
        """Measure. Raises FootfallError for input that cannot be measured on."""
        ...

    def lines(self, figures: Figures) -> list[str]:
        """The figures in words, a line each."""
        ...


# Module by command; a module is imported when its command runs, or for the help.
COMMANDS: Mapping[str, str] = {
    "accuracy": "benchmarks.accuracy",
    "api": "benchmarks.api_costs",
    "background": "benchmarks.background",
    "erasure": "benchmarks.erasure",
    "identify": "benchmarks.identify",
    "ingest": "benchmarks.ingest",
    "liveness": "benchmarks.liveness",
    "orchestration": "benchmarks.orchestration",
    "recheck": "benchmarks.recheck",
    "retention": "benchmarks.retention",
    "sealing": "benchmarks.sealing",
    "search": "benchmarks.search",
    "soak": "benchmarks.soak",
}


def load(name: str) -> Command:
    """The module of a command in `COMMANDS`."""
    return cast(Command, import_module(COMMANDS[name]))
