"""Calls from the server to a worker that has said where it can be reached: short-lived tokens, guarded addresses. What
a command means is not here; that it may also travel with a heartbeat is why a call that fails is no error."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import jwt

from contracts.base import TenantId
from contracts.commands import CommandOrder
from footfall.addresses import AddressPolicy, read_url, resolve
from footfall.errors import RefusedAddressError
from footfall.settings import Settings
from footfall.signing_keys import SigningKeys

logger = logging.getLogger(__name__)

ALGORITHM = "RS256"
TOKEN_TYPE = "footfall-worker+jwt"  # noqa: S105 - of a token that says "the server calls", and never "a user calls"
TOKEN_SECONDS = 60
_TIMEOUT = httpx.Timeout(3.0, connect=2.0)
"""Whoever gave the command waits for this; the next heartbeat is seconds away."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call needs: who signs, and which addresses are permitted."""

    keys: SigningKeys
    settings: Settings
    policy: AddressPolicy


def audience_of(worker_id: UUID) -> str:
    """`aud` of the tokens that one worker trusts."""
    return f"footfall-worker:{worker_id}"


def call_token(caller: Caller, tenant_id: TenantId, worker_id: UUID) -> str:
    """Lets its bearer call this one worker for a minute, as the server. It is good for nothing on the API itself."""
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": caller.settings.api.issuer,
        "aud": audience_of(worker_id),
        "sub": "server",
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_SECONDS,
        "jti": uuid4().hex,
        "tenant_id": str(tenant_id),
    }
    headers = {"typ": TOKEN_TYPE, "kid": caller.keys.kid}
    return jwt.encode(claims, caller.keys.private, algorithm=ALGORITHM, headers=headers)


@lru_cache(maxsize=1)
def _trusted(private_authorities: Path | None) -> ssl.SSLContext:
    """Read once: it takes as long as a call. Raises OSError, which SSLError is, for a file that holds none."""
    context = httpx.create_ssl_context(trust_env=False)
    if private_authorities is not None:
        context.load_verify_locations(private_authorities)
    return context


def deliver(caller: Caller, tenant_id: TenantId, worker_id: UUID, advertised_url: str, order: CommandOrder) -> bool:
    """Hands the order over at once; False where that cannot be done, so that it has to wait for the heartbeat.

    The URL is the worker's own claim: its host is looked up here, held to the policy and connected to by address; no
    redirect is followed, and the body of an answer is not read.
    """
    try:
        endpoint = read_url(f"{advertised_url.rstrip('/')}/v1/commands", caller.policy, schemes={"http", "https"})
        address = resolve(endpoint, caller.policy)
    except RefusedAddressError as error:
        logger.warning("worker %s advertises an address that may not be called: %s", worker_id, error.message)
        return False
    try:
        trusted = _trusted(caller.settings.addresses.worker_ca_file)
    except OSError as error:
        logger.error("FOOTFALL_ADDRESSES__WORKER_CA_FILE cannot be read, so no worker is called: %s", error)
        return False
    request = httpx.Request(
        "POST",
        endpoint.at(address),
        content=order.model_dump_json(),
        headers={
            "Authorization": f"Bearer {call_token(caller, tenant_id, worker_id)}",
            "Content-Type": "application/json",
            "Host": endpoint.authority,
        },
        extensions={"timeout": _TIMEOUT.as_dict(), "sni_hostname": endpoint.host},
    )
    try:
        with httpx.Client(verify=trusted, timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as http:
            # Its body says nothing that is needed, and may be endless.
            answer = http.send(request, stream=True)
            answer.close()
    except httpx.HTTPError as error:
        logger.info("worker %s could not be called: %s", worker_id, type(error).__name__)
        return False
    if answer.status_code != httpx.codes.ACCEPTED:
        logger.info("worker %s answered a call with %d", worker_id, answer.status_code)
    return answer.status_code == httpx.codes.ACCEPTED
