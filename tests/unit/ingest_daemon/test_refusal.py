"""Why a host that answers gives no pictures: what it says is put into words, and nothing of the password is in them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import md5
from pathlib import Path
from threading import Event, Thread

import cv2
import pytest

from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.sources.base import away
from ingest_daemon.sources.guard import StreamGuard
from ingest_daemon.sources.live import LiveSource, why_no_device
from ingest_daemon.tally import Tally

SDP = b"RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s"


class Host:
    """Answers one request after the other with what `reply` makes of it, and keeps what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def reply(self, request: str) -> bytes:
        self.asked.append(request)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]

    @contextmanager
    def listening(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as door:
            Thread(target=self._serve, args=(door,), daemon=True).start()
            yield door.getsockname()[1]

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                caller, _ = door.accept()
            except OSError:  # the door was shut
                return
            with caller, suppress(OSError):  # who asks may leave before the answer
                caller.sendall(self.reply(caller.recv(10_000).decode("latin-1")))


class DigestHost(Host):
    """Lets in who proves to know the password, as RFC 2617 has it; with `qop` or, as older cameras, without."""

    def __init__(self, method: str, qop: str) -> None:
        super().__init__()
        self._method, self._qop = method, qop

    def reply(self, request: str) -> bytes:
        self.asked.append(request)
        given = dict(re.findall(r'(\w+)="?([^",\r]*)"?', request.partition("Authorization: Digest ")[2]))
        if given:
            known, what = _hash("admin:door:hunter 2"), _hash(f"{self._method}:{given['uri']}")
            between = f"{given['nc']}:{given['cnonce']}:auth:" if self._qop else ""
            if given["response"] == _hash(f"{known}:n0nce:{between}{what}"):
                return SDP % (7, b"m=audio")
        wanted = f'realm="door", nonce="n0nce"{self._qop}'
        return (
            b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="door"\r\n'
            b"WWW-Authenticate: Digest %s\r\nContent-Length: 0\r\n\r\n" % wanted.encode()
        )


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def told(url: str) -> str:
    return StreamGuard(url, "").refusal()


@pytest.mark.parametrize(
    ("scheme", "answer", "words"),
    [
        ("rtsp", b"RTSP/1.0 404 Not Found\r\n\r\n", "nothing at the path"),
        ("rtsp", b"RTSP/1.0 453 Not Enough Bandwidth\r\n\r\n", "It answers 453."),
        ("rtsp", b"RTSP/1.0 403 Forbidden\r\n\r\n", "It refuses the user and password"),
        ("rtsp", SDP % (7, b"m=audio"), "Its stream has no video."),
        ("rtsp", SDP % (7, b"m=video"), "cannot be read as video"),
        ("rtsp", b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak RTSP"),
        ("rtsp", b"", "does not speak RTSP"),
        ("http", b"HTTP/1.1 404 Not Found\r\n\r\n", "nothing at the path"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>", "There is a web page"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\nGIF89a", "(image/gif) cannot be read as video"),
        ("http", b"\x15\x03\x01", "does not speak HTTP"),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "No secured connection"),
    ],
)
def test_what_a_host_answers_is_put_into_words(scheme: str, answer: bytes, words: str) -> None:
    with Host(answer).listening() as port:
        assert words in told(f"{scheme}://admin:hunter2@127.0.0.1:{port}/live")


def test_a_stream_that_wants_a_password_says_so_where_none_was_given() -> None:
    with Host(b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n').listening() as port:
        assert told(f"rtsp://127.0.0.1:{port}/live").startswith("It wants a user and a password")


def test_a_wrong_password_is_told_from_a_wrong_path() -> None:
    host = Host(
        b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n', b"RTSP/1.0 404 Not Found\r\n\r\n"
    )
    with host.listening() as port:
        assert "nothing at the path" in told(f"rtsp://admin:hunter2@127.0.0.1:{port}/live?channel=1")

    assert host.asked[0].startswith(f"DESCRIBE rtsp://127.0.0.1:{port}/live?channel=1 RTSP/1.0\r\n")
    assert "Authorization" not in host.asked[0]
    assert "Authorization: Basic YWRtaW46aHVudGVyMg==\r\n" in host.asked[1]


@pytest.mark.parametrize("qop", ["", ', qop="auth"'])
def test_a_digest_is_answered_without_showing_the_password(qop: str) -> None:
    host = DigestHost("DESCRIBE", qop)
    with host.listening() as port:
        assert told(f"rtsp://admin:hunter%202@127.0.0.1:{port}/live") == "Its stream has no video."
        assert (
            told(f"rtsp://admin:wrong@127.0.0.1:{port}/live") == "It refuses the user and password of the source's URL."
        )

    assert not [request for request in host.asked if "Basic" in request or "hunter" in request]


def test_a_camera_that_hangs_up_says_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

    assert told(f"rtsp://127.0.0.1:{port}/live") == "It hangs up: Connection refused."


def test_a_device_that_is_not_there_or_no_camera_is_named(tmp_path: Path) -> None:
    assert why_no_device(tmp_path / "video3") == f"There is no {tmp_path}/video3, nor any other."
    (tmp_path / "video1").touch()
    assert why_no_device(tmp_path / "video3") == f"There is no {tmp_path}/video3; there are {tmp_path}/video1."
    assert "gives no pictures" in why_no_device(tmp_path / "video1")


def test_a_host_is_asked_only_when_the_log_says_something(caplog: pytest.LogCaptureFixture) -> None:
    """Some cameras shut out who shows a wrong password often."""
    stop, attempts, asked = Event(), 0, 0

    def unopened() -> cv2.VideoCapture:
        nonlocal attempts
        attempts += 1
        if attempts == 9:
            stop.set()
        return cv2.VideoCapture()

    def explain() -> str:
        nonlocal asked
        asked += 1
        return "It refuses the password."

    policy = BackoffPolicy(first_seconds=0.001, longest_seconds=0.001)
    source = LiveSource("the door", unopened, detect_every_seconds=0.0, tally=Tally(), explain=explain, backoff=policy)

    assert list(source.frames(stop)) == []

    assert asked == 4, "after 1, 2, 4 and 8 attempts"
    assert caplog.text.count("is away") == 4
    assert "in a row); next try in 0.0 s. It refuses the password." in caplog.text
    assert away(source) == "the door is away: It refuses the password."
