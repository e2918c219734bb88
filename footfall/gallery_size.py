"""How large each tenant's gallery is, for the operator. What is in it is `footfall.gallery`'s."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.stores.postgres.gallery import GallerySize, count_gallery
from footfall.tenancy import tenant_transaction


def measure_galleries(engine: Engine, tenant_ids: Iterable[TenantId], model_version: str) -> list[GallerySize]:
    """One a tenant, in their order; a tenant that has gone meanwhile is left out.

    Raises PostgresUnavailableError.
    """
    sizes: list[GallerySize] = []
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            size = count_gallery(connection, model_version)
        if size is not None:
            sizes.append(size)
    return sizes
