"""A key for each face: what is kept of it opens with that key alone, in its own place, and is gone with the key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.base import EventId, FaceId
from contracts.enrolment import Objection
from contracts.erasure import CustomerSubject
from footfall.enrolled_faces import remove_face
from footfall.enrolment import enrol_face
from footfall.errors import ConfigurationError, EmbeddingInvalidError, InputError, NotAnImageError, NotFoundError
from footfall.face_keys import destroy_face_keys, destroy_tenant_keys, destroy_unused_keys
from footfall.face_vault import FaceVault, carrying
from footfall.gallery import gallery_drift, mend_gallery
from footfall.key_ring import RING_NAME, forget_ring, read_ring, refresh_key_rings, remember_ring, write_ring
from footfall.operations import open_operator_services
from footfall.pictures import sealed_face
from footfall.resealing import reseal
from footfall.settings import load_settings
from footfall.sighting_pictures import read_sighting_picture
from footfall.stores.postgres.sealed_templates import SEALED_BYTES
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.erasing import erasures_of, visitor
from tests.integration.footfall.world import ACTOR, World, jpeg, portrait
from tests.vectors import person

FACE, OTHER = jpeg(portrait(1, side_px=160)), jpeg(portrait(2, side_px=160))
OVERRULED: tuple[Objection, ...] = ("disagrees_with_others", "already_enrolled_as")
_TEMPLATES = "select embedding, opener from footfall.sighting_templates where event_id = :id"


def seen(world: World, number: int, image: bytes, *, event_id: UUID | None = None) -> EventId:
    return EventId(world.send(world.event(person(number), event_id=event_id), image).event_id)


def destroy(world: World, *faces: UUID) -> int:
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        return destroy_face_keys(connection, world.tenant_id, faces)


def picture(world: World, event_id: EventId, *, allowed_sites: set[UUID] | None = None) -> bytes:
    return read_sighting_picture(world.services, world.tenant_id, event_id, allowed_sites=allowed_sites)[0]


def with_vault(world: World, vault: FaceVault) -> World:
    return replace(
        world, services=replace(world.services, engine=world.services.engine.execution_options(**carrying(vault)))
    )


def test_what_is_kept_of_a_face_is_sealed_and_goes_with_its_key(world: World) -> None:
    erased, other = seen(world, 1, FACE), seen(world, 2, OTHER)
    for table in ("customer_templates", "event_templates"):
        lengths = world.rows(f"select distinct octet_length(embedding) as n from footfall.{table}")
        assert lengths == [{"n": SEALED_BYTES}]
    [key] = [key for key in world.raw_keys() if str(erased) in key]
    stored = world.services.objects.get(world.tenant_id, "raw", key)
    assert sealed_face(stored) == erased
    assert FACE not in stored
    assert (picture(world, erased), picture(world, other)) == (FACE, OTHER)

    assert destroy(world, erased) == 1
    assert destroy(world, erased) == 0
    # The rows and the object are there still, as they are in every backup, and open no more.
    assert (world.count("event_templates"), len(world.raw_keys())) == (2, 2)
    with pytest.raises(NotFoundError):
        picture(world, erased)
    assert world.rows(_TEMPLATES, id=erased) == []
    [kept] = world.rows(_TEMPLATES, id=other)
    assert kept["embedding"] == encode_vector(person(2))
    assert picture(world, other) == OTHER
    # Whoever reads templates goes on without it, the vector store included.
    drift = gallery_drift(world.services.engine, world.services.vectors, world.tenant_id)
    assert len(drift.orphaned) == 1
    mend_gallery(world.services.engine, world.services.vectors, world.tenant_id, world.services.model_version)
    assert world.see(person(1)).decision.kind == "new_customer"
    assert world.see(person(2)).decision.kind == "customer"


def test_a_tenants_keys_go_all_at_once_and_nobody_elses(worlds: Worlds, world: World) -> None:
    neighbour = worlds("identify")
    mine, theirs = seen(world, 1, FACE), seen(neighbour, 1, FACE)
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        assert destroy_tenant_keys(connection, neighbour.tenant_id) == 0
        assert destroy_tenant_keys(connection, world.tenant_id) == 1
    with pytest.raises(NotFoundError):
        picture(world, mine)
    assert picture(neighbour, theirs) == FACE


def test_a_repeated_event_keeps_its_key_and_a_site_manager_sees_their_own_sites(world: World) -> None:
    event_id = seen(world, 1, FACE)
    before = world.rows("select face_id, wrapped from footfall.face_keys")
    assert seen(world, 1, FACE, event_id=event_id) == event_id
    assert world.rows("select face_id, wrapped from footfall.face_keys") == before
    assert picture(world, event_id, allowed_sites={world.site_id}) == FACE
    with pytest.raises(NotFoundError):
        picture(world, event_id, allowed_sites={uuid4()})


def test_nothing_opens_in_another_place(world: World) -> None:
    one, other = seen(world, 1, FACE), seen(world, 2, OTHER)
    world.rows(
        "update footfall.event_templates as t set embedding = s.embedding from footfall.event_templates as s"
        " where t.event_id = :one and s.event_id = :other returning 1",
        one=one,
        other=other,
    )
    with pytest.raises(EmbeddingInvalidError):
        world.rows(_TEMPLATES, id=one)
    keys = {str(event_id): key for key in world.raw_keys() for event_id in (one, other) if str(event_id) in key}
    moved = world.services.objects.get(world.tenant_id, "raw", keys[str(other)])
    name = keys[str(one)].removeprefix(f"{world.tenant_id}/")
    world.services.objects.put(world.tenant_id, "raw", name, moved, "image/jpeg")
    with pytest.raises(NotAnImageError):
        picture(world, one)


def test_another_master_key_opens_nothing_and_says_so(world: World) -> None:
    event_id = seen(world, 1, FACE)
    stranger = with_vault(world, FaceVault(lambda: bytes(32)))
    with pytest.raises(ConfigurationError, match="another master key"):
        picture(stranger, event_id)
    with pytest.raises(ConfigurationError, match="another master key"):
        stranger.rows(_TEMPLATES, id=event_id)


def test_with_the_last_of_a_face_its_key_goes(world: World) -> None:
    ada = world.hire(person(3))
    face = enrol_face(world.services, world.tenant_id, ada, jpeg(portrait(4)), actor=ACTOR, overruled=OVERRULED)
    event_id = seen(world, 1, FACE)
    assert destroy(world, uuid4()) == 0
    remove_face(world.services, world.tenant_id, ada, FaceId(face.face_id), actor=ACTOR)
    held = {row["face_id"] for row in world.rows("select face_id from footfall.face_keys")}
    assert face.face_id not in held
    assert event_id in held
    # Of an anonymous sighting without picture and template nothing is kept that a key would open.
    world.rows("delete from footfall.event_templates returning 1")
    world.rows("delete from footfall.customer_templates returning 1")
    assert event_id in {row["face_id"] for row in world.rows("select face_id from footfall.face_keys")}
    world.rows("update footfall.face_events set image_key = null returning 1")
    assert destroy_unused_keys(world.services.engine, [world.tenant_id], dry_run=True) == 1
    assert destroy_unused_keys(world.services.engine, [world.tenant_id]) == 1
    assert event_id not in {row["face_id"] for row in world.rows("select face_id from footfall.face_keys")}


def test_what_is_plain_from_before_is_read_and_sealed_and_opened_again(world: World) -> None:
    before = with_vault(world, FaceVault(lambda: b"k" * 32, seals=False))
    now = with_vault(world, FaceVault(lambda: b"k" * 32))
    old, new = seen(before, 1, FACE), seen(now, 2, OTHER)
    assert before.count("face_keys") == 1
    assert (picture(now, old), picture(before, new)) == (FACE, OTHER)
    assert now.see(person(1)).decision.kind == "customer"

    engine, objects = now.services.engine, now.services.objects
    done = reseal(engine, objects, world.tenant_id, "seal")
    assert (done.templates, done.pictures, done.missing) == (2, 1, 0)
    again = reseal(engine, objects, world.tenant_id, "seal")
    assert (again.templates, again.pictures) == (0, 0)
    assert (picture(now, old), picture(now, new)) == (FACE, OTHER)
    assert now.rows(_TEMPLATES, id=old)[0]["embedding"] == encode_vector(person(1))
    with pytest.raises(ConfigurationError, match="is sealed"):
        reseal(engine, objects, world.tenant_id, "open")

    back = reseal(before.services.engine, objects, world.tenant_id, "open")
    assert back.pictures == 2
    assert {len(row["e"]) for row in world.rows("select embedding as e from footfall.event_templates")} == {2048}
    assert picture(before, new) == OTHER


def test_a_ring_is_written_anew_without_the_keys_that_were_destroyed(world: World, tmp_path: Path) -> None:
    erased, kept = seen(world, 1, FACE), seen(world, 2, OTHER)
    services = open_operator_services(world.services.settings)
    ring, away = tmp_path / RING_NAME, tmp_path / "unmounted" / RING_NAME
    vault = FaceVault(lambda: b"k" * 32)
    remember_ring(services.settings.home, ring)
    remember_ring(services.settings.home, away)
    settings = load_settings(
        home=services.settings.home, vault={"master_key": (b"k" * 32).hex()}, postgres=services.settings.postgres
    )
    write_ring(ring, vault, [])
    first = refresh_key_rings(settings, services.engine)
    assert [(state.path, state.fault is None) for state in first] == [(ring, True), (away, False)]
    assert {erased, kept} <= {entry.face_id for entry in read_ring(ring, vault)}
    destroy(world, erased)
    refresh_key_rings(settings, services.engine)
    held = {entry.face_id for entry in read_ring(ring, vault)}
    assert kept in held
    assert erased not in held
    # Another installation's ring is neither read nor written over: its backups need it.
    with pytest.raises(InputError, match="no key ring of this installation"):
        write_ring(ring, FaceVault(lambda: bytes(32)), [])
    assert {entry.face_id for entry in read_ring(ring, vault)} == held
    services.close()


def test_an_erasure_waits_for_a_ring_that_is_away(world: World, tmp_path: Path) -> None:
    ada = visitor(world, 1)
    away = tmp_path / "unmounted" / RING_NAME
    remember_ring(world.services.settings.home, away)
    with erasures_of(world) as erasures:
        request = erasures.request(CustomerSubject(kind="customer", customer_id=ada))
        waiting = erasures.run(request.request_id)
        assert waiting.status == "waiting"
        assert waiting.error is not None
        assert str(away) in waiting.error
        assert (world.raw_keys(), world.count("face_keys")) == ([], 0), "what can go is gone"
        assert forget_ring(world.services.settings.home, away)
        assert erasures.run(request.request_id).status == "completed"
