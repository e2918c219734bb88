"""A real RTSP server on loopback: GStreamer's, in a process of the system's Python, which has its bindings.

Run as a script it serves `/live` until it is killed; as a module it starts itself so. The picture is GStreamer's own
or a clip's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SYSTEM_PYTHON = "/usr/bin/python3"
ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}
USER, PASSWORD = "operator", "s3cret-of-the-door"


def missing() -> str | None:
    """Why no server can be started here; None when one can."""
    if not Path(SYSTEM_PYTHON).exists():
        return "there is no system Python"
    probe = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; "
        "Gst.init(None); raise SystemExit(0 if Gst.ElementFactory.find('x264enc') else 3)"
    )
    done = subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False, env=_plain())
    if done.returncode:
        return "Debian's gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and -ugly are not installed"
    return None


class RtspCamera:
    """A camera that can be cut off, stalled and brought back, as something else where that is wanted."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._scheme = "rtsp"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{USER}:{PASSWORD}@127.0.0.1:{self._port}/live"

    def start(
        self,
        *,
        codec: str = "h264",
        width: int = 320,
        height: int = 240,
        clip: Path | None = None,
        certificate: Path | None = None,
    ) -> None:
        """Shows `clip`, or a ball that moves; over TLS with `certificate`, a PEM file that holds its key as well."""
        self.stop()
        self._scheme = "rtsp" if certificate is None else "rtsps"
        shown = [str(one or "") for one in (clip, certificate)]
        command = [SYSTEM_PYTHON, __file__, str(self._port), codec, str(width), str(height), *shown]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_plain())
        if self._process.stdout is None or self._process.stdout.readline() != b"serving\n":
            raise AssertionError("the RTSP server did not start")

    def stall(self) -> None:
        """Connections stay open and nothing comes."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Every connection is cut."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise AssertionError("the camera is off")
        self._process.send_signal(number)


@contextmanager
def rtsp_camera(port: int) -> Iterator[RtspCamera]:
    camera = RtspCamera(port)
    try:
        yield camera
    finally:
        camera.stop()


def _plain() -> dict[str, str]:
    """Without the virtual environment's own Python."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_PRELOAD"}
    return {name: value for name, value in os.environ.items() if name not in hidden}


def _serve(arguments: Sequence[str]) -> None:
    import gi  # type: ignore[import-not-found,unused-ignore]  # the system's Python has it

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtspServer  # type: ignore[import-not-found,unused-ignore]

    port, codec, width, height, clip, certificate = arguments
    Gst.init(None)
    server: Any = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    auth: Any = GstRtspServer.RTSPAuth()
    role: Any = GstRtspServer.RTSPToken()
    role.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(USER, PASSWORD), role)
    if certificate:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    server.set_auth(auth)
    factory: Any = GstRtspServer.RTSPMediaFactory()
    shown = f'filesrc location="{clip}" ! decodebin' if clip else "videotestsrc is-live=true pattern=ball"
    factory.set_launch(
        f"( {shown} ! videoconvert ! videoscale ! videorate"
        f" ! video/x-raw,format=I420,width={width},height={height},framerate=15/1 ! {ENCODERS[codec]} )"
    )
    factory.set_shared(True)
    may = "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
    factory.add_role_from_structure(Gst.Structure.new_from_string(may))
    server.get_mount_points().add_factory("/live", factory)
    if server.attach(None) == 0:
        raise SystemExit(f"port {port} cannot be had")
    print("serving", flush=True)  # noqa: T201 - read by who started this
    GLib.MainLoop().run()


if __name__ == "__main__":
    _serve(sys.argv[1:])
