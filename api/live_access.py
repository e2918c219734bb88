"""Who may listen to a live stream, to which sites, and until when. The stream itself is in `live`."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import jwt

from api.auth import identify
from api.live_messages import Standing
from api.routes.scope import site_of
from api.state import ApiState
from footfall.access import Principal


def standing_of(state: ApiState, token: str) -> Standing:
    """Of a token that `identify` has taken: until it expires, and as long as it would be taken again."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return Standing(datetime.fromtimestamp(float(claims["exp"]), UTC), lambda: identify(token, state))


def sites_shown(state: ApiState, caller: Principal, site_id: UUID | None) -> frozenset[UUID] | None:
    """The caller's sites, or the one of them that was asked for; None: every site of the tenant. Raises
    NotFoundError."""
    if site_id is not None:
        return frozenset({site_of(state, caller, site_id).site_id})
    return None if caller.site_ids is None else frozenset(caller.site_ids)
