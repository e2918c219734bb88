"""A tenant's world with two mock models, whose vectors have nothing to do with each other, and visitors with faces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np

from contracts.base import PrivacyMode, TenantId
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt
from footfall.reembedding import OnBatch, Reembedded, reembed_tenant
from footfall.reembedding_switch import Switched, prepare_candidate, serve
from footfall.services import Services
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import owner_engine
from footfall.stores.postgres.model_coverage import Coverage, count_coverage
from footfall.stores.postgres.tenants import TenantRow
from footfall.tenancy import tenant_transaction
from footfall.vision.align import align
from footfall.vision.types import Float32Array
from tests.integration.footfall.world import MORNING, World, jpeg, portrait
from tests.servers import MigratedPostgres

OLD, NEW = "mock-1", "mock-2"
START = MORNING - timedelta(days=60)


def settled_tenant(database: MigratedPostgres, privacy_mode: PrivacyMode = "identify") -> TenantId:
    tenant_id = TenantId(uuid4())
    identifies = privacy_mode == "identify"
    row = TenantRow(
        tenant_id=tenant_id,
        slug=f"t-{tenant_id.hex[:12]}",
        name="A tenant of the tests",
        privacy_mode=privacy_mode,
        legal_basis="consent" if identifies else None,
        retention_days=30 if identifies else None,
    )
    with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
        assert tenants.insert(connection, row)
    return tenant_id


def picture_of(number: int) -> bytes:
    """The crop of visitor `number`, in which the mock detector sees one face."""
    return jpeg(portrait(1_000 + number))


def later(days: float) -> datetime:
    return START + timedelta(days=days)


@dataclass(frozen=True)
class TwoVersions:
    """`world`: of the application's process. `operator`: another process, over the same stores."""

    world: World
    operator: Services

    @property
    def tenant_id(self) -> TenantId:
        return self.world.tenant_id

    def vector(self, number: int, model_version: str) -> Float32Array:
        """(512,) of visitor `number`, as a worker of that version makes it of the crop."""
        vision = self.world.services.vision
        picture = vision.decode(picture_of(number))
        [found] = vision.detector.detect(picture)
        [vector] = vision.opened(model_version).embedder.embed([align(picture, found.landmarks)])
        return np.asarray(vector, dtype=np.float32)

    def event(
        self, number: int, *, at: datetime = START, model_version: str = OLD, quality: float = 0.8
    ) -> FaceDetectedV1:
        return self.world.event(self.vector(number, model_version), at=at, model_version=model_version, quality=quality)

    def see(
        self,
        number: int,
        *,
        at: datetime = START,
        model_version: str = OLD,
        pictured: bool = True,
        quality: float = 0.8,
    ) -> EventReceipt:
        """Visitor `number` passes; `pictured`: the event comes with its crop."""
        event = self.event(number, at=at, model_version=model_version, quality=quality)
        return self.world.send(event, picture_of(number) if pictured else None)

    def begin(self) -> None:
        """Makes NEW the candidate."""
        prepare_candidate(self.operator, NEW)

    def bring_over(self, on_batch: OnBatch = lambda _: None) -> Reembedded:
        return reembed_tenant(self.operator, self.tenant_id, NEW, on_batch=on_batch)

    def switch(self, model_version: str = NEW) -> Switched:
        return serve(self.operator, model_version)

    def coverage(self, model_version: str = NEW) -> Coverage:
        with tenant_transaction(self.operator.engine, self.tenant_id) as connection:
            return count_coverage(connection, model_version)

    def lose_pictures(self) -> None:
        """The retention of raw images has passed: every crop of an event is gone."""
        world = self.world
        world.services.objects.delete(self.tenant_id, "raw", world.raw_keys())
