"""Registering as a worker, which needs no account: a one-time token for an API key. What is done with the key is the
daemon's."""

from __future__ import annotations

import urllib3

from client.transport import Transport, parsed
from contracts.workers import WorkerRegistered

_TIMEOUT_SECONDS = 20.0


def register_worker(base_url: str, registration_token: str) -> WorkerRegistered:
    """Spends the token. Raises ApiProblem (`unauthenticated` for a token that is spent, expired or none) and
    ApiUnavailable."""
    transport = Transport(base_url, timeout=urllib3.Timeout(_TIMEOUT_SECONDS))
    try:
        answer = transport.send("POST", "/v1/workers/register", body={"registration_token": registration_token})
        return parsed(answer, WorkerRegistered)
    finally:
        transport.close()
