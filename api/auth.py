"""Who may do what: the one table from route to roles, and the check before every route. Proof is `footfall.tokens`'."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import Depends, Request

from api.state import State
from contracts.base import Role
from footfall import tokens
from footfall.access import Principal
from footfall.errors import ForbiddenError, UnauthenticatedError

Access = frozenset[Role] | Literal["public"]

_ADMINS: frozenset[Role] = frozenset({"tenant_admin", "system_admin"})
_READERS: frozenset[Role] = _ADMINS | {"site_manager"}
_CAMERA_READERS: frozenset[Role] = _READERS | {"worker"}
_SENDERS: frozenset[Role] = _ADMINS | {"worker"}

# A system_admin is the administrator of the tenant that their token names, and of no other.
ACCESS: Mapping[tuple[str, str], Access] = MappingProxyType(
    {
        ("GET", "/healthz"): "public",
        ("GET", "/readyz"): "public",
        ("GET", "/metrics"): "public",
        ("GET", "/docs"): "public",
        ("GET", "/v1/openapi.json"): "public",
        ("GET", "/.well-known/jwks.json"): "public",
        ("POST", "/v1/auth/token"): "public",
        ("GET", "/v1/sites"): _READERS,
        ("POST", "/v1/sites"): _ADMINS,
        ("GET", "/v1/sites/{site_id}"): _READERS,
        ("GET", "/v1/cameras"): _CAMERA_READERS,
        ("POST", "/v1/cameras"): _ADMINS,
        ("GET", "/v1/cameras/{camera_id}"): _CAMERA_READERS,
        ("GET", "/v1/staff"): _READERS,
        ("POST", "/v1/staff"): _ADMINS,
        ("GET", "/v1/staff/reminders"): _READERS,
        ("GET", "/v1/staff/{staff_id}"): _READERS,
        ("DELETE", "/v1/staff/{staff_id}"): _ADMINS,
        ("GET", "/v1/staff/{staff_id}/faces"): _READERS,
        ("POST", "/v1/staff/{staff_id}/faces"): _ADMINS,
        ("POST", "/v1/staff/{staff_id}/enrolments"): _ADMINS,
        ("GET", "/v1/staff/{staff_id}/consistency"): _READERS,
        ("DELETE", "/v1/staff/{staff_id}/faces/{face_id}"): _ADMINS,
        ("POST", "/v1/staff/{staff_id}/recognition-test"): _ADMINS,
        ("POST", "/v1/events/face"): _SENDERS,
        ("GET", "/v1/visits"): _READERS,
        ("GET", "/v1/reports/traffic"): _READERS,
        ("GET", "/v1/calibration"): _READERS,
        ("GET", "/v1/customers"): _READERS,
        ("GET", "/v1/customers/{customer_id}"): _READERS,
        ("GET", "/v1/customers/{customer_id}/visits"): _READERS,
        ("GET", "/v1/customers/{customer_id}/sightings"): _READERS,
        ("POST", "/v1/customers/{customer_id}/merge"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/split"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/promote"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/opt-out"): _ADMINS,
        ("POST", "/v1/sightings/{event_id}/detach"): _ADMINS,
        ("POST", "/v1/sightings/{event_id}/move"): _ADMINS,
        ("POST", "/v1/staff/{staff_id}/faces/{face_id}/move"): _ADMINS,
        # They show people of every site, whom a site manager may not see.
        ("GET", "/v1/corrections"): _ADMINS,
        ("POST", "/v1/corrections/{correction_id}/undo"): _ADMINS,
        ("GET", "/v1/review-queue"): _ADMINS,
        ("POST", "/v1/review-queue/{item_id}/dismiss"): _ADMINS,
        ("GET", "/v1/opt-outs"): _ADMINS,
        ("POST", "/v1/opt-outs"): _ADMINS,
        ("DELETE", "/v1/opt-outs/{opt_out_id}"): _ADMINS,
    }
)


def permitted(role: Role, access: Access | None) -> bool:
    """Whether the role may use a route with this entry. A route without one is nobody's."""
    return access is not None and access != "public" and role in access


async def authorise(request: Request, state: State) -> Principal | None:
    """Runs before every route. The caller, or None on a public route.

    Raises UnauthenticatedError without a valid token, ForbiddenError for a role that the table does not let in.
    """
    access = ACCESS.get((request.method, request.scope["route"].path))
    if access == "public":
        return None
    principal = tokens.verify(_bearer(request), state.keys, state.settings)
    if not permitted(principal.role, access):
        raise ForbiddenError(f"The role {principal.role} may not do this.", hint="docs/problems.md, `forbidden`.")
    return principal


async def _caller(principal: Annotated[Principal | None, Depends(authorise)]) -> Principal:
    if principal is None:
        raise ForbiddenError("This route knows no caller.")
    return principal


Caller = Annotated[Principal, Depends(_caller)]


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "The request carries no access token.",
            hint="Send `Authorization: Bearer <token>`; POST /v1/auth/token gives one.",
        )
    return token.strip()
