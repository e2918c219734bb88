"""The surface over TLS: with the host's certificate, and with callers who must show one of theirs."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client import CollectorRegistry

from footfall.errors import ConfigurationError
from ingest_daemon.surface import Surface, tls_context
from tests.unit.ingest_daemon.test_surface_access import Quiet


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate with its key, in one PEM file."""

    pem: Path

    @classmethod
    def made(cls, path: Path, name: str) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return cls(path)


@pytest.fixture
def host(tmp_path: Path) -> Identity:
    return Identity.made(tmp_path / "host.pem", "host")


@pytest.fixture
def caller(tmp_path: Path) -> Identity:
    return Identity.made(tmp_path / "caller.pem", "caller")


def serving(context: ssl.SSLContext) -> Iterator[Surface]:
    surface = Surface.open("127.0.0.1", 0, Quiet(), CollectorRegistry(), tls=context)
    yield surface
    surface.close()


def trusting(host: Identity, own: Identity | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(host.pem))
    if own is not None:
        context.load_cert_chain(own.pem)
    return context


def test_it_speaks_tls_and_nothing_else(host: Identity) -> None:
    for surface in serving(tls_context(host.pem, None, None)):
        assert surface.url.startswith("https://")
        with httpx.Client(verify=trusting(host), timeout=10) as http:
            assert http.get(f"{surface.url}/healthz").status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(surface.url.replace("https", "http") + "/healthz", timeout=10)


def test_callers_without_the_right_certificate_get_nothing(host: Identity, caller: Identity, tmp_path: Path) -> None:
    stranger = Identity.made(tmp_path / "stranger.pem", "stranger")
    for surface in serving(tls_context(host.pem, None, caller.pem)):
        with httpx.Client(verify=trusting(host, caller), timeout=10) as http:
            assert http.get(f"{surface.url}/healthz").status_code == 200
        for unknown in (trusting(host), trusting(host, stranger)):
            with httpx.Client(verify=unknown, timeout=10) as http, pytest.raises(httpx.TransportError):
                http.get(f"{surface.url}/healthz")


def test_certificates_that_are_none_are_named_at_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for path in (tmp_path / "missing.pem", broken):
        with pytest.raises(ConfigurationError, match="certificates"):
            tls_context(path, None, None)
