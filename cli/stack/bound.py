"""Run as a script: becomes a command that the kernel kills when the starting thread ends. Standard library alone.

Used where a server must not outlive its starter even by kill -9: the tests' servers.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main(starter_pid: int, user_id: int, group_id: int, argv: list[str]) -> None:
    """Never returns: replaces this process. `user_id` -1 keeps the user."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    if user_id >= 0:
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))  # after setuid, which clears it
    if os.getppid() != starter_pid:
        sys.exit("the process that wanted this server has ended")
    # A shell's background job ignores SIGINT, and ignoring is inherited: Milvus Lite stops on SIGINT alone.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(argv[0], argv)  # noqa: S606  # the servers' own fixed argument lists


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
