"""Sessions: beginning, renewing, ending them, and switching into another tenant. Access tokens are `footfall.tokens`',
proving who one is `footfall.access`'."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine

from contracts.base import TenantId, UserId
from footfall import audit
from footfall.access import Acting, Principal
from footfall.credentials import REFRESH_PREFIX, credential_text, digest, new_secret, secret_parts
from footfall.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from footfall.settings import Settings
from footfall.stores.postgres import sessions as table
from footfall.stores.postgres import tenants, users
from footfall.tenancy import tenant_transaction

logger = logging.getLogger(__name__)

_REPLAYED = "a refresh token was used twice"


@dataclass(frozen=True, slots=True)
class Begun:
    """A principal with a session, and the refresh token of a person's."""

    principal: Principal
    refresh_token: str | None = field(default=None, repr=False)


def begin(engine: Engine, principal: Principal, settings: Settings) -> Begun:
    """A session for somebody who proved who they are. A person's lives for `session_seconds` and can be renewed; a
    key's as long as its access token, for the key itself gives the next."""
    api = settings.api
    with tenant_transaction(engine, principal.tenant_id) as connection:
        user_id, key_id = subject_ids(principal.subject)
        table.forget_expired(connection, user_id=user_id, key_id=key_id)
        seconds = api.token_seconds if user_id is None else api.session_seconds
        session_id = table.insert(connection, user_id=user_id, key_id=key_id, seconds=seconds)
        begun = replace(principal, session_id=session_id)
        if user_id is None:
            return Begun(begun)
        users.note_login(connection, user_id)
        return Begun(begun, _refresh_token(connection, principal.tenant_id, session_id, api.refresh_seconds))


def renew(engine: Engine, refresh_token: str, settings: Settings) -> Begun:
    """The session's principal as things stand now, and the next refresh token in exchange for this one.

    A token that was exchanged before has been copied: its session ends, whoever of the two brought it. Raises
    UnauthenticatedError, with one message, for that and for a token that is malformed, unknown, wrong or expired, and
    for a session that has ended or whose user or tenant is no longer active.
    """
    tenant_id, token_id, secret = secret_parts(REFRESH_PREFIX, refresh_token)
    offered = digest(secret)
    with tenant_transaction(engine, tenant_id) as connection:
        row = table.lock_refresh(connection, token_id)
        matches = hmac.compare_digest(row.secret_sha256 if row else bytes(32), offered)
        if row is not None and matches:
            if row.used:
                _end_replayed(connection, row.session_id)
            elif not row.expired:
                standing = table.standing(connection, row.session_id)
                if standing is not None and standing.live:
                    table.use_refresh(connection, token_id)
                    next_token = _refresh_token(connection, tenant_id, row.session_id, settings.api.refresh_seconds)
                    return Begun(principal_of(tenant_id, standing), next_token)
    # Outside the transaction, which must not undo the end of a session.
    logger.info("refused a refresh token")
    raise UnauthenticatedError("The refresh token is not valid, or has expired.", hint="Sign in again.")


def end(engine: Engine, principal: Principal, *, reason: str) -> None:
    """Ends the principal's session, with its access and refresh tokens. Of a system administrator who switched: the
    switch alone. Nothing happens to one that has ended."""
    if principal.session_id is None:
        return
    home = principal.tenant_id if principal.acting is None else principal.acting.tenant_id
    actor = principal.subject if principal.acting is None else principal.acting.subject
    with tenant_transaction(engine, home) as connection:
        if table.end(connection, principal.session_id, reason):
            audit.record(
                connection,
                actor=actor,
                action="session.ended",
                subject_kind="session",
                subject_id=principal.session_id,
                detail={"reason": reason},
            )


def switch(engine: Engine, principal: Principal, to: TenantId, *, reason: str, settings: Settings) -> Principal:
    """The system administrator as a principal of another tenant, for `switch_seconds`, recorded in both tenants' logs.

    Raises ForbiddenError for everybody else and for one who has switched already, NotFoundError for a tenant that is
    not there or whose deletion was requested.
    """
    if principal.role != "system_admin" or principal.acting is not None or principal.session_id is None:
        raise ForbiddenError(
            "Only a system administrator, and from their own tenant, switches into another.",
            hint="End the switch with POST /v1/auth/revoke first.",
        )
    user_id, _ = subject_ids(principal.subject)
    seconds = settings.api.switch_seconds
    entered = Principal(
        tenant_id=to,
        subject=f"system_admin:{user_id}",
        role="system_admin",
        acting=Acting(principal.tenant_id, principal.subject),
    )
    # The entered tenant's log first: it must never lack a switch that happened.
    with tenant_transaction(engine, to) as connection:
        tenant = tenants.bound(connection)
        if tenant is None or tenant.status == "deletion_requested" or to == principal.tenant_id:
            raise NotFoundError(f"There is no tenant {to} to switch into.")
        audit.record(
            connection,
            actor=entered.subject,
            action="tenant.entered",
            subject_kind="tenant",
            subject_id=to,
            detail={"reason": reason, "seconds": seconds, "home_tenant_id": str(principal.tenant_id)},
        )
    with tenant_transaction(engine, principal.tenant_id) as connection:
        session_id = table.insert(
            connection,
            user_id=user_id,
            seconds=seconds,
            parent_id=principal.session_id,
            entered_tenant_id=to,
            reason=reason,
        )
        audit.record(
            connection,
            actor=principal.subject,
            action="tenant.switched",
            subject_kind="tenant",
            subject_id=to,
            detail={"reason": reason, "seconds": seconds, "session_id": str(session_id)},
        )
    return replace(entered, session_id=session_id)


def principal_of(tenant_id: TenantId, row: table.SessionRow) -> Principal:
    """Whom the session of the tenant stands for, as things stand now."""
    home = f"user:{row.user_id}" if row.user_id is not None else f"key:{row.key_id}"
    if row.entered_tenant_id is not None:
        return Principal(
            tenant_id=row.entered_tenant_id,
            subject=f"system_admin:{row.user_id}",
            role=row.role,
            session_id=row.session_id,
            acting=Acting(tenant_id, home),
        )
    return Principal(
        tenant_id=tenant_id,
        subject=home,
        role=row.role,
        site_ids=row.site_ids,
        camera_ids=row.camera_ids,
        session_id=row.session_id,
    )


def subject_ids(subject: str) -> tuple[UserId | None, UUID | None]:
    """The user's id or the key's of a principal's subject; neither for another kind of subject."""
    kind, _, found = subject.partition(":")
    if kind == "user":
        return UserId(UUID(found)), None
    return None, UUID(found) if kind == "key" else None


def _refresh_token(connection: Connection, tenant_id: TenantId, session_id: UUID, seconds: int) -> str:
    token_id, secret = uuid4(), new_secret()
    table.insert_refresh(
        connection, token_id=token_id, session_id=session_id, secret_sha256=digest(secret), seconds=seconds
    )
    return credential_text(REFRESH_PREFIX, tenant_id, token_id, secret)


def _end_replayed(connection: Connection, session_id: UUID) -> None:
    if table.end(connection, session_id, _REPLAYED):
        logger.warning("ended the session %s: %s", session_id, _REPLAYED)
        audit.record(
            connection,
            actor="authentication",
            action="session.ended",
            subject_kind="session",
            subject_id=session_id,
            detail={"reason": _REPLAYED},
        )
