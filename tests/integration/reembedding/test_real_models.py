"""From the default model to its mirrored version over the real Postgres, Milvus Lite and SeaweedFS, with a run that is
killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import cv2
import numpy as np
import pytest

from contracts.base import FaceId, StaffId, TenantId
from contracts.people import StaffCreate
from footfall.environment import settings_environment
from footfall.gallery import gallery_drift
from footfall.photographs import templates_of
from footfall.pictures import png_of
from footfall.reembedding import reembed_tenant
from footfall.reembedding_switch import prepare_candidate, retire, serve
from footfall.roster import create_staff
from footfall.services import Services, open_services
from footfall.settings import S3Settings, Settings, load_settings
from footfall.stores.postgres import staff as staff_table
from footfall.stores.postgres.model_coverage import Coverage, count_coverage
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import BgrImage, Float32Array
from tests.integration.footfall.world import ACTOR, World, settle_in
from tests.integration.reembedding.two_versions import settled_tenant
from tests.servers import MigratedPostgres

OLD, NEW = "arcface-mbf-512-v1", "arcface-mbf-512-mirrored-v1"
RUN = """
import sys
from uuid import UUID
from footfall.reembedding import reembed_tenant
from footfall.services import open_services
from footfall.settings import load_settings

services = open_services(load_settings(), role="operator")
reembed_tenant(services, UUID(sys.argv[1]), sys.argv[2], on_batch=lambda batch: print(batch.embedded, flush=True))
"""


@pytest.fixture
def real_settings(
    database: MigratedPostgres, milvus_uri: str, s3: S3Settings, models_dir: object, tmp_path: object
) -> Settings:
    return load_settings(
        home=tmp_path,
        models_dir=models_dir,
        postgres={
            "app_dsn": database.app_dsn,
            "operator_dsn": database.operator_dsn,
            "statement_timeout_seconds": 60,
        },
        milvus={"uri": milvus_uri, "alias": f"second_{uuid4().hex[:8]}", "timeout_seconds": 60.0},
        s3=s3,
        recognition={"re_embed": "never"},
    )


@pytest.fixture
def operator(real_settings: Settings) -> Iterator[Services]:
    opened = open_services(real_settings, role="operator")
    yield opened
    opened.close()


@pytest.fixture
def world(real_settings: Settings, database: MigratedPostgres) -> Iterator[World]:
    opened = open_services(real_settings)
    opened.prepare()
    yield settle_in(opened, settled_tenant(database))
    opened.close()


def crop_of(number: int) -> BgrImage:
    """A picture as smooth as a face; the embedder takes it for somebody."""
    low = np.random.default_rng(number).integers(0, 255, size=(7, 7, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(low, (112, 112), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def enrol_crops(world: World, count: int) -> list[StaffId]:
    """Staff with a stored crop each, as enrolment leaves them, without looking for faces in photographs; their ids."""
    services, tenant_id = world.services, world.tenant_id
    shot = world.event(None).face
    hired: list[StaffId] = []
    for start in range(0, count, 50):
        crops = [crop_of(number) for number in range(start, min(count, start + 50))]
        for number, (crop, vector) in enumerate(zip(crops, templates_of(services.vision, crops), strict=True), start):
            made = create_staff(services.engine, tenant_id, StaffCreate(display_name=f"Staff {number}"), actor=ACTOR)
            staff_id, face_id = StaffId(made.staff_id), uuid4()
            hired.append(staff_id)
            name = f"staff/{staff_id}/{face_id}/crop.png"
            services.objects.put(tenant_id, "derived", name, png_of(crop), "image/png")
            new = staff_table.NewFace(
                face_id=FaceId(face_id),
                staff_id=staff_id,
                image_key=f"{tenant_id}/staff/{staff_id}/{face_id}/photograph.png",
                image_sha256=face_id.bytes * 2,
                crop_key=f"{tenant_id}/{name}",
                box=shot.box,
                landmarks=shot.landmarks,
                quality=shot.quality,
                model_version=services.model_version,
                embedding=encode_vector(vector),
                background_faces=0,
            )
            with tenant_transaction(services.engine, tenant_id) as connection:
                assert staff_table.insert_face(connection, tenant_id, new) is not None
    return hired


def probe(services: Services, number: int, model_version: str) -> Float32Array:
    [vector] = services.vision.opened(model_version).embedder.embed([crop_of(number)])
    return np.asarray(vector, dtype=np.float32)


def covered(services: Services, tenant_id: TenantId) -> Coverage:
    with tenant_transaction(services.engine, tenant_id) as connection:
        return count_coverage(connection, NEW)


@pytest.mark.parametrize("count", [150, pytest.param(3_000, marks=pytest.mark.e2e)])
def test_a_run_killed_with_signal_9_is_taken_up_by_the_next_and_served(
    world: World,
    operator: Services,
    real_settings: Settings,
    count: int,
) -> None:
    hired = enrol_crops(world, count)
    prepare_candidate(operator, NEW)
    environment = {**os.environ, **settings_environment(real_settings, secrets=True)}
    first = subprocess.Popen(
        [sys.executable, "-c", RUN, str(world.tenant_id), NEW], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert int(first.stdout.readline()) == 64  # one batch is done, the next begun
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    known = covered(operator, world.tenant_id).staff_faces_known
    assert 64 <= known < count
    done = reembed_tenant(operator, world.tenant_id, NEW)
    assert (done.embedded, done.set_aside, done.coverage.untried) == (count - known, 0, 0)
    switched = serve(operator, NEW)
    assert switched.rebuild.report.vectors == count
    for number in range(0, count, max(1, count // 20)):
        [hits] = operator.vectors.search(world.tenant_id, NEW, probe(operator, number, NEW)[np.newaxis], limit=1)
        assert hits[0].person_id == hired[number]
    assert gallery_drift(operator.engine, operator.vectors, world.tenant_id, NEW).none
    assert retire(operator, OLD).collections >= 1
