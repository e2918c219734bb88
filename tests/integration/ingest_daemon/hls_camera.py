"""A real HLS camera on loopback: GStreamer cuts a moving picture into segments, an HTTP server hands them out."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h265parse",
}


def missing() -> str | None:
    """Why no camera can be made here; None when one can."""
    if shutil.which("gst-launch-1.0") is None:
        return "Debian's gstreamer1.0-tools is not installed"
    for element in ("hlssink", "x264enc", "mpegtsmux", "x265enc"):
        if subprocess.run(["gst-inspect-1.0", element], capture_output=True, check=False).returncode:
            return f"GStreamer has no {element}: install gstreamer1.0-plugins-bad, and -ugly"
    return None


class HlsCamera:
    """`film` makes segments until `stop_filming`; `serving` hands them out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/live.m3u8"

    def film(self, *, codec: str = "h264", width: int = 320, height: int = 240) -> None:
        self.stop_filming()
        for old in self._folder.iterdir():
            old.unlink()
        pipeline = (
            f"videotestsrc is-live=true pattern=ball ! video/x-raw,width={width},height={height},framerate=25/1"
            f" ! videoconvert ! video/x-raw,format=I420 ! {ENCODERS[codec]} ! mpegtsmux ! hlssink target-duration=1"
            f" max-files=6 playlist-length=4 location={self._folder}/%05d.ts"
            f" playlist-location={self._folder}/live.m3u8"
        )
        self._process = subprocess.Popen(
            ["gst-launch-1.0", "-q", *pipeline.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def ready(self) -> bool:
        """Whether there is a playlist with something in it."""
        playlist = self._folder / "live.m3u8"
        return playlist.exists() and ".ts" in playlist.read_text()

    def stop_filming(self) -> None:
        """The last playlist stays as it is."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @contextmanager
    def serving(self) -> Iterator[HlsCamera]:
        """On while the context lasts; the next time at the same address."""
        server = _Server(("127.0.0.1", self.port), partial(_Handler, directory=str(self._folder)))
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no error of the camera's."""


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass
