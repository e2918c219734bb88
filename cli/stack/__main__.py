"""`python -m cli.stack`: the detached supervisor, as `footfall up` starts it. Its settings are its environment."""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import sys

from cli.stack.supervisor import Supervisor
from footfall.errors import FootfallError
from footfall.settings import load_settings

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Exits with 0 after a wanted stop, with 3 when the stack did not come up; the state file says why."""
    parser = argparse.ArgumentParser(prog="python -m cli.stack", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="a part to start, with those it needs")
    parser.add_argument("--bound-to", type=int, metavar="PID", help="stop everything when this process ends")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    os.umask(0o077)
    if arguments.bound_to is not None:
        _stop_with(arguments.bound_to)
    try:
        settings = load_settings()
        os.chdir(settings.home)
        state = Supervisor(settings, only=arguments.only).run()
    except FootfallError as error:
        logging.getLogger(__name__).error("%s %s", error.message, error.hint or "")
        sys.exit(2)
    sys.exit(3 if state.phase == "failed" else 0)


def _stop_with(starter_pid: int) -> None:
    """Asks the kernel for a SIGTERM when the starter ends, which then stops the stack in order."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != starter_pid:
        sys.exit("the process that wanted this stack has ended")


if __name__ == "__main__":
    main()
