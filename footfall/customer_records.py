"""What people write on a customer's record: the company's own number for them. Who a customer is, and their templates,
is `footfall.customers`'; what is shown of one, `footfall.profiles`'."""

from __future__ import annotations

from sqlalchemy import Engine

from contracts.base import CustomerId, TenantId
from contracts.customers import CustomerPatch
from contracts.records import CustomerProfileV1
from footfall import audit
from footfall.errors import ConflictError
from footfall.profiles import read_profile
from footfall.stores.postgres.profiles import lock_customer, set_external_ref
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected


def change_customer(
    engine: Engine,
    tenant_id: TenantId,
    customer_id: CustomerId,
    patch: CustomerPatch,
    expected: Expected,
    *,
    actor: str,
) -> CustomerProfileV1:
    """The customer with the changes; without any, as they are. Of one who was merged, the survivor.

    Raises NotFoundError, StaleVersionError, ConflictError for an external_ref in use and for one who is staff by now.
    """
    changes = patch.changes(emptied_by_null=("external_ref",))
    with tenant_transaction(engine, tenant_id) as connection:
        known = read_profile(connection, tenant_id, customer_id)
        lock_customer(connection, CustomerId(known.customer_id))
        current = read_profile(connection, tenant_id, CustomerId(known.customer_id))
        expected.check(current.version)
        if not changes or changes["external_ref"] == current.external_ref:
            return current
        if not set_external_ref(connection, CustomerId(current.customer_id), patch.external_ref):
            raise ConflictError(
                f"The external_ref {patch.external_ref!r} belongs to another customer.", hint="Use that customer."
            )
        audit.record(
            connection,
            actor=actor,
            action="customer.changed",
            subject_kind="customer",
            subject_id=current.customer_id,
            detail={"fields": ["external_ref"]},
        )
        return read_profile(connection, tenant_id, CustomerId(current.customer_id))
