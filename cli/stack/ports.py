"""Choosing TCP ports on loopback, so that a stack keeps its own. They are written down in `state`, not here."""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import psutil

from cli.stack.parts.base import LOOPBACK
from cli.stack.processes import ProcessId, family_of
from cli.stack.state import PortChoice
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
    """`count` different free ports, none of them in `avoid`. While this process lives they are named to no other
    that asks here: a server takes seconds to listen, and of two that chose one port gRPC lets both."""
    held: list[socket.socket] = []
    found: list[int] = []
    try:
        for _ in range(4 * (count + len(avoid)) + 64):
            holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(holder)
            holder.bind((LOOPBACK, 0))
            port = holder.getsockname()[1]
            if port not in avoid and _reserved(port):
                found.append(port)
            if len(found) == count:
                return found
    except OSError as error:
        raise ConfigurationError("This machine has no free TCP port left.", hint="Stop what holds them.") from error
    finally:
        for holder in held:
            holder.close()
    raise ConfigurationError("No free TCP port was found.", hint="Stop what holds them.")


def _reserved(port: int) -> bool:
    """Whether no other process, nor this one before, was given the port. True where there are no such names."""
    if sys.platform != "linux":
        return True
    # A name in the kernel alone: it vanishes with the process, and no file is left behind.
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0footfall-port-{port}")
    except OSError:
        name.close()
        return False
    name.detach()  # open until the process ends
    return True


def strangers_on(ports: Collection[int], process: ProcessId | None) -> str:
    """Who else than the process and its descendants listens on those ports, in words; empty when nobody does.

    gRPC servers share a taken port silently (SO_REUSEPORT), so that a probe may well be answered by a stranger.
    """
    ours: set[int | None] = set() if process is None else {process.pid, *(member.pid for member in family_of(process))}
    try:
        listening = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS shows other processes' sockets to root alone
        return ""
    found = {
        (connection.laddr.port, connection.pid)
        for connection in listening
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports and connection.pid not in ours
    }
    return ", ".join(f"port {port} by {_who(pid)}" for port, pid in sorted(found, key=str))


def _who(pid: int | None) -> str:
    if pid is None:
        return "another user's process"
    try:
        return f"process {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"process {pid}"


@dataclass(slots=True)
class PortBook:
    """Hands out ports: the one used before, then the setting's first choice, then any free one.

    `before`: the choices of the home's last stack. `held`: ports on which its processes still listen, which
    therefore count as free. `avoid`: ports that turned out to be somebody else's. `running`: the stack of `before`
    is up, so its ports are what they are, whatever the settings say now.
    """

    before: Mapping[str, PortChoice]
    held: Collection[int] = ()
    avoid: Collection[int] = ()
    running: bool = False
    chosen: dict[str, PortChoice] = field(default_factory=dict)

    def port(self, name: str, wanted: int | None = None) -> int:
        """The port under that name from now on. Raises ConfigurationError when the machine has none left."""
        taken = {choice.port for choice in self.chosen.values()} | set(self.avoid)
        kept = self.before.get(name)
        if self.running and kept is not None:
            return kept.port
        usual = [kept.port] if kept is not None and kept.wanted == wanted else []
        if usual and usual[0] in self.held and usual[0] not in taken:
            found = usual[0]
        else:
            found = choose_port([*usual, *([] if wanted is None else [wanted])], avoid=taken)
        self.chosen[name] = PortChoice(wanted=wanted, port=found)
        return found
