"""Sealing what is stored plain, from before faces had keys or while the settings said so, and the way back. In batches,
each in a transaction of its own: stopped at any point it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.errors import ConfigurationError, NotFoundError
from footfall.face_vault import vault_of
from footfall.pictures import SEALED_TYPE, kind_of, open_picture, seal_picture, sealed_face
from footfall.stores.base import ObjectStore
from footfall.stores.postgres import resealing as table
from footfall.stores.postgres.face_keys import ensure_keys
from footfall.stores.postgres.resealing import KeptImage
from footfall.tenancy import tenant_transaction

Direction = Literal["seal", "open"]

_BATCH_ROWS = 200
_BATCH_IMAGES = 50


@dataclass(frozen=True, slots=True)
class Resealed:
    """`missing`: pictures that rows name and the object store does not have."""

    templates: int
    pictures: int
    missing: int


Tick = Callable[[int], None]


def count_to_do(engine: Engine, tenant_id: TenantId, direction: Direction) -> int:
    """Templates that are to be changed, and every picture, for those have to be looked at one by one."""
    with tenant_transaction(engine, tenant_id) as connection:
        return table.count_templates(connection, direction) + table.count_images(connection)


def reseal(
    engine: Engine, objects: ObjectStore, tenant_id: TenantId, direction: Direction, tick: Tick = lambda _: None
) -> Resealed:
    """Seals, or opens, the tenant's stored templates and pictures; what is so already is left alone. Events go on
    meanwhile.

    A picture that is written again is as old as its event by the record, and younger by the bucket's own rule: the
    nightly sweep deletes it in time. Raises ServiceUnavailableError, and ConfigurationError
    without the master key and where the settings have new ones written the other way.
    """
    _require_lasting(engine, tenant_id, direction)
    templates = _reseal_templates(engine, tenant_id, direction, tick)
    pictures = missing = 0
    for batch in _images(engine, tenant_id):
        for image in batch:
            try:
                pictures += _reseal_picture(engine, objects, tenant_id, direction, image)
            except NotFoundError:
                missing += 1
            tick(1)
    return Resealed(templates, pictures, missing)


def _require_lasting(engine: Engine, tenant_id: TenantId, direction: Direction) -> None:
    with tenant_transaction(engine, tenant_id) as connection:
        seals = vault_of(connection).seals
    if seals != (direction == "seal"):
        raise ConfigurationError(
            f"What is written from now on is {'sealed' if seals else 'not sealed'}.",
            hint=f"Set FOOTFALL_VAULT__SEAL={'0' if seals else '1'} everywhere first, or there is no end to it.",
        )


def _reseal_templates(engine: Engine, tenant_id: TenantId, direction: Direction, tick: Tick) -> int:
    done = 0
    for holder in table.HOLDERS:
        while True:
            with tenant_transaction(engine, tenant_id) as connection:
                changed = table.reseal_templates(connection, tenant_id, holder, direction, limit=_BATCH_ROWS)
            if not changed:
                break
            done += changed
            tick(changed)
    return done


def _images(engine: Engine, tenant_id: TenantId) -> Iterator[list[KeptImage]]:
    for source in table.IMAGE_SOURCES:
        after = ""
        while True:
            with tenant_transaction(engine, tenant_id) as connection:
                batch = table.select_images(connection, source, after=after, limit=_BATCH_IMAGES)
            if not batch:
                break
            yield batch
            after = batch[-1].key


def _reseal_picture(
    engine: Engine, objects: ObjectStore, tenant_id: TenantId, direction: Direction, image: KeptImage
) -> int:
    stored = objects.get(tenant_id, image.bucket, image.key)
    if (sealed_face(stored) is not None) == (direction == "seal"):
        return 0
    name = image.key.removeprefix(f"{tenant_id}/")
    with tenant_transaction(engine, tenant_id) as connection:
        # Held, so that a picture that is deleted meanwhile is not put back after.
        if not table.hold_image(connection, image):
            return 0
        if direction == "seal":
            sealer = ensure_keys(connection, tenant_id, [image.face_id])[image.face_id]
            written = seal_picture(sealer, tenant_id, image.bucket, image.key, stored, face_id=image.face_id)
            objects.put(tenant_id, image.bucket, name, written, SEALED_TYPE)
        else:
            written = open_picture(connection, tenant_id, image.bucket, image.key, stored)
            objects.put(tenant_id, image.bucket, name, written, kind_of(written).content_type)
    return 1
