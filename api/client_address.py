"""Which address a request comes from, behind the proxies that are trusted. What is done with it is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

UNKNOWN = "unknown"
_MOST_HOPS = 20
_IPV6_CUSTOMER_BITS = 64  # what one customer of a provider has at the least (RFC 6177)


class TrustedProxies:
    """Networks of proxies whose X-Forwarded-For is believed."""

    def __init__(self, stated: str) -> None:
        """`stated`: addresses or networks with commas between."""
        self._networks = [ip_network(part.strip()) for part in stated.split(",") if part.strip()]

    def client_of(self, scope: Scope) -> str:
        """The address of who asks: the peer's, or, as long as it is a trusted proxy's, the one that it forwards for.

        What stands further left in the header than the first address that is not trusted is that address's own
        story, and is not read.
        """
        peer = scope.get("client")
        found = _address(peer[0]) if peer else None
        if found is None:
            return UNKNOWN
        for hop in reversed(_forwarded(scope)):
            if not self._trusts(found):
                break
            forwarded = _address(hop)
            if forwarded is None:
                break
            found = forwarded
        return str(found)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(_holds(network, address) for network in self._networks)


def limited_as(address: str) -> str:
    """The address as it is counted: of IPv6 the network that one customer has, who could use any address of it."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _IPV6_CUSTOMER_BITS), strict=False))
    return address


def _forwarded(scope: Scope) -> Sequence[str]:
    listed = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
    return [part.strip() for part in listed.split(",") if part.strip()][-_MOST_HOPS:]


def _holds(network: IPv4Network | IPv6Network, address: IPv4Address | IPv6Address) -> bool:
    return network.version == address.version and address in network


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    # An IPv4 peer on a socket of both kinds.
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
