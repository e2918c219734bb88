"""Signing in, renewing, switching tenants and signing out, and the public keys for who verifies tokens elsewhere. What
a credential must be is `footfall.access`', how long a session goes on `footfall.sessions`'."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.auth import Caller
from api.client_address import UNKNOWN, limited_as
from api.login_throttle import account_key
from api.state import ApiState, State
from contracts.access import ApiKeyGrant, Identity, PasswordGrant, SwitchRequest, TokenRequest, TokenResponse
from contracts.base import TenantId
from footfall import access, identity, sessions, tokens
from footfall.errors import UnauthenticatedError
from footfall.sessions import Begun

router = APIRouter(tags=["access"])

_EXAMPLES = {
    "password": {
        "summary": "A person",
        "value": {"grant_type": "password", "tenant": "acme", "email": "ada@acme.example", "password": "..."},
    },
    "api_key": {
        "summary": "A machine",
        "value": {"grant_type": "api_key", "api_key": "ffk_<tenant>_<key>_<secret>"},
    },
    "refresh_token": {
        "summary": "A person again",
        "value": {"grant_type": "refresh_token", "refresh_token": "ffr_<tenant>_<token>_<secret>"},
    },
}
_KEYS_CACHED_SECONDS = 300


@router.post("/v1/auth/token", operation_id="issueToken", summary="Sign in")
async def issue_token(
    grant: Annotated[TokenRequest, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    state: State,
) -> TokenResponse:
    """Exchanges a password, an API key or a refresh token for an access token that lives for minutes. A refresh token
    is good for one exchange, which gives the next; a second one ends the session."""
    if not isinstance(grant, PasswordGrant):
        # Nobody guesses 256 bits: a broken machine that keeps trying must not make its neighbours wait.
        return await _in_lane(state, grant)
    address = limited_as(request.client.host if request.client else UNKNOWN)
    account = account_key(grant.tenant, grant.email)
    await state.throttle.admit(account, address)
    try:
        answer = await _in_lane(state, grant)
    except UnauthenticatedError:
        await state.throttle.failed(account, address)
        raise
    await state.throttle.succeeded(account, address)
    return answer


async def _in_lane(state: ApiState, grant: TokenRequest) -> TokenResponse:
    async with state.login_lane.place():
        return await state.login_lane.run(lambda: _sign_in(state, grant))


def _sign_in(state: ApiState, grant: TokenRequest) -> TokenResponse:
    engine, settings = state.services.engine, state.settings
    if isinstance(grant, PasswordGrant):
        principal = access.authenticate_password(
            engine, tenant_slug=grant.tenant, email=grant.email, password=grant.password.get_secret_value()
        )
        return _answer(state, sessions.begin(engine, principal, settings))
    if isinstance(grant, ApiKeyGrant):
        principal = access.authenticate_api_key(engine, grant.api_key.get_secret_value())
        return _answer(state, sessions.begin(engine, principal, settings))
    return _answer(state, sessions.renew(engine, grant.refresh_token.get_secret_value(), settings))


@router.post("/v1/auth/revoke", operation_id="revokeSession", summary="Sign out", status_code=204)
def revoke_session(caller: Caller, state: State) -> Response:
    """Ends the session of the access token, and with it every token of the session, at once. Of a system
    administrator who switched into another tenant it ends the switch alone."""
    sessions.end(state.services.engine, caller, reason="signed out")
    state.standing.forget(caller.tenant_id)
    return Response(status_code=204)


@router.get("/v1/auth/me", operation_id="getIdentity", summary="Who am I?")
def get_identity(caller: Caller, state: State) -> Identity:
    return identity.describe(state.services.engine, caller)


@router.post("/v1/auth/switch", operation_id="switchTenant", summary="Switch into another tenant")
def switch_tenant(request: SwitchRequest, caller: Caller, state: State) -> TokenResponse:
    """For a system administrator, who sees nothing of another tenant otherwise: an access token of that tenant for
    minutes, which cannot be renewed, and whose claim `act` names the administrator. Both tenants' audit logs say who
    came, when and why."""
    entered = sessions.switch(
        state.services.engine, caller, TenantId(request.tenant_id), reason=request.reason, settings=state.settings
    )
    return _answer(state, Begun(entered))


def _answer(state: ApiState, begun: Begun) -> TokenResponse:
    principal = begun.principal
    token, expires_in_seconds = tokens.issue(principal, state.keys.current(), state.settings)
    return TokenResponse(
        access_token=token,
        expires_in=expires_in_seconds,
        tenant_id=principal.tenant_id,
        tenant_name=access.tenant_name(state.services.engine, principal.tenant_id),
        role=principal.role,
        refresh_token=begun.refresh_token,
    )


@router.get("/.well-known/jwks.json", operation_id="getSigningKeys", summary="Public keys of access tokens")
async def get_signing_keys(state: State, response: Response) -> dict[str, list[dict[str, str]]]:
    """A JSON Web Key Set (RFC 7517): the key in use, and those before it whose tokens may not have expired yet."""
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_CACHED_SECONDS}"
    return tokens.jwks(state.keys.current(), state.settings)
