"""Settings of rate limits, of throttled sign-ins, and of where a request is taken to come from. Read by
`footfall.settings` alone."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from footfall.settings_section import Networks, Section


class LimitSettings(Section):
    """Rates are over a sliding minute, for one caller or one address. The defaults stop what no good caller does."""

    storage: SecretStr | None = Field(
        default=None,
        description="redis://[user:password@]host:port of a Redis that several API servers count in together; unset: "
        "each API process counts in its own memory.",
    )
    trusted_proxies: Networks = Field(
        default="",
        max_length=2000,
        description="Addresses or networks of reverse proxies, with commas between, whose X-Forwarded-For is believed.",
    )
    address_per_minute: int = Field(
        default=30_000, ge=1, le=10_000_000, description="Requests from one address, whoever they are from."
    )
    login_per_minute: int = Field(
        default=300, ge=1, le=100_000, description="Sign-ins and renewals from one address, good ones and others."
    )
    read_per_minute: int = Field(default=6_000, ge=1, le=10_000_000, description="Reading requests of one caller.")
    write_per_minute: int = Field(default=3_000, ge=1, le=10_000_000, description="Changing requests of one caller.")
    event_per_minute: int = Field(
        default=12_000, ge=1, le=10_000_000, description="Requests with face events of one caller."
    )
    upload_per_minute: int = Field(
        default=1_200, ge=1, le=10_000_000, description="Requests with photographs of one caller."
    )
    login_free_failures: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Failed sign-ins to one account from one address before the next must wait.",
    )
    login_longest_wait_seconds: int = Field(
        default=300, ge=1, le=3600, description="Longest wait between failed sign-ins to one account from one address."
    )
    login_account_wait_seconds: int = Field(
        default=30,
        ge=1,
        le=300,
        description="Longest wait that failures from elsewhere can impose on an account or an address; an address from "
        "which the account has signed in before does not wait for them.",
    )

    @field_validator("storage")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("begins with redis:// or rediss://")
        return value
