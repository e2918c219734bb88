"""Checks of who could listen in: what is served beyond this machine, and what crosses a network unencrypted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from cli.doctor.finding import Finding, ok, warn
from footfall.settings import Settings

_ENCRYPTED_SSLMODES = frozenset({"require", "verify-ca", "verify-full"})


def check_privacy(settings: Settings) -> Iterator[Finding]:
    """Warns of each way a face, a template or a password could leave this machine in the clear."""
    found = [*_served(settings), *_sent(settings)]
    yield from found
    if not found:
        yield ok("privacy", "nothing is served beyond this machine, nothing leaves it unencrypted")


def _served(settings: Settings) -> Iterator[Finding]:
    for variable, host in (("FOOTFALL_API__HOST", settings.api.host), ("FOOTFALL_INGEST__HOST", settings.ingest.host)):
        if not is_loopback(host):
            yield warn(
                "privacy",
                f"{variable} is {host}: other machines reach it, without TLS",
                "Leave it at 127.0.0.1 and put a TLS proxy in front.",
            )


def _sent(settings: Settings) -> Iterator[Finding]:
    for name in ("dsn", "app_dsn", "operator_dsn", "transform_dsn", "dagster_dsn"):
        secret = getattr(settings.postgres, name)
        if secret is not None:
            parts = urlsplit(secret.get_secret_value())
            mode = parse_qs(parts.query).get("sslmode", [""])[0]
            if not is_loopback(parts.hostname or "localhost") and mode not in _ENCRYPTED_SSLMODES:
                variable = f"FOOTFALL_POSTGRES__{name.upper()}"
                yield _in_the_clear(variable, parts.hostname or "", "Add ?sslmode=verify-full to it.")
    endpoint = settings.s3.endpoint
    if endpoint is not None and not settings.s3.secure and not is_loopback(urlsplit(f"//{endpoint}").hostname or ""):
        yield _in_the_clear("FOOTFALL_S3__ENDPOINT", endpoint, "Set FOOTFALL_S3__SECURE=true.")
    for variable, url in (("FOOTFALL_MILVUS__URI", settings.milvus.uri), ("FOOTFALL_API__URL", settings.api.url)):
        parts = urlsplit(url or "")
        if url is not None and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield _in_the_clear(variable, parts.hostname or "", "Use https.")


def _in_the_clear(variable: str, host: str, advice: str) -> Finding:
    return warn("privacy", f"{variable} reaches {host} unencrypted", advice)


def is_loopback(host: str) -> bool:
    """A name other than localhost may resolve to anything and counts as elsewhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
