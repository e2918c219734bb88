"""Fetching a pinned file: first source that answers, checked by content, resumed, one process at a time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from footfall.errors import DownloadError
from footfall.vision.models.fetch import fetching_into
from footfall.vision.models.files import write_in_place
from footfall.vision.models.sources import PinnedFile, UrlSource
from tests.unit.vision.conftest import WebServer

CONTENT = bytes(range(256)) * 2000
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens


def _pinned(*urls: str, content: bytes = CONTENT) -> PinnedFile:
    return PinnedFile(
        "weights.onnx", hashlib.sha256(content).hexdigest(), len(content), tuple(UrlSource(url) for url in urls)
    )


def _fetch(pinned: PinnedFile, folder: Path, *, mirror: str | None = None) -> tuple[bytes, str]:
    with fetching_into(folder, mirror, lambda: None) as fetcher:
        part, origin = fetcher.fetch(pinned, lambda _: None)
        return part.read_bytes(), origin


def test_a_url_is_fetched(web: WebServer, tmp_path: Path) -> None:
    web.files["/weights.onnx"] = CONTENT
    seen: list[int] = []
    with fetching_into(tmp_path, None, lambda: None) as fetcher:
        part, origin = fetcher.fetch(_pinned(f"{web.url}/weights.onnx"), seen.append)
        assert part.read_bytes() == CONTENT
    assert origin == f"{web.url}/weights.onnx"
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_the_mirror_is_asked_first_whether_folder_or_url(web: WebServer, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "weights.onnx").write_bytes(CONTENT)
    assert _fetch(_pinned(NOWHERE), tmp_path / "a", mirror=str(mirror))[1] == str(mirror / "weights.onnx")
    web.files["/models/weights.onnx"] = CONTENT
    assert _fetch(_pinned(NOWHERE), tmp_path / "b", mirror=f"{web.url}/models/")[1] == f"{web.url}/models/weights.onnx"


def test_a_source_that_fails_gives_way_to_the_next(web: WebServer, tmp_path: Path) -> None:
    web.files["/other"] = b"another file altogether"
    web.files["/endless"] = CONTENT + CONTENT
    web.files["/right"] = CONTENT
    urls = (f"{NOWHERE}/away", f"{web.url}/missing", f"{web.url}/other", f"{web.url}/endless", f"{web.url}/right")
    content, origin = _fetch(_pinned(*urls), tmp_path / "models", mirror=str(tmp_path / "no such folder"))
    assert content == CONTENT
    assert origin == f"{web.url}/right"


def test_when_all_fail_each_is_named_with_its_reason(web: WebServer, tmp_path: Path) -> None:
    web.files["/other"] = b"another file altogether"
    with pytest.raises(DownloadError) as caught:
        _fetch(_pinned(f"{NOWHERE}/away", f"{web.url}/missing", f"{web.url}/other"), tmp_path)
    message = caught.value.message
    assert f"{NOWHERE}/away" in message
    assert "404" in message
    assert "answered with another file" in message
    assert caught.value.hint is not None
    assert "FOOTFALL_VISION__MIRROR" in caught.value.hint
    assert not list(tmp_path.glob("*.part"))


def test_a_file_without_sources_says_that_it_needs_a_mirror(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="no source but a mirror"):
        _fetch(_pinned(), tmp_path)


def test_a_broken_download_is_resumed_where_it_stopped(web: WebServer, tmp_path: Path) -> None:
    web.files["/weights.onnx"] = CONTENT
    web.breaks_off_after = 100_000
    pinned = _pinned(f"{web.url}/weights.onnx")
    with pytest.raises(DownloadError):
        _fetch(pinned, tmp_path)
    (part,) = tmp_path.glob(".weights.onnx.*.part")
    have = part.stat().st_size
    assert 0 < have <= 100_000
    web.breaks_off_after = None
    assert _fetch(pinned, tmp_path)[0] == CONTENT
    assert web.asked[-1] == ("/weights.onnx", f"bytes={have}-")


def test_a_server_without_ranges_is_read_from_the_start(web: WebServer, tmp_path: Path) -> None:
    web.files["/weights.onnx"] = CONTENT
    web.speaks_ranges = False
    pinned = _pinned(f"{web.url}/weights.onnx")
    tmp_path.joinpath(f".weights.onnx.{pinned.sha256[:8]}.part").write_bytes(CONTENT[:1234])
    assert _fetch(pinned, tmp_path)[0] == CONTENT


def test_a_part_that_is_no_part_of_the_file_is_thrown_away(web: WebServer, tmp_path: Path) -> None:
    web.files["/weights.onnx"] = CONTENT
    pinned = _pinned(f"{web.url}/weights.onnx", f"{web.url}/weights.onnx")
    part = tmp_path / f".weights.onnx.{pinned.sha256[:8]}.part"
    part.write_bytes(b"x" * (len(CONTENT) + 1))
    assert _fetch(pinned, tmp_path)[0] == CONTENT
    part.write_bytes(b"x" * 1000)
    assert _fetch(pinned, tmp_path)[0] == CONTENT


def test_a_mirror_that_is_away_is_asked_once(tmp_path: Path, web: WebServer) -> None:
    web.files["/right"] = CONTENT
    with fetching_into(tmp_path, NOWHERE, lambda: None) as fetcher:
        fetcher.fetch(_pinned(f"{web.url}/right"), lambda _: None)
        with pytest.raises(DownloadError) as caught:
            fetcher.fetch(_pinned(f"{web.url}/missing"), lambda _: None)
    assert NOWHERE not in caught.value.message


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".pull-abc"
    leftover.mkdir()
    (leftover / "half.tgz").write_bytes(b"half")
    with fetching_into(tmp_path, None, lambda: None):
        assert not leftover.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".pull.lock"]


def test_a_second_process_waits_for_the_first(tmp_path: Path) -> None:
    waiting, done = tmp_path / "waiting", tmp_path / "first-done"
    second = textwrap.dedent(f"""
        from pathlib import Path
        from footfall.vision.models.fetch import fetching_into
        with fetching_into(Path({str(tmp_path)!r}), None, lambda: Path({str(waiting)!r}).touch()):
            print(Path({str(done)!r}).exists())
    """)
    with fetching_into(tmp_path, None, lambda: None):
        process = subprocess.Popen([sys.executable, "-c", second], stdout=subprocess.PIPE, text=True)
        while not waiting.exists():
            assert process.poll() is None
            time.sleep(0.02)
        done.touch()
    output, _ = process.communicate(timeout=60)
    assert output.strip() == "True"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "weights.onnx"
    write_in_place(target, b"first")
    write_in_place(target, b"second")
    assert target.read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["weights.onnx"]
