"""Vectors without a row go after their grace, templates without a vector are told; held images stay and are renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from contracts.base import TemplateId
from footfall.held_images import renew_held_images
from footfall.legal_hold import Subject, place_hold
from footfall.orphaned_vectors import VectorSweep, sweep_orphaned_vectors
from footfall.retention import count_overdue_raw_images, sweep_expired_raw_images, sweep_orphaned_images
from footfall.stores.base import StoredTemplate
from tests.integration.footfall.world import ACTOR, World, jpeg, portrait
from tests.vectors import person

NOW = datetime.now(UTC)
GRACE = timedelta(hours=24)


def sweep(world: World, *, after: timedelta = timedelta(0), dry_run: bool = False) -> VectorSweep:
    [swept] = sweep_orphaned_vectors(
        world.services.engine,
        world.services.vectors,
        [world.tenant_id],
        world.services.model_version,
        grace=GRACE,
        now=NOW + after,
        dry_run=dry_run,
    )
    return swept


def plant(world: World, number: int) -> TemplateId:
    template_id = TemplateId(uuid4())
    world.services.vectors.upsert(
        world.services.model_version,
        [StoredTemplate(template_id, world.tenant_id, "customer", uuid4(), person(number))],
    )
    return template_id


def test_a_vector_without_a_row_goes_after_its_grace(world: World) -> None:
    world.see(person(1), NOW - timedelta(hours=1))
    [kept] = world.vector_ids()
    plant(world, 2)
    assert (sweep(world, dry_run=True).orphaned, world.count("orphaned_vectors")) == (1, 0)
    first = sweep(world)
    assert (first.vectors, first.orphaned, first.deleted, first.missing) == (2, 1, 0, 0)
    assert sweep(world, after=GRACE - timedelta(minutes=1)).deleted == 0
    later = plant(world, 3)
    last = sweep(world, after=GRACE)
    assert (last.orphaned, last.deleted, last.oldest) == (2, 1, NOW)
    assert world.vector_ids() == {kept, later}
    assert world.count("orphaned_vectors") == 1


def test_a_vector_that_got_its_row_is_no_orphan_and_a_lost_one_is_told(world: World) -> None:
    world.see(person(1), NOW - timedelta(hours=1))
    world.services.vectors.delete(world.tenant_id, sorted(world.vector_ids()))
    assert sweep(world).missing == 1


def test_nothing_goes_where_anything_is_held(world: World) -> None:
    plant(world, 2)
    sweep(world)
    world_hold(world)
    swept = sweep(world, after=2 * GRACE)
    assert (swept.orphaned, swept.deleted, swept.held) == (1, 0, True)


def world_hold(world: World) -> None:
    subject = Subject("camera", world.cameras[0])
    place_hold(world.services.engine, world.tenant_id, subject, reference="File 12", actor=ACTOR)


def test_held_images_outlive_their_term_and_the_rule_of_the_bucket(world: World) -> None:
    """The server says when an image was stored, so it is the sweep's clock that is put forward."""
    engine, objects, ids = world.services.engine, world.services.objects, [world.tenant_id]
    for camera in world.cameras:
        world.send(world.event(person(1), at=NOW - timedelta(hours=1), camera=camera), jpeg(portrait(1)))
    before = {item.key: item.modified_at for item in objects.list(world.tenant_id, "raw")}
    world_hold(world)
    [swept] = sweep_expired_raw_images(
        engine, objects, ids, bucket_days=30, now=NOW + timedelta(days=31), dry_run=False
    )
    assert (swept.found, swept.deleted, swept.held) == (2, 1, 1)
    overdue = count_overdue_raw_images(engine, objects, ids, bucket_days=30, now=NOW + timedelta(days=40))
    assert overdue == {}, "what is held is not overdue"

    assert [done.renewed for done in renew_held_images(engine, objects, ids, bucket_days=30, now=NOW)] == [0]
    [done] = renew_held_images(engine, objects, ids, bucket_days=30, now=NOW + timedelta(days=16))
    assert (done.held, done.renewed) == (1, 1)
    [kept] = objects.list(world.tenant_id, "raw")
    assert kept.modified_at > before[kept.key]

    objects.put(world.tenant_id, "raw", "stray.jpg", b"jpeg", "image/jpeg")
    sweep_orphaned_images(engine, objects, ids, now=NOW + timedelta(days=2), dry_run=False)
    assert len(world.raw_keys()) == 1
