"""Whether a stream's host may be connected to and is there, asked before every attempt. Connecting is `live`'s.

Who names a daemon's source runs commands on this machine, so its own loopback is permitted, where restreamers listen.
What is guarded against is a name that leads elsewhere than to a camera, today or after years: to where a cloud serves
the machine's credentials, or into a network that the operator has not named.
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from footfall.addresses import DEFAULT_PORTS, Address, AddressPolicy, Endpoint, Resolver, resolve
from footfall.errors import InputError
from ingest_daemon.sources.knocking import knock
from ingest_daemon.sources.refusal import refusal_of

_LOOPBACK = "127.0.0.0/8,::1/128"
_PINNED = frozenset({"rtsp", "rtsps"})
"""Connected to at the very address that was checked. HTTP is not: virtual hosts and TLS need the name."""


class StreamGuard:
    """Of one URL. Its host is looked up at every attempt: see `footfall.addresses.resolve`."""

    def __init__(self, url: str, allowed_networks: str, *, resolver: Resolver | None = None) -> None:
        """Raises InputError for a URL without a host, RefusedAddressError for one whose host is a refused address."""
        self._parts = _parts_of(url)
        self._url = url
        self._policy = AddressPolicy.of(f"{allowed_networks},{_LOOPBACK}")
        self._resolver = resolver
        scheme, host = self._parts.scheme.lower(), self._parts.hostname or ""
        self._endpoint = Endpoint(scheme, host, self._parts.port or DEFAULT_PORTS[scheme], "", "")
        with suppress(ValueError):
            self._policy.check(ip_address(host))

    def admitted(self) -> str:
        """The URL to connect to now, where somebody answers. Raises RefusedAddressError, also for a name without an
        address, and ServiceUnavailableError."""
        address = self.permitted()
        knock(self._endpoint, address)
        return self._at(address) if self._endpoint.scheme in _PINNED else self._url

    def refusal(self) -> str:
        """Why there are no pictures, as the host says it. Raises RefusedAddressError."""
        return refusal_of(self._url, self._endpoint, self.permitted())

    def permitted(self) -> Address:
        """The address to connect to now. Raises RefusedAddressError."""
        return resolve(self._endpoint, self._policy, resolver=self._resolver)

    def _at(self, address: Address) -> str:
        userinfo, at, _ = self._parts.netloc.rpartition("@")
        host = f"[{address}]" if address.version == 6 else str(address)
        port = "" if self._parts.port is None else f":{self._parts.port}"
        return self._parts._replace(netloc=f"{userinfo}{at}{host}{port}").geturl()


def _parts_of(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        found = bool(parts.hostname) and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise InputError(
            "The source's URL names no host.",
            hint="Write it as rtsp://user:password@host:port/path, with %XX for the / ? # @ of a password.",
        )
    return parts
