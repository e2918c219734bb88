"""Signing in, and the public key for who verifies tokens elsewhere. What a credential must be is `footfall.access`'."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.state import ApiState, State
from contracts.access import PasswordGrant, TokenRequest, TokenResponse
from footfall import access, tokens

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
}
_KEYS_CACHED_SECONDS = 300


@router.post("/v1/auth/token", operation_id="issueToken", summary="Sign in")
async def issue_token(
    grant: Annotated[TokenRequest, Body(openapi_examples=_EXAMPLES)],
    state: State,
) -> TokenResponse:
    """Exchanges a password or an API key for an access token that lives for minutes."""
    async with state.login_lane.place():
        return await state.login_lane.run(lambda: _sign_in(state, grant))


def _sign_in(state: ApiState, grant: TokenRequest) -> TokenResponse:
    engine = state.services.engine
    if isinstance(grant, PasswordGrant):
        principal = access.authenticate_password(
            engine, tenant_slug=grant.tenant, email=grant.email, password=grant.password.get_secret_value()
        )
    else:
        principal = access.authenticate_api_key(engine, grant.api_key.get_secret_value())
    token, expires_in_seconds = tokens.issue(principal, state.keys, state.settings)
    return TokenResponse(
        access_token=token,
        expires_in=expires_in_seconds,
        tenant_id=principal.tenant_id,
        tenant_name=access.tenant_name(engine, principal.tenant_id),
        role=principal.role,
    )


@router.get("/.well-known/jwks.json", operation_id="getSigningKeys", summary="Public keys of access tokens")
async def get_signing_keys(state: State, response: Response) -> dict[str, list[dict[str, str]]]:
    """A JSON Web Key Set (RFC 7517)."""
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_CACHED_SECONDS}"
    return tokens.jwks(state.keys)
