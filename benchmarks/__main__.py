"""`python -m benchmarks <command>`: parse, run, print. With --json the last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence

from benchmarks.commands import COMMANDS, load
from footfall.errors import FootfallError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. 0 when it measured, 2 when the input cannot be measured on."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the product.")
    chosen = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name in COMMANDS:
        command = load(name)
        summary = (command.__doc__ or "").splitlines()[0]
        options = chosen.add_parser(name, help=summary, description=summary)
        options.add_argument("--json", action="store_true", help="print one JSON object on the last line")
        options.add_argument("--verbose", action="store_true", help="log which models and runtimes were chosen")
        command.add_arguments(options)
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING, stream=sys.stderr)
    command = load(arguments.command)
    try:
        figures = command.run(arguments)
    except FootfallError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 2
    for line in command.lines(figures):
        print(line)
    if arguments.json:
        print(json.dumps({"command": arguments.command, **figures}, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
