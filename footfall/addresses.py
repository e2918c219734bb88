"""URLs that callers give us to connect to: what may be said in them, and which addresses are refused. Nothing is
connected to here, and no library's client is known. Why so: docs/adr/addresses-that-are-refused.md."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

from footfall.errors import RefusedAddressError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""Addresses of a host name, as text; raises OSError where there are none."""

MAX_URL_CHARACTERS = 2000
DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<userinfo>[^/?#@]*)@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?",
    re.I,
)
# Printable ASCII without what parsers disagree on: a backslash, quotes, brackets of the other kinds.
_PLAIN = re.compile(r"[!#-&(-;=?-\[\]_a-z~]*", re.I)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.I)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.I)
_CREDENTIAL_NAME = re.compile(r"user|pass|pwd|token|secret|auth|key|credential|login|sign|session", re.I)

# Where clouds answer with the machine's own secrets. Some lie in networks that are allowed, or are public addresses.
_METADATA = frozenset(
    ip_address(one)
    for one in (
        "169.254.169.254",  # AWS, Azure, Google, DigitalOcean, OpenStack
        "169.254.170.2",  # AWS ECS
        "169.254.170.23",  # AWS EKS
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",
        "fd20:ce::254",  # Google over IPv6
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure's wire server
    )
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_SITE_LOCAL = ip_network("fec0::/10")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that may be stored and, once its host was looked up, connected to. `host` is in lower case, an IPv6
    address without its brackets; `path` begins with a slash or is empty, `query` is without its question mark. There
    are no credentials in it."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def url(self) -> str:
        """In the one form that we store and show."""
        return self._with_host(self._shown_host)

    @property
    def authority(self) -> str:
        """For the Host header: as `host:port`, without the scheme's own port."""
        return self._shown_host + ("" if self.port == DEFAULT_PORTS.get(self.scheme) else f":{self.port}")

    def at(self, address: Address) -> str:
        """The URL with the host's looked-up address in the place of its name, so that whoever connects cannot be sent
        elsewhere by a second look-up."""
        return self._with_host(f"[{address}]" if address.version == 6 else str(address))

    @property
    def _shown_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def _with_host(self, host: str) -> str:
        port = "" if self.port == DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{host}{port}{self.path}{query}"


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses may be connected to: public ones, and those of `allowed`."""

    allowed: tuple[Network, ...]

    @classmethod
    def of(cls, allowed_networks: str) -> AddressPolicy:
        """From the setting, which `footfall.settings` has checked."""
        return _policy(allowed_networks)

    def check(self, address: Address) -> None:
        """Raises RefusedAddressError."""
        meant = _unwrapped(address)
        holding = [network for network in self.allowed if network.version == meant.version and meant in network]
        if meant in _METADATA:
            permitted = any(network.num_addresses == 1 for network in holding)
        else:
            permitted = bool(holding) or (_is_public(meant))
        if not permitted:
            raise RefusedAddressError(
                f"The address {meant} is not one that may be connected to.",
                hint="The operator may allow its network: FOOTFALL_ADDRESSES__ALLOWED_NETWORKS.",
            )


def read_url(url: str, policy: AddressPolicy, *, schemes: Collection[str], strip_credentials: bool = False) -> Endpoint:
    """The parts of a URL that somebody sent, if it is written in the one way that every parser understands alike.

    With `strip_credentials`, user, password and parameters that look like credentials are left out; else they are
    refused. A host that is an address is held to `policy`; one that is a name, only when it is looked up
    (`resolve`). Raises RefusedAddressError, which repeats nothing of the URL's credentials.
    """
    if len(url) > MAX_URL_CHARACTERS or not _PLAIN.fullmatch(url):
        raise _unreadable("It may hold printable ASCII characters alone; write others as %XX, a host name as xn--.")
    match = _URL.fullmatch(url)
    if match is None:
        raise _unreadable("Its form is scheme://host:port/path.")
    scheme = match["scheme"].lower()
    if scheme not in schemes:
        raise _unreadable(f"Its scheme must be {' or '.join(sorted(schemes))}.")
    host = _host(match["host"].lower(), policy)
    port = int(match["port"]) if match["port"] else DEFAULT_PORTS[scheme]
    if not 1 <= port <= 65_535:
        raise _unreadable("Its port must lie between 1 and 65535.")
    path, query = match["path"] or "", match["query"] or ""
    if match["userinfo"] is not None and not strip_credentials:
        raise _unreadable("It may hold no user and no password.")
    if any(_CREDENTIAL_NAME.search(name) for name in re.findall(r"([^/;,&=]+)=", unquote(path))):
        raise _unreadable("Its path seems to hold a password; give the camera a path without one.")
    kept = [part for part in query.split("&") if part and not _CREDENTIAL_NAME.search(unquote(part.partition("=")[0]))]
    if not strip_credentials and len(kept) != len([part for part in query.split("&") if part]):
        raise _unreadable("It may hold no credentials in its parameters.")
    return Endpoint(scheme, host, port, path, "&".join(kept))


def resolve(endpoint: Endpoint, policy: AddressPolicy, *, resolver: Resolver | None = None) -> Address:
    """The address to connect to, looked up now. Every address of a name must be permitted: one that also leads inside
    is one that will be led there. Connect to it by `Endpoint.at`, and follow no redirect without asking again.

    Raises RefusedAddressError, also for a name that has no address.
    """
    try:
        found = (resolver or _look_up)(endpoint.host, endpoint.port)
    except OSError as error:
        raise RefusedAddressError(f"The host {endpoint.host} has no address.", hint="Check the name.") from error
    addresses = [ip_address(one.partition("%")[0]) for one in found]
    if not addresses:
        raise RefusedAddressError(f"The host {endpoint.host} has no address.", hint="Check the name.")
    for address in addresses:
        policy.check(address)
    return addresses[0]


def _host(host: str, policy: AddressPolicy) -> str:
    if host.startswith("["):
        try:
            address: Address = IPv6Address(host[1:-1])
        except ValueError:
            raise _unreadable("Its host is no IPv6 address.") from None
        policy.check(address)
        return str(address)
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _unreadable("Its host is neither a name nor an address.")
    if _NUMERIC.fullmatch(labels[-1]):
        # Resolvers also take 2130706433, 0177.1 and 0x7f.0.0.1; we take the one form that reads as what it is.
        try:
            written = IPv4Address(name)
        except ValueError:
            raise _unreadable("Write an IPv4 address as four decimal numbers.") from None
        policy.check(written)
        return str(written)
    if labels[-1] == "localhost":
        policy.check(IPv4Address("127.0.0.1"))
    return name


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64) or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in _SITE_LOCAL


def _look_up(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _unreadable(hint: str) -> RefusedAddressError:
    return RefusedAddressError("The URL cannot be used.", hint=hint)


@lru_cache(maxsize=16)
def _policy(allowed_networks: str) -> AddressPolicy:
    parts = (part.strip() for part in allowed_networks.split(","))
    return AddressPolicy(tuple(ip_network(part) for part in parts if part))
