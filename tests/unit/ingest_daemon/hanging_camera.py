"""A TCP server that takes connections and never answers; from some connection on it passes them to a real camera."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class HangingCamera:
    """The first `hangs` connections get no answer, for as long as the server is there; the later ones reach port
    `behind`. `taken` counts all of them."""

    hangs: int
    behind: int = 0
    port: int = 0
    taken: int = 0
    _gone: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def serving(self) -> Iterator[HangingCamera]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(0.1)
            self.port = int(listening.getsockname()[1])
            accepting = threading.Thread(target=self._accept, args=(listening,))
            accepting.start()
            try:
                yield self
            finally:
                self._gone.set()
                accepting.join()

    def _accept(self, listening: socket.socket) -> None:
        while not self._gone.is_set():
            with suppress(TimeoutError):
                far, _ = listening.accept()
                self.taken += 1
                work = self._hold if self.taken <= self.hangs else self._pass
                threading.Thread(target=work, args=(far,), daemon=True).start()

    def _hold(self, far: socket.socket) -> None:
        with far:
            self._gone.wait()

    def _pass(self, far: socket.socket) -> None:
        with suppress(OSError), far, socket.create_connection(("127.0.0.1", self.behind)) as near:
            other = {far: near, near: far}
            with selectors.DefaultSelector() as ready:
                for one in other:
                    ready.register(one, selectors.EVENT_READ)
                while not self._gone.is_set():
                    for key, _ in ready.select(0.1):
                        one = far if key.fileobj is far else near
                        data = one.recv(65_536)
                        if not data:
                            return
                        other[one].sendall(data)
