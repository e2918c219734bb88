"""Whether the session behind an access token still goes on, and its caller may still do what the token says: asked of
the database, remembered for seconds. What ends a session is in `footfall.sessions` and the tables' triggers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.access import Principal
from footfall.errors import UnauthenticatedError
from footfall.sessions import principal_of
from footfall.stores.postgres import sessions as table
from footfall.stores.postgres import tenants
from footfall.stores.postgres.notices import Hearer
from footfall.tenancy import tenant_transaction

CHANNEL = "footfall_access"
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    until: float


class Standing:
    """What one process knows of sessions. While it hears the notices of every change it believes what it read for
    `believed_seconds`; while it hears none it reads at every request. Thread-safe."""

    def __init__(self, engine: Engine, *, believed_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._believed_seconds = believed_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[UUID, _Known] = {}
        self._hearing = False
        self._changes = 0

    def knows(self, principal: Principal) -> bool:
        """Whether the principal is good as far as is known without asking. No I/O."""
        if principal.session_id is None:
            return False
        known = self._known.get(principal.session_id)
        return known is not None and known.principal == principal and self._clock() < known.until

    def check(self, principal: Principal) -> None:
        """Asks the database. Raises UnauthenticatedError when the session has ended or belongs to nobody, or when the
        principal's role, sites or cameras are others by now; PostgresUnavailableError."""
        with self._lock:
            changes = self._changes
        good_seconds = self._read(principal)
        if good_seconds is None or principal.session_id is None:
            raise UnauthenticatedError(
                "The session has ended, or what you may do has changed.",
                hint="Renew the access token with POST /v1/auth/token, or sign in again.",
            )
        with self._lock:
            # What changed between the question and now may have been this: then it is asked again next time.
            if self._hearing and changes == self._changes:
                if len(self._known) >= _MOST_REMEMBERED:
                    self._known.clear()
                until = self._clock() + min(self._believed_seconds, good_seconds)
                self._known[principal.session_id] = _Known(principal, until)

    def forget(self, tenant_id: TenantId) -> None:
        """Something about the tenant's callers has changed."""
        with self._lock:
            self._changes += 1
            for session_id, known in list(self._known.items()):
                acting = known.principal.acting
                if tenant_id in {known.principal.tenant_id, acting.tenant_id if acting else None}:
                    del self._known[session_id]

    def hearer(self) -> Hearer:
        """What keeps this up to date; to be heard from the process's start to its end."""
        return Hearer(
            CHANNEL,
            on_notice=lambda payload: self.forget(TenantId(UUID(payload))),
            on_heard=lambda: self._hears(True),
            on_lost=lambda: self._hears(False),
        )

    def _hears(self, hearing: bool) -> None:
        with self._lock:
            self._hearing = hearing
            self._changes += 1
            self._known.clear()

    def _read(self, principal: Principal) -> float | None:
        """Seconds for which the clock alone leaves the principal good; None when it is not."""
        if principal.session_id is None:
            return None
        home = principal.tenant_id if principal.acting is None else principal.acting.tenant_id
        with tenant_transaction(self._engine, home) as connection:
            row = table.standing(connection, principal.session_id)
        if row is None or not row.live or principal_of(home, row) != principal:
            return None
        if principal.acting is not None:
            if row.role != "system_admin":
                return None
            with tenant_transaction(self._engine, principal.tenant_id) as connection:
                entered = tenants.bound(connection)
            if entered is None or entered.status == "deletion_requested":
                return None
        return (row.until - datetime.now(UTC)).total_seconds()
