"""Direct calls to a worker over HTTPS, whose certificate a private authority has signed."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.base import TenantId
from footfall.addresses import AddressPolicy
from footfall.settings import load_settings
from footfall.signing_keys import SigningKeys
from footfall.stores.postgres.commands import order_of
from footfall.worker_calls import Caller, deliver

_LOOPBACK = "127.0.0.0/8"


class Worker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _certificate(folder: Path) -> Path:
    """Of an authority that has signed for itself, and that is the worker at 127.0.0.1 too; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Private")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "worker.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return _certificate(tmp_path)


@pytest.fixture
def worker(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Worker) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("named", "delivered"), [(None, False), ("worker.pem", True), ("nothing.pem", False)])
def test_a_private_authority_is_trusted_once_it_is_named(
    worker: str, certificate: Path, tmp_path: Path, named: str | None, delivered: bool
) -> None:
    ca_file = None if named is None else tmp_path / named
    settings = load_settings(home=tmp_path, addresses={"allowed_networks": _LOOPBACK, "worker_ca_file": ca_file})
    caller = Caller(
        keys=SigningKeys.load_or_create(tmp_path / "keys"), settings=settings, policy=AddressPolicy.of(_LOOPBACK)
    )
    order = order_of(uuid4(), {"kind": "stop"}, 60.0)
    assert deliver(caller, TenantId(uuid4()), uuid4(), worker, order) is delivered
