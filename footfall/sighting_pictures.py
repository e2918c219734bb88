"""The crop of a sighting, handed out. Where it comes from is `footfall.sightings`' matter, how long it is kept
`footfall.retention`'s."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from contracts.base import EventId, TenantId
from footfall.errors import NotFoundError
from footfall.pictures import fetch_picture, kind_of
from footfall.services import Services
from footfall.stores.postgres.event_images import select_image_key
from footfall.tenancy import tenant_transaction


def read_sighting_picture(
    services: Services, tenant_id: TenantId, event_id: EventId, *, allowed_sites: Collection[UUID] | None
) -> tuple[bytes, str]:
    """The crop as the worker sent it, with its media type. `allowed_sites` None means every site of the tenant.

    Raises NotFoundError for a sighting that is not there, is of another site or has no picture any more, and
    ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        key = select_image_key(connection, event_id, allowed_sites=allowed_sites)
    if key is None:
        raise NotFoundError(f"There is no picture of the sighting {event_id}.")
    picture = fetch_picture(services.engine, services.objects, tenant_id, "raw", key)
    return picture, kind_of(picture).content_type
