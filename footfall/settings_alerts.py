"""Settings of alerts to the operators: where they go. Read by `footfall.settings` alone."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from footfall.settings_section import Section


class AlertSettings(Section):
    """A webhook, a mailbox, both or neither; without either, alerts are in Dagster's UI and log alone."""

    webhook_url: SecretStr | None = Field(
        default=None,
        description="Alerts are posted here as JSON with `text`, which chat services show, and `title`, `body`, "
        "`severity`, `link`. Secret, for such URLs hold a token.",
    )
    mail_to: str = Field(
        default="", max_length=2000, description="Addresses for alerts by e-mail, with commas between."
    )
    mail_from: str = Field(default="footfall@localhost", max_length=254, description="Their sender.")
    smtp_host: str | None = Field(default=None, description="Mail server that takes them.")
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="Its port.")
    smtp_encryption: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="`none` only for a server on this machine."
    )
    smtp_user: str | None = Field(default=None, description="User name there, where it asks for one.")
    smtp_password: SecretStr | None = Field(default=None, description="Password there.")
    timeout_seconds: float = Field(default=10.0, gt=0, le=60, description="For each of the two.")
    link: str | None = Field(
        default=None, description="Base URL of Dagster's UI as operators reach it; alerts of runs link there."
    )

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.mail_to.split(",") if part.strip())

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.recipients and self.smtp_host is None:
            raise ValueError("mail_to needs smtp_host")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("smtp_user and smtp_password go together")
        for address in (*self.recipients, self.mail_from):
            name, at, host = address.rpartition("@")
            if not (name and at and host) or not address.isprintable() or " " in address:
                raise ValueError(f"{address!r} is not an e-mail address")
        return self
