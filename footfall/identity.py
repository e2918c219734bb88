"""Who a caller is, said to the caller. Proving it is `footfall.access`'."""

from __future__ import annotations

from sqlalchemy import Engine

from contracts.access import Identity, Impersonation
from footfall.access import Principal
from footfall.errors import NotFoundError, UnauthenticatedError
from footfall.sessions import subject_ids
from footfall.stores.postgres import keys, tenants, users
from footfall.tenancy import tenant_transaction


def describe(engine: Engine, caller: Principal) -> Identity:
    """Raises NotFoundError when the tenant is gone, UnauthenticatedError for a caller without a session."""
    if caller.session_id is None:
        raise UnauthenticatedError("The caller has no session.")
    home = caller if caller.acting is None else caller.acting
    user_id, key_id = subject_ids(home.subject)
    with tenant_transaction(engine, caller.tenant_id) as connection:
        tenant = tenants.bound(connection)
    with tenant_transaction(engine, home.tenant_id) as connection:
        user = None if user_id is None else users.by_id(connection, user_id)
        key = None if key_id is None else keys.by_id(connection, key_id)
    if tenant is None:
        raise NotFoundError(f"There is no tenant {caller.tenant_id}.")
    return Identity(
        tenant_id=tenant.tenant_id,
        tenant_slug=tenant.slug,
        tenant_name=tenant.name,
        role=caller.role,
        subject=caller.subject,
        email=None if user is None else user.email,
        key_name=None if key is None else key.name,
        site_ids=None if caller.site_ids is None else tuple(sorted(caller.site_ids)),
        camera_ids=None if caller.camera_ids is None else tuple(sorted(caller.camera_ids)),
        session_id=caller.session_id,
        acting=None
        if caller.acting is None or user_id is None
        else Impersonation(tenant_id=home.tenant_id, user_id=user_id),
    )
