"""Alerts to the operators, by webhook and by e-mail. When one is due is decided elsewhere."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

import httpx

from footfall.errors import AlertNotSentError
from footfall.settings_alerts import AlertSettings

logger = logging.getLogger(__name__)

Severity = Literal["error", "warning", "test"]

_LONGEST_TITLE = 200
_LONGEST_BODY = 4000


@dataclass(frozen=True, slots=True)
class Alert:
    """What an operator is told. Holds names of jobs, tenants and cameras; never people, images, templates or keys."""

    title: str
    body: str
    severity: Severity = "error"
    link: str | None = None


def send_alert(settings: AlertSettings, alert: Alert) -> tuple[str, ...]:
    """Tells every configured channel and answers which were told: `webhook`, `e-mail`, or none when none is set.

    One channel's failure does not keep the other from being told. Raises AlertNotSentError when one failed, naming
    which and why, without the URL or the password.
    """
    told: list[str] = []
    failed: list[str] = []
    for name, send in _channels(settings):
        try:
            send(settings, alert)
        except (httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, OSError) as error:
            failed.append(f"{name} ({_reason(error)})")
        else:
            told.append(name)
    if failed:
        raise AlertNotSentError(
            f"The alert {_line(alert.title)!r} was not sent by {' and '.join(failed)}.",
            hint="Check the settings FOOTFALL_ALERTS__...; `footfall alert test` sends a trial.",
        )
    return tuple(told)


def _channels(settings: AlertSettings) -> list[tuple[str, Callable[[AlertSettings, Alert], None]]]:
    channels: list[tuple[str, Callable[[AlertSettings, Alert], None]]] = []
    if settings.webhook_url is not None:
        channels.append(("webhook", _post))
    if settings.recipients:
        channels.append(("e-mail", _mail))
    return channels


def _post(settings: AlertSettings, alert: Alert) -> None:
    if settings.webhook_url is None:
        return
    title, body = _line(alert.title), alert.body[:_LONGEST_BODY]
    text = "\n".join(part for part in (title, body, alert.link) if part)
    answer = httpx.post(
        settings.webhook_url.get_secret_value(),
        json={"text": text, "title": title, "body": body, "severity": alert.severity, "link": alert.link},
        timeout=settings.timeout_seconds,
        follow_redirects=False,  # a token in the URL is for that host and no other
    )
    answer.raise_for_status()


def _mail(settings: AlertSettings, alert: Alert) -> None:
    message = EmailMessage()
    message["Subject"] = f"[Footfall] {_line(alert.title)}"
    message["From"] = settings.mail_from
    message["To"] = ", ".join(settings.recipients)
    message.set_content("\n\n".join(part for part in (alert.body[:_LONGEST_BODY], alert.link) if part) + "\n")
    host, port, timeout = settings.smtp_host or "localhost", settings.smtp_port, settings.timeout_seconds
    trusted = ssl.create_default_context()
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(host, port, timeout=timeout, context=trusted)
        if settings.smtp_encryption == "tls"
        else smtplib.SMTP(host, port, timeout=timeout)
    )
    with closing(server):
        if settings.smtp_encryption == "starttls":
            server.starttls(context=trusted)
        if settings.smtp_user is not None and settings.smtp_password is not None:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)
        server.quit()


def _line(title: str) -> str:
    """One line: a newline in a subject would begin another header."""
    return " ".join(title.split())[:_LONGEST_TITLE]


def _reason(error: Exception) -> str:
    """What went wrong, without what was sent or where to: URLs of webhooks are secrets."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "it did not answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code}"
    return type(error).__name__
