"""Whether anybody answers at a stream's address, asked before FFmpeg is. Opening is `live`'s.

OpenCV opens one stream at a time in a process: a camera that takes connections and says nothing would hold up the
opening of every other one.
"""

from __future__ import annotations

import socket
import ssl

from footfall.addresses import Address, Endpoint
from footfall.errors import ServiceUnavailableError

KNOCK_SECONDS = 5.0
"""For the connection, and again for the first byte of an answer."""
_SECURED = frozenset({"rtsps", "https"})
_REQUESTS = {
    "rtsp": "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: footfall\r\n\r\n",
    "http": "HEAD / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: footfall\r\nConnection: close\r\n\r\n",
}


def knock(endpoint: Endpoint, address: Address) -> None:
    """Returns once something has answered, whatever it says: a refusal, a closed door and a failed handshake are
    answers too, and FFmpeg's to judge. Nothing of credentials is sent. Raises ServiceUnavailableError."""
    request = _REQUESTS[endpoint.scheme.removesuffix("s")].format(host=endpoint.authority)
    try:
        with (
            socket.create_connection((str(address), endpoint.port), timeout=KNOCK_SECONDS) as plain,
            secured(plain, endpoint) as talking,
        ):
            talking.sendall(request.encode("ascii", "replace"))
            talking.recv(1)
    except TimeoutError as error:
        raise ServiceUnavailableError(f"{endpoint.host} does not answer on port {endpoint.port}.") from error
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        return
    except OSError as error:
        raise ServiceUnavailableError(
            f"{endpoint.host} cannot be reached on port {endpoint.port}: {error.strerror}."
        ) from error


def secured(plain: socket.socket, endpoint: Endpoint) -> socket.socket:
    """`plain`, or TLS over it where the endpoint's scheme wants that. Raises OSError, of which ssl.SSLError is one."""
    if endpoint.scheme not in _SECURED:
        return plain
    # Who it is does not matter to a knock, and FFmpeg does not ask cameras for certificates either.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=endpoint.host)
