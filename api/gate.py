"""What every request passes before its route, in this order and as one dependency of FastAPI's: each costs as much as
the check itself. The checks are in `methods`, `auth` and `idempotency`."""

from __future__ import annotations

from fastapi import Request

from api.auth import PRINCIPAL_KEY, authorise
from api.idempotency import honour_key
from api.methods import only_offered
from api.state import State


async def gate(request: Request, state: State) -> None:
    """Raises what the three checks raise."""
    only_offered(request)
    principal = await authorise(request, state)
    request.scope[PRINCIPAL_KEY] = principal
    await honour_key(request, state, principal)
