"""A person, a tenant and a camera with something in every store, to be erased; and an erasure that dies where it is
told to. No test is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from contracts.base import CustomerId, StaffId
from contracts.erasure import CustomerSubject, ErasureRequest, ErasureSubject, SignedCertificate, StepName
from footfall.erasure import Phase, carry_out
from footfall.erasure_requests import certificate_of, request_erasure
from footfall.record import operator_engine
from footfall.services import Services
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.world import MORNING, World, jpeg, portrait
from tests.vectors import person


class Killed(BaseException):
    """Stands for the process's end: nothing that it was to do afterwards is done."""


@dataclass(frozen=True)
class Erasures:
    """A world, and the operator's services over the same stores."""

    world: World
    services: Services

    def request(self, subject: ErasureSubject) -> ErasureRequest:
        return request_erasure(
            self.world.services.engine,
            self.world.tenant_id,
            subject,
            reference="Letter of 2026-11-20",
            now=datetime.now(UTC),
            actor="test",
        )

    def run(
        self,
        request_id: UUID,
        *,
        refresh_marts: Callable[[], None] = lambda: None,
        die_at: tuple[StepName, Phase] | None = None,
        at_once: bool = False,
    ) -> ErasureRequest:
        def observe(step: StepName, phase: Phase) -> None:
            if (step, phase) == die_at:
                raise Killed

        return carry_out(
            self.services,
            self.world.tenant_id,
            request_id,
            refresh_marts=refresh_marts,
            observe=observe,
            at_once=at_once,
        )

    def certificate(self, request_id: UUID) -> SignedCertificate:
        return certificate_of(self.world.services.engine, self.world.tenant_id, request_id)


@contextmanager
def erasures_of(world: World) -> Iterator[Erasures]:
    engine = operator_engine(world.services.settings, application="footfall-tests")
    try:
        yield Erasures(world, replace(world.services, engine=engine))
    finally:
        engine.dispose()


def visitor(world: World, who: int, *, sightings: int = 2, at: datetime = MORNING) -> CustomerId:
    """A customer with images, templates and visits."""
    found: UUID | None = None
    for shot in range(sightings):
        event = world.event(person(who), at=at + timedelta(minutes=5 * shot), quality=0.7 + 0.05 * shot)
        found = world.send(event, jpeg(portrait(who))).decision.person_id
    assert found is not None
    return CustomerId(found)


def colleague(world: World, who: int) -> StaffId:
    """A staff member with a photograph and a sighting."""
    staff_id = world.hire(person(who), name=f"Colleague {who}")
    [face] = world.rows("select image_key, crop_key from footfall.staff_face_images where staff_id = :id", id=staff_id)
    for key in (face["image_key"], face["crop_key"]):
        world.services.objects.put(
            world.tenant_id, "derived", key.removeprefix(f"{world.tenant_id}/"), b"a face", "image/jpeg"
        )
    world.send(world.event(person(who), at=MORNING), jpeg(portrait(who)))
    return staff_id


def worker(world: World, name: str = "entrance-pi") -> UUID:
    """A worker that has registered."""
    key_id, worker_id = uuid4(), uuid4()
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        connection.execute(
            text(
                "insert into footfall.api_keys (tenant_id, key_id, name, secret_sha256, role)"
                " values (:tenant, :key, :name, sha256('x'), 'worker')"
            ),
            {"tenant": world.tenant_id, "key": key_id, "name": name},
        )
        connection.execute(
            text(
                "insert into footfall.workers (tenant_id, worker, worker_id, managed, key_id, first_seen_at)"
                " values (:tenant, :name, :worker, true, :key, null)"
                " on conflict (tenant_id, worker) do update set worker_id = :worker, managed = true, key_id = :key"
            ),
            {"tenant": world.tenant_id, "key": key_id, "name": name, "worker": worker_id},
        )
    return worker_id


def answer(world: World) -> int:
    """Every worker says that it has done what it was told; how many orders there were."""
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        return connection.execute(
            text(
                "update footfall.worker_commands set state = 'succeeded', finished_at = now()"
                " where kind = 'forget' and state = 'queued'"
            )
        ).rowcount


def of_customer(customer_id: CustomerId) -> CustomerSubject:
    return CustomerSubject(kind="customer", customer_id=customer_id)
