"""Who may do what: the one table from route to roles, and the check before every route. Proof is `footfall.tokens`'."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import Depends, Request

from api.client_address import UNKNOWN, limited_as
from api.rate_limits import class_of
from api.state import ApiState
from contracts.base import Role
from footfall.access import Principal
from footfall.errors import ForbiddenError, UnauthenticatedError

Access = frozenset[Role] | Literal["public"]

_ADMINS: frozenset[Role] = frozenset({"tenant_admin", "system_admin"})
_READERS: frozenset[Role] = _ADMINS | {"site_manager"}
_CAMERA_READERS: frozenset[Role] = _READERS | {"worker"}
_WORKERS: frozenset[Role] = frozenset({"worker"})
_SYSTEM: frozenset[Role] = frozenset({"system_admin"})
_EVERYBODY: frozenset[Role] = _CAMERA_READERS
_SENDERS: frozenset[Role] = _ADMINS | {"worker"}

# A system_admin is the administrator of the tenant that their token names, and of no other: they switch into another.
ACCESS: Mapping[tuple[str, str], Access] = MappingProxyType(
    {
        ("GET", "/healthz"): "public",
        ("GET", "/readyz"): "public",
        ("GET", "/metrics"): "public",
        ("GET", "/docs"): "public",
        ("GET", "/v1/openapi.json"): "public",
        ("GET", "/.well-known/jwks.json"): "public",
        ("POST", "/v1/auth/token"): "public",
        ("POST", "/v1/auth/revoke"): _EVERYBODY,
        ("GET", "/v1/auth/me"): _EVERYBODY,
        ("POST", "/v1/auth/switch"): _SYSTEM,
        ("POST", "/v1/users/me/password"): _READERS,
        ("GET", "/v1/users"): _ADMINS,
        ("POST", "/v1/users"): _ADMINS,
        ("GET", "/v1/users/{user_id}"): _ADMINS,
        ("PATCH", "/v1/users/{user_id}"): _ADMINS,
        ("DELETE", "/v1/users/{user_id}"): _ADMINS,
        ("GET", "/v1/api-keys"): _ADMINS,
        ("POST", "/v1/api-keys"): _ADMINS,
        ("GET", "/v1/api-keys/{key_id}"): _ADMINS,
        ("PATCH", "/v1/api-keys/{key_id}"): _ADMINS,
        ("POST", "/v1/api-keys/{key_id}/rotate"): _ADMINS,
        ("DELETE", "/v1/api-keys/{key_id}"): _ADMINS,
        ("GET", "/v1/tenant"): _READERS,
        ("PATCH", "/v1/tenant"): _ADMINS,
        ("GET", "/v1/tenants"): _SYSTEM,
        ("POST", "/v1/tenants"): _SYSTEM,
        ("GET", "/v1/tenants/{tenant_id}"): _SYSTEM,
        ("PATCH", "/v1/tenants/{tenant_id}"): _SYSTEM,
        ("DELETE", "/v1/tenants/{tenant_id}"): _SYSTEM,
        ("GET", "/v1/tenants/{tenant_id}/erasure"): _SYSTEM,
        ("GET", "/v1/sites"): _READERS,
        ("POST", "/v1/sites"): _ADMINS,
        ("GET", "/v1/sites/{site_id}"): _READERS,
        ("PATCH", "/v1/sites/{site_id}"): _ADMINS,
        ("DELETE", "/v1/sites/{site_id}"): _ADMINS,
        ("GET", "/v1/cameras"): _CAMERA_READERS,
        ("POST", "/v1/cameras"): _ADMINS,
        ("GET", "/v1/cameras/{camera_id}"): _CAMERA_READERS,
        ("PATCH", "/v1/cameras/{camera_id}"): _ADMINS,
        ("DELETE", "/v1/cameras/{camera_id}"): _ADMINS,
        ("GET", "/v1/staff"): _READERS,
        ("POST", "/v1/staff"): _ADMINS,
        ("GET", "/v1/staff/reminders"): _READERS,
        ("GET", "/v1/staff/{staff_id}"): _READERS,
        ("PATCH", "/v1/staff/{staff_id}"): _ADMINS,
        ("DELETE", "/v1/staff/{staff_id}"): _ADMINS,
        ("GET", "/v1/staff/{staff_id}/faces"): _READERS,
        ("GET", "/v1/staff/{staff_id}/faces/{face_id}/image"): _READERS,
        ("POST", "/v1/staff/{staff_id}/faces"): _ADMINS,
        ("POST", "/v1/staff/{staff_id}/enrolments"): _ADMINS,
        ("GET", "/v1/staff/{staff_id}/consistency"): _READERS,
        ("DELETE", "/v1/staff/{staff_id}/faces/{face_id}"): _ADMINS,
        ("POST", "/v1/staff/{staff_id}/recognition-test"): _ADMINS,
        ("POST", "/v1/recognition-test"): _ADMINS,
        # Templates: for those who compare them, and for no administrator.
        ("GET", "/v1/gallery/staff"): _WORKERS,
        ("POST", "/v1/events/face"): _SENDERS,
        ("POST", "/v1/events/face/batch"): _SENDERS,
        ("GET", "/v1/alarms"): _ADMINS,
        ("GET", "/v1/workers"): _READERS,
        ("POST", "/v1/workers"): _ADMINS,
        ("POST", "/v1/workers/register"): "public",
        ("GET", "/v1/workers/{worker_id}"): _READERS,
        ("PATCH", "/v1/workers/{worker_id}"): _ADMINS,
        ("DELETE", "/v1/workers/{worker_id}"): _ADMINS,
        ("POST", "/v1/workers/{worker_id}/registration"): _ADMINS,
        ("POST", "/v1/workers/{worker_id}/heartbeat"): _WORKERS,
        ("GET", "/v1/workers/{worker_id}/commands"): _READERS,
        ("POST", "/v1/workers/{worker_id}/commands"): _ADMINS,
        ("GET", "/v1/workers/{worker_id}/commands/{command_id}"): _READERS,
        ("GET", "/v1/workers/{worker_id}/commands/{command_id}/image"): _ADMINS,
        ("POST", "/v1/workers/{worker_id}/commands/{command_id}/progress"): _WORKERS,
        ("POST", "/v1/workers/{worker_id}/commands/{command_id}/result"): _WORKERS,
        ("GET", "/v1/stream"): _READERS,
        # Not FastAPI's: `api.live_socket` asks this table itself.
        ("WEBSOCKET", "/v1/stream/ws"): _READERS,
        ("GET", "/v1/visits"): _READERS,
        ("GET", "/v1/visits.csv"): _READERS,
        ("GET", "/v1/reports/distribution"): _READERS,
        ("GET", "/v1/reports/new-returning"): _READERS,
        ("GET", "/v1/reports/dwell"): _READERS,
        ("GET", "/v1/reports/peak-hours"): _READERS,
        ("GET", "/v1/reports/repeat-rate"): _READERS,
        ("GET", "/v1/reports/traffic"): _READERS,
        ("GET", "/v1/reports/days"): _READERS,
        ("GET", "/v1/reports/occupancy"): _READERS,
        ("GET", "/v1/reports/daily-dwell"): _READERS,
        ("GET", "/v1/reports/cohorts"): _READERS,
        ("GET", "/v1/reports/camera-health"): _READERS,
        # Of single employees, day by day.
        ("GET", "/v1/reports/staff-presence"): _ADMINS,
        ("GET", "/v1/calibration"): _READERS,
        ("GET", "/v1/customers"): _READERS,
        ("GET", "/v1/customers/{customer_id}"): _READERS,
        ("PATCH", "/v1/customers/{customer_id}"): _ADMINS,
        ("GET", "/v1/customers/{customer_id}/visits"): _READERS,
        ("GET", "/v1/customers/{customer_id}/sightings"): _READERS,
        ("POST", "/v1/customers/{customer_id}/merge"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/split"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/promote"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/opt-out"): _ADMINS,
        ("POST", "/v1/customers/{customer_id}/erase-request"): _ADMINS,
        ("POST", "/v1/erasure-requests"): _ADMINS,
        ("GET", "/v1/erasure-requests"): _ADMINS,
        ("GET", "/v1/erasure-requests/{request_id}"): _ADMINS,
        ("GET", "/v1/erasure-requests/{request_id}/certificate"): _ADMINS,
        ("GET", "/v1/sightings/{event_id}/image"): _READERS,
        ("POST", "/v1/sightings/{event_id}/detach"): _ADMINS,
        ("POST", "/v1/sightings/{event_id}/move"): _ADMINS,
        ("POST", "/v1/staff/{staff_id}/faces/{face_id}/move"): _ADMINS,
        # They show people of every site, whom a site manager may not see.
        ("GET", "/v1/corrections"): _ADMINS,
        ("POST", "/v1/corrections/{correction_id}/undo"): _ADMINS,
        ("GET", "/v1/review-queue"): _ADMINS,
        ("POST", "/v1/review-queue/{item_id}/dismiss"): _ADMINS,
        ("GET", "/v1/audit"): _ADMINS,
        ("GET", "/v1/legal-holds"): _ADMINS,
        ("POST", "/v1/legal-holds"): _ADMINS,
        ("POST", "/v1/legal-holds/{hold_id}/lift"): _ADMINS,
        ("GET", "/v1/opt-outs"): _ADMINS,
        ("POST", "/v1/opt-outs"): _ADMINS,
        ("DELETE", "/v1/opt-outs/{opt_out_id}"): _ADMINS,
    }
)


PRINCIPAL_KEY = "footfall.principal"
"""Where the ASGI scope holds the caller, once `api.gate` has let them in."""

# Asked by machines that restart what does not answer.
UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})


def permitted(role: Role, access: Access | None) -> bool:
    """Whether the role may use a route with this entry. A route without one is nobody's."""
    return access is not None and access != "public" and role in access


