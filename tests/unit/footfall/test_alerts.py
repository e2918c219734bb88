"""Alerts reach a webhook and a mailbox, each by itself; what goes wrong is told without what is secret."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from pydantic import SecretStr, ValidationError

from footfall.alerts import Alert, send_alert
from footfall.errors import AlertNotSentError
from footfall.settings_alerts import AlertSettings

ALERT = Alert("A run of refresh_marts failed", "visits_daily: Postgres is away.", link="http://dagster/runs/1")


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted; answers 500 under /broken, sends callers on under /elsewhere."""

    received: ClassVar[list[dict[str, object]]] = []

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        status = {"/broken": 500, "/elsewhere": 307}.get(self.path.partition("?")[0], 204)
        self.send_response(status)
        if status == 307:
            self.send_header("location", "/hook")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Mailbox(socketserver.StreamRequestHandler):
    """As much SMTP as smtplib asks for, without TLS; keeps what comes after DATA."""

    letters: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                lines = list(iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), "."))
                self.letters.append("\n".join(lines))
            if verb == "RCPT" and "nobody@" in line:
                self.say("550 no such user")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 fine")
            if verb == "QUIT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.received.clear()
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def mailbox() -> Iterator[int]:
    Mailbox.letters.clear()
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)) as port:
        yield port


def mailing(port: int, to: str = "ops@example.org, boss@example.org") -> dict[str, object]:
    return {"mail_to": to, "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_encryption": "none"}


def test_a_webhook_gets_the_alert_as_json(hook: str) -> None:
    assert send_alert(AlertSettings(webhook_url=SecretStr(f"{hook}/hook?token=x")), ALERT) == ("webhook",)
    [told] = Hook.received
    assert told["title"] == "A run of refresh_marts failed"
    assert told["text"] == "A run of refresh_marts failed\nvisits_daily: Postgres is away.\nhttp://dagster/runs/1"
    assert told["severity"] == "error"


def test_a_mailbox_gets_the_alert_as_a_letter(mailbox: int) -> None:
    assert send_alert(AlertSettings.model_validate(mailing(mailbox)), ALERT) == ("e-mail",)
    [letter] = Mailbox.letters
    assert "Subject: [Footfall] A run of refresh_marts failed" in letter
    assert "To: ops@example.org, boss@example.org" in letter
    assert "Postgres is away." in letter


def test_a_newline_in_a_title_begins_no_header(mailbox: int) -> None:
    send_alert(AlertSettings.model_validate(mailing(mailbox)), Alert("One\nBcc: all@example.org", "body"))
    assert "\nBcc:" not in Mailbox.letters[0]


def test_without_a_channel_nobody_is_told() -> None:
    assert send_alert(AlertSettings(), ALERT) == ()


def test_one_channels_failure_does_not_keep_the_other_from_being_told(hook: str, mailbox: int) -> None:
    settings = AlertSettings.model_validate({"webhook_url": f"{hook}/broken?token=s3cret", **mailing(mailbox)})
    with pytest.raises(AlertNotSentError, match=r"webhook \(it answered 500\)") as refused:
        send_alert(settings, ALERT)
    assert "s3cret" not in str(refused.value)
    assert len(Mailbox.letters) == 1


def test_a_refused_recipient_is_a_failure(mailbox: int) -> None:
    with pytest.raises(AlertNotSentError, match="e-mail"):
        send_alert(AlertSettings.model_validate(mailing(mailbox, "nobody@example.org")), ALERT)


def test_the_token_in_a_url_is_not_sent_on_to_another_place(hook: str) -> None:
    with pytest.raises(AlertNotSentError, match="307"):
        send_alert(AlertSettings(webhook_url=SecretStr(f"{hook}/elsewhere")), ALERT)
    assert len(Hook.received) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "not a url", "gopher://example.org"])
def test_a_server_that_is_away_or_no_server_is_a_plain_failure(url: str) -> None:
    with pytest.raises(AlertNotSentError):
        send_alert(AlertSettings(webhook_url=SecretStr(url), timeout_seconds=2), ALERT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_to": "ops@example.org"},
        {"mail_to": "ops", "smtp_host": "mail"},
        {"smtp_user": "ops"},
        {"mail_from": "a b@c"},
        {"smtp_encryption": "maybe"},
    ],
)
def test_half_a_configuration_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AlertSettings.model_validate(wrong)
