"""What every section of the settings is: closed, frozen, finite. No setting lives here."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _networks(value: str) -> str:
    for part in value.split(","):
        if part.strip():
            ip_network(part.strip())
    return value


Networks = Annotated[str, AfterValidator(_networks)]
"""Addresses or networks with commas between."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
