"""The gallery of staff for workers that recognise them on their own. What a worker does with it is the daemon's."""

from __future__ import annotations

import base64
from hashlib import sha256

from contracts.base import TenantId
from contracts.events import Embedding
from contracts.gallery import StaffGallery, StaffTemplate
from footfall.calibration_policy import policy_of
from footfall.errors import NotFoundError, PrivacyModeError
from footfall.services import Services
from footfall.stores.postgres import tenants
from footfall.stores.postgres.staff_templates import select_staff_templates
from footfall.tenancy import tenant_transaction


def staff_gallery(services: Services, tenant_id: TenantId) -> StaffGallery:
    """Templates of the tenant's staff in the served model version, and the threshold that the server matches with.

    Raises PrivacyModeError for a tenant that only counts: there is nobody to recognise.
    """
    model_version = services.model_version
    with tenant_transaction(services.engine, tenant_id) as connection:
        tenant = tenants.bound(connection)
        if tenant is None:
            raise NotFoundError("There is no such tenant.")
        if tenant.privacy_mode == "count_only":
            raise PrivacyModeError("The tenant only counts; no template leaves the server.")
        policy = policy_of(connection, services, tenant_id, staff_only=tenant.privacy_mode == "staff_only")
        rows = select_staff_templates(connection, model_version)
    digest = sha256(f"{model_version}|{policy.threshold_high:.6f}".encode())
    for row in rows:
        digest.update(row.template_id.bytes + row.person_id.bytes + row.embedding)
    return StaffGallery(
        version=1 + int.from_bytes(digest.digest()[:3], "big"),
        model_version=model_version,
        threshold=policy.threshold_high,
        templates=tuple(
            StaffTemplate(
                template_id=row.template_id,
                staff_id=row.person_id,
                embedding=Embedding(
                    model_version=model_version, vector=base64.b64encode(row.embedding).decode("ascii")
                ),
            )
            for row in rows
        ),
    )