async def identify(token: str, state: ApiState) -> Principal:
    """The caller that an access token names. Raises UnauthenticatedError when it is not valid, or its session has
    ended."""
    principal = state.verified.principal(token)
    if not state.standing.knows(principal):
        await to_thread.run_sync(state.standing.check, principal)
    return principal


async def authorise(request: Request, state: ApiState) -> Principal | None:
    """Before every route, by `api.gate`. The caller, or None on a public route.

    Raises UnauthenticatedError without a valid token or with one whose session has ended, ForbiddenError for a role
    that the table does not let in, TooManyRequestsError for who comes too often.
    """
    path = request.scope["route"].path
    access = ACCESS.get((request.method, path))
    kind = class_of(request.method, path)
    if path not in UNLIMITED:
        # Before the token is looked at: that costs more than counting.
        address = limited_as(request.client.host if request.client else UNKNOWN)
        await state.limits.take(request.scope, "login" if kind == "login" else "address", address)
    if access == "public":
        return None
    principal = await identify(bearer_of(request), state)
    await state.limits.take(request.scope, kind, f"{principal.tenant_id}/{principal.subject}")
    if not permitted(principal.role, access):
        raise ForbiddenError(f"The role {principal.role} may not do this.", hint="docs/problems.md, `forbidden`.")
    return principal


async def _caller(request: Request) -> Principal:
    principal = request.scope.get(PRINCIPAL_KEY)
    if not isinstance(principal, Principal):
        raise ForbiddenError("This route knows no caller.")
    return principal


Caller = Annotated[Principal, Depends(_caller)]


def bearer_of(request: Request) -> str:
    """The access token of the request. Raises UnauthenticatedError without one."""
    given = request.headers.getlist("authorization")
    # Of two, a proxy before us may have judged by the other.
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "The request carries no access token.",
            hint="Send `Authorization: Bearer <token>`; POST /v1/auth/token gives one.",
        )
    return token.strip()
