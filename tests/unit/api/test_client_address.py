"""Whose word about the client's address is believed: the peer's, and a trusted proxy's about the one before it."""

from __future__ import annotations

import pytest
from starlette.types import Scope

from api.client_address import UNKNOWN, TrustedProxies, limited_as


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"type": "http", "headers": headers, "client": None if peer is None else (peer, 1234)}


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "found"),
    [
        ("", "203.0.113.9", [], "203.0.113.9"),
        ("", "203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.0/8", "203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", ["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1, 10.0.0.2", "10.0.0.1", ["198.51.100.1, 10.0.0.3"], "10.0.0.3"),
        ("10.0.0.0/8", "10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", ["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("fd00::/8", "fd00::1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.0/8", "10.0.0.1", [" , ,"], "10.0.0.1"),
        ("", None, ["198.51.100.1"], UNKNOWN),
        ("", "testclient", [], UNKNOWN),
    ],
)
def test_the_first_address_that_is_not_trusted_asks(
    trusted: str, peer: str | None, forwarded: list[str], found: str
) -> None:
    assert TrustedProxies(trusted).client_of(scope(peer, *forwarded)) == found


def test_a_story_of_many_hops_is_not_read_to_its_end() -> None:
    told = ", ".join(["198.51.100.1", *["10.0.0.2"] * 10_000])
    assert TrustedProxies("10.0.0.0/8").client_of(scope("10.0.0.1", told)) == "10.0.0.2"


def test_all_of_a_customers_ipv6_addresses_count_as_one() -> None:
    assert limited_as("2001:db8:0:1::7") == limited_as("2001:db8:0:1:ffff::") == "2001:db8:0:1::/64"
    assert limited_as("2001:db8:0:2::7") != limited_as("2001:db8:0:1::7")
    assert limited_as("203.0.113.9") == "203.0.113.9"
    assert limited_as(UNKNOWN) == UNKNOWN
