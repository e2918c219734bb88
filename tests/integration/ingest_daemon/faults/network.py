"""A camera host in a network namespace of its own, whose only way to the API is a cable that can be pulled."""

from __future__ import annotations

import secrets
import selectors
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit


class NoNamespacesError(Exception):
    """This sandbox permits no network namespaces; the message says what was refused."""


@dataclass(frozen=True)
class Cable:
    """`prefix`: runs a command on the far side; `url`: the API as seen from there."""

    namespace: str
    link: str
    url: str

    @property
    def prefix(self) -> tuple[str, ...]:
        return "ip", "netns", "exec", self.namespace

    def pull(self) -> None:
        """Packets vanish; no connection is told."""
        _ip("link", "set", self.link, "down")

    def plug(self) -> None:
        _ip("link", "set", self.link, "up")


@contextmanager
def cable_to(api_url: str) -> Iterator[Cable]:
    """Raises NoNamespacesError where the sandbox does not permit it."""
    name = f"ff{secrets.token_hex(3)}"
    here, there = f"{name}a", f"{name}b"
    third = secrets.randbelow(250) + 1
    near, far = f"10.231.{third}.1", f"10.231.{third}.2"
    try:
        _ip("netns", "add", name)
        try:
            _ip("link", "add", here, "type", "veth", "peer", "name", there)
            _ip("link", "set", there, "netns", name)
            _ip("addr", "add", f"{near}/30", "dev", here)
            _ip("link", "set", here, "up")
            for words in (
                ("addr", "add", f"{far}/30", "dev", there),
                ("link", "set", there, "up"),
                ("link", "set", "lo", "up"),
            ):
                _ip("netns", "exec", name, "ip", *words)
        except NoNamespacesError:
            _ip("netns", "del", name)
            raise
    except FileNotFoundError:
        raise NoNamespacesError("there is no `ip` command") from None
    try:
        with _relay(near, urlsplit(api_url).port or 80) as port:
            yield Cable(name, here, f"http://{near}:{port}")
    finally:
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNamespacesError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@contextmanager
def _relay(address: str, target_port: int) -> Iterator[int]:
    """The API listens on loopback alone, which another namespace does not see: bytes are carried over."""
    stop = threading.Event()
    with socket.create_server((address, 0)) as listening:
        listening.settimeout(0.2)
        accepting = threading.Thread(target=_accept, args=(listening, target_port, stop))
        accepting.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            stop.set()
            accepting.join()


def _accept(listening: socket.socket, target_port: int, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            far, _ = listening.accept()
            threading.Thread(target=_carry, args=(far, target_port, stop), daemon=True).start()


def _carry(far: socket.socket, target_port: int, stop: threading.Event) -> None:
    with suppress(OSError), far, socket.create_connection(("127.0.0.1", target_port)) as near:
        other = {far: near, near: far}
        with selectors.DefaultSelector() as ready:
            for one in other:
                ready.register(one, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in ready.select(0.2):
                    one = far if key.fileobj is far else near
                    data = one.recv(65_536)
                    if not data:
                        return
                    other[one].sendall(data)
