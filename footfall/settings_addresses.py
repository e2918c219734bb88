"""Settings of the addresses that cameras and workers may have. Read by `footfall.settings` alone."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from footfall.settings_section import Networks, Section


class AddressSettings(Section):
    allowed_networks: Networks = Field(
        default="10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
        max_length=2000,
        description="Internal networks that cameras and workers may be in, with commas between; public addresses may "
        "be used in any case. Loopback (127.0.0.0/8, ::1/128) and link-local networks are refused unless named "
        "here, addresses of cloud metadata services unless they are named one by one (169.254.169.254/32).",
    )

    worker_ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) of the authorities that sign workers' own, beside those that everybody trusts; "
        "for direct calls to workers over HTTPS.",
    )
