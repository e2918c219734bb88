"""Choosing TCP ports on loopback. Who gets which port is written down in `state`, not here."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable

from cli.stack.parts.base import LOOPBACK
from footfall.errors import ConfigurationError


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port(preferred: Iterable[int], avoid: Collection[int] = ()) -> int:
    """The first free port of `preferred` that is not in `avoid`, else a free one that the system names.

    Raises ConfigurationError when the machine has none left.
    """
    for port in preferred:
        if port not in avoid and is_free(port):
            return port
    return free_ports(1, avoid)[0]


def free_ports(count: int, avoid: Collection[int] = ()) -> list[int]:
    """`count` different free ports, none of them in `avoid`. All are held open while choosing, so none comes twice."""
    held: list[socket.socket] = []
    found: list[int] = []
    try:
        for _ in range(count + len(avoid) + 16):
            holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(holder)
            holder.bind((LOOPBACK, 0))
            port = holder.getsockname()[1]
            if port not in avoid:
                found.append(port)
            if len(found) == count:
                return found
    except OSError as error:
        raise ConfigurationError("This machine has no free TCP port left.", hint="Stop what holds them.") from error
    finally:
        for holder in held:
            holder.close()
    raise ConfigurationError("No free TCP port was found.", hint="Stop what holds them.")
