"""Which URLs are taken, and to which addresses they may lead, however they are written."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from footfall.addresses import AddressPolicy, Endpoint, read_url, resolve
from footfall.errors import RefusedAddressError
from footfall.settings import AddressSettings

DEFAULT = AddressPolicy.of(AddressSettings().allowed_networks)
NOTHING_INSIDE = AddressPolicy.of("")
SCHEMES = ("rtsp", "http", "https")


def read(url: str, policy: AddressPolicy = DEFAULT, *, strip: bool = False) -> Endpoint:
    return read_url(url, policy, schemes=SCHEMES, strip_credentials=strip)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.0.0.5/stream1", "rtsp://10.0.0.5/stream1"),
        ("RTSP://Camera-1.Local.:554/Stream1", "rtsp://camera-1.local/Stream1"),
        ("http://192.168.1.9:8080/video?channel=1&subtype=0", "http://192.168.1.9:8080/video?channel=1&subtype=0"),
        ("https://example.com", "https://example.com"),
        ("http://93.184.215.14/", "http://93.184.215.14/"),
        ("http://[fd12:3456::1]:8080/", "http://[fd12:3456::1]:8080/"),
        ("http://[2606:2800:21F:CB07::1]/", "http://[2606:2800:21f:cb07::1]/"),
    ],
)
def test_a_plain_url_is_taken_and_shown_in_one_form(url: str, shown: str) -> None:
    assert read(url).url == shown


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "[::1]", "[::]", "localhost", "LOCALHOST", "localhost."),
        *("a.localhost", "169.254.169.254", "169.254.1.1", "[fe80::1]", "100.100.100.200", "100.64.0.1"),
        *("192.0.0.192", "168.63.129.16", "[fd00:ec2::254]", "224.0.0.1", "255.255.255.255", "[ff02::1]"),
        *("192.0.2.1", "198.18.0.1", "[2001:db8::1]", "[fec0::1]", "240.0.0.1"),
        # Addresses inside others.
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]"),
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    ],
)
def test_what_lies_inside_the_machine_or_answers_with_its_secrets_is_refused(host: str) -> None:
    with pytest.raises(RefusedAddressError):
        read(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        # One address for a resolver, another for whoever reads it.
        *("2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "10.0.0.010"),
        *("10.0.0.5.0x7f", "1.2.3.4.5", "256.0.0.1", "10.0.0"),
        # Not ASCII: what a library makes of it is its own business.
        *("１２７.0.0.1", "ⓛocalhost", "bücher.example", "exa。mple.com", "127。0。0。1"),
        *("[::1%25eth0]", "[fe80::1%eth0]", "[127.0.0.1]", "[::", "::1", "[v1.x]"),
        *("", ".", "a..b", "-a.example", "a" * 64 + ".example", ".".join(["a"] * 128), "exa mple.com", "exa%6dple.com"),
    ],
)
def test_a_host_that_parsers_disagree_on_is_refused(host: str) -> None:
    with pytest.raises(RefusedAddressError):
        read(f"http://{host}/", AddressPolicy.of("0.0.0.0/0,::/0"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://10.0.0.5/",
        "javascript:alert(1)",
        "//10.0.0.5/",
        "10.0.0.5",
        "http:10.0.0.5",
        "http:///10.0.0.5",
        "http://10.0.0.5:0/",
        "http://10.0.0.5:65536/",
        "http://10.0.0.5:80a/",
        "http://10.0.0.5\\@127.0.0.1/",
        "http://10.0.0.5#@127.0.0.1/",
        "http://127.0.0.1#@10.0.0.5/",
        "http://10.0.0.5/\r\nHost: x",
        "http://10.0.0.5/\0",
        "http://10.0.0.5/a b",
        " http://10.0.0.5/",
        "http://10.0.0.5/" + "a" * 2000,
        "http://a@b@10.0.0.5/",
        "http://10.0.0.5@127.0.0.1/",
    ],
)
def test_a_url_that_is_written_in_another_way_is_refused(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        read(url, strip=True)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("rtsp://admin:hunter2@10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("rtsp://admin@10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("http://10.0.0.5/v?user=admin&pwd=hunter2&channel=1", "http://10.0.0.5/v?channel=1"),
        ("http://10.0.0.5/v?%70assword=hunter2", "http://10.0.0.5/v"),
        ("http://10.0.0.5/v?access_token=hunter2&apikey=hunter2", "http://10.0.0.5/v"),
    ],
)
def test_credentials_are_taken_out_or_refused_and_never_repeated(url: str, kept: str) -> None:
    assert read(url, strip=True).url == kept
    with pytest.raises(RefusedAddressError) as refused:
        read(url)
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


def test_a_password_in_the_path_cannot_be_taken_out_and_is_refused() -> None:
    with pytest.raises(RefusedAddressError) as refused:
        read("rtsp://10.0.0.5/user=admin_password=hunter2_channel=1.sdp", strip=True)
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize("host", ["10.0.0.5", "172.16.3.4", "192.168.1.9", "[fd12::1]", "[::ffff:10.0.0.5]"])
def test_networks_inside_are_allowed_by_name_alone(host: str) -> None:
    assert read(f"http://{host}/").host
    with pytest.raises(RefusedAddressError):
        read(f"http://{host}/", NOTHING_INSIDE)


def test_loopback_and_metadata_must_be_allowed_on_purpose() -> None:
    assert read("http://127.0.0.1/", AddressPolicy.of("127.0.0.0/8")).host
    assert read("http://localhost/", AddressPolicy.of("127.0.0.0/8")).host
    with pytest.raises(RefusedAddressError):
        read("http://169.254.169.254/", AddressPolicy.of("0.0.0.0/0, 169.254.0.0/16"))
    assert read("http://169.254.169.254/", AddressPolicy.of("169.254.169.254/32")).host


def test_a_name_is_looked_up_once_and_connected_to_by_its_address() -> None:
    asked: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["10.0.0.5"] if len(asked) == 1 else ["127.0.0.1"]

    endpoint = read("http://camera.example:8080/video?channel=1")
    address = resolve(endpoint, DEFAULT, resolver=resolver)
    assert (endpoint.at(address), endpoint.authority) == ("http://10.0.0.5:8080/video?channel=1", "camera.example:8080")
    assert asked == [("camera.example", 8080)]
    with pytest.raises(RefusedAddressError):  # and the next time the name leads elsewhere
        resolve(endpoint, DEFAULT, resolver=resolver)


@pytest.mark.parametrize("found", [["10.0.0.5", "127.0.0.1"], ["::1"], ["fe80::1%eth0"], ["169.254.169.254"], []])
def test_a_name_that_also_leads_inside_is_refused(found: list[str]) -> None:
    with pytest.raises(RefusedAddressError):
        resolve(read("http://camera.example/"), DEFAULT, resolver=lambda _host, _port: found)


def test_a_name_without_an_address_is_refused() -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(RefusedAddressError, match="has no address"):
        resolve(read("http://camera.example/"), DEFAULT, resolver=resolver)


def test_an_ipv6_address_is_connected_to_in_brackets() -> None:
    endpoint = read("http://camera.example/")
    assert endpoint.at(ip_address("fd12::1")) == "http://[fd12::1]/"


def test_the_setting_takes_networks_alone() -> None:
    assert AddressSettings(allowed_networks=" 10.0.0.0/8 , ::1/128,").allowed_networks
    for wrong in ("10.0.0.0/33", "10.0.0.1/8", "inside"):
        with pytest.raises(ValueError, match=r"allowed_networks"):
            AddressSettings(allowed_networks=wrong)
