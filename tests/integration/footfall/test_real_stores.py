"""The main flow over the real parts: Postgres, a Milvus server and an S3 server. Vision is the mock: its weights are
tested where vision is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from contracts.base import FaceId, StaffId
from contracts.people import StaffCreate
from footfall.enrolled_faces import list_faces, read_picture, remove_face
from footfall.enrolment import enrol_face
from footfall.errors import NotFoundError, ObjectsUnavailableError, VectorsUnavailableError
from footfall.gallery import gallery_drift, rebuild_gallery
from footfall.pictures import sealed_face
from footfall.recognition_trial import recognition_test
from footfall.roster import create_staff, delete_staff
from footfall.services import Services, open_services
from footfall.settings import S3Settings, load_settings
from footfall.stores.objects import open_objects
from footfall.stores.vectors import open_vectors
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait, settle_in
from tests.servers import MigratedPostgres
from tests.vectors import like, person

ADA = portrait(1)
CROP = jpeg(portrait(1, side_px=160))


@pytest.fixture(scope="module")
def real_services(
    postgres: MigratedPostgres, milvus_uri: str, s3: S3Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    home: Path = tmp_path_factory.mktemp("home")
    offline = open_services(load_settings(home=home, offline=True, postgres={"app_dsn": postgres.app_dsn}))
    settings = load_settings(
        home=home,
        postgres={"app_dsn": postgres.app_dsn},
        milvus={"uri": milvus_uri, "alias": f"domain_{uuid4().hex[:8]}"},
        s3=s3,
    )
    services = replace(offline, settings=settings, vectors=open_vectors(settings), objects=open_objects(settings))
    services.prepare()
    yield services
    services.close()
    offline.vectors.close()


@pytest.fixture
def real(real_services: Services, new_tenant: NewTenant) -> World:
    return settle_in(real_services, new_tenant("identify"))


def test_staff_and_strangers_pass_a_camera(real: World) -> None:
    ada = StaffId(
        create_staff(real.services.engine, real.tenant_id, StaffCreate(display_name="Ada"), actor=ACTOR).staff_id
    )
    photograph = jpeg(ADA)
    face = enrol_face(real.services, real.tenant_id, ada, photograph, actor=ACTOR)
    assert read_picture(real.services, real.tenant_id, ada, FaceId(face.face_id), crop=False) == (
        photograph,
        "image/jpeg",
    )
    stored = real.services.objects.get(real.tenant_id, "derived", real.derived_keys()[1])
    assert sealed_face(stored) == face.face_id
    [seen] = real.services.vision.analyse_bytes(jpeg(ADA, quality=60))
    assert seen.vector is not None

    staff = real.send(real.event(seen.vector, at=MORNING - timedelta(minutes=5)), CROP)
    new = real.send(real.event(person(3)), CROP)
    known = real.send(real.event(like(person(3), 0.8), at=MORNING + timedelta(minutes=5)), CROP)
    again = real.send(real.event(like(person(3), 0.8), at=MORNING + timedelta(hours=5)), CROP)

    assert (staff.decision.kind, staff.decision.person_id) == ("staff", ada)
    assert [receipt.decision.kind for receipt in (new, known, again)] == ["new_customer", "customer", "customer"]
    assert [visit.sightings for visit in real.visits()] == [1, 2, 1]
    assert sorted(real.raw_keys()) == sorted(
        f"{real.tenant_id}/events/{receipt.event_id}.jpg" for receipt in (staff, new, known, again)
    )
    assert gallery_drift(real.services.engine, real.services.vectors, real.tenant_id).none
    assert recognition_test(real.services, real.tenant_id, ada, jpeg(ADA, quality=70)).matches


def test_strangers_whom_two_cameras_see_at_once_are_one_customer_each(real: World) -> None:
    events = [
        real.event(like(person(number), 0.95, shot=shot), camera=camera, at=MORNING + timedelta(seconds=number))
        for number in range(15)
        for shot, camera in enumerate(real.cameras)
    ]
    Random(7).shuffle(events)

    with ThreadPoolExecutor(20) as pool:
        kinds = [receipt.decision.kind for receipt in pool.map(real.send, events)]

    assert (kinds.count("new_customer"), kinds.count("customer"), real.count("customers")) == (15, 15, 15)


def test_what_is_removed_is_gone_from_every_server(real: World) -> None:
    ada, grace = (
        StaffId(
            create_staff(real.services.engine, real.tenant_id, StaffCreate(display_name=name), actor=ACTOR).staff_id
        )
        for name in ("Ada", "Grace")
    )
    first = enrol_face(real.services, real.tenant_id, ada, jpeg(ADA), actor=ACTOR)
    enrol_face(real.services, real.tenant_id, grace, jpeg(portrait(2)), actor=ACTOR)
    enrol_face(real.services, real.tenant_id, grace, jpeg(portrait(2), quality=80), actor=ACTOR)
    [seen] = real.services.vision.analyse_bytes(jpeg(portrait(2)))
    assert seen.vector is not None
    real.send(real.event(seen.vector), CROP)

    remove_face(real.services, real.tenant_id, ada, FaceId(first.face_id), actor=ACTOR)
    delete_staff(real.services, real.tenant_id, grace, actor=ACTOR)

    assert (real.vector_ids(), real.derived_keys(), real.raw_keys(), real.visits()) == (set(), [], [], [])
    assert list_faces(real.services, real.tenant_id, ada).items == ()
    with pytest.raises(NotFoundError):
        list_faces(real.services, real.tenant_id, grace)


def test_a_rebuild_serves_what_postgres_holds(real: World) -> None:
    known = real.see(person(8)).decision.person_id
    real.services.vectors.delete(real.tenant_id, sorted(real.vector_ids()))
    assert len(gallery_drift(real.services.engine, real.services.vectors, real.tenant_id).missing) == 1

    rebuild_gallery(real.services.engine, real.services.vectors, [real.tenant_id], real.services.model_version)

    assert gallery_drift(real.services.engine, real.services.vectors, real.tenant_id).none
    assert real.see(person(8), at=MORNING + timedelta(hours=2)).decision.person_id == known


def test_a_milvus_that_is_away_leaves_nothing(real: World) -> None:
    nowhere = real.services.settings.model_copy(
        update={
            "milvus": real.services.settings.milvus.model_copy(
                update={"uri": "http://127.0.0.1:9", "timeout_seconds": 1.0}
            )
        }
    )
    vectors = open_vectors(nowhere)
    cut_off = replace(real, services=replace(real.services, vectors=vectors))

    with pytest.raises(VectorsUnavailableError):
        cut_off.send(cut_off.event(person(9)), CROP)
    vectors.close()

    assert (real.count("face_events"), real.count("customers"), real.raw_keys()) == (0, 0, [])


def test_an_s3_that_is_away_leaves_nothing(real: World) -> None:
    nowhere = real.services.settings.model_copy(
        update={"s3": real.services.settings.s3.model_copy(update={"endpoint": "127.0.0.1:9"})}
    )
    cut_off = replace(real, services=replace(real.services, objects=open_objects(nowhere)))

    with pytest.raises(ObjectsUnavailableError):
        cut_off.send(cut_off.event(person(9)), CROP)

    assert (real.count("face_events"), real.count("customers"), real.vector_ids()) == (0, 0, set())
