"""`footfall backup` and `restore` as an operator runs them: from one home into an empty one, then compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.stack import Stack
from contracts.base import FaceBox, FaceId, FaceQualityReport, StaffId, TemplateId, TenantId
from footfall.face_keys import destroy_face_keys
from footfall.gallery import list_tenant_ids
from footfall.key_ring import RING_NAME
from footfall.operations import OperatorServices, open_operator_services
from footfall.pictures import fetch_picture, put_picture
from footfall.stores.base import BucketKind, ObjectStore
from footfall.stores.objects import S3ObjectStore
from footfall.stores.postgres.customers import select_gallery
from footfall.stores.postgres.staff import NewFace, insert_face
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.world import jpeg, portrait
from tests.integration.marts import Record
from tests.integration.orchestration.test_gallery import enrol
from tests.integration.stack.conftest import Home, MakeHome
from tests.vectors import person

TENANT = ("tenant", "create", "acme", "--admin-email", "ana@example.org")


@pytest.fixture(scope="module")
def passphrase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secret") / "passphrase"
    path.write_text("correct horse battery\n")
    return path


PHOTOGRAPH = jpeg(portrait(1))


@contextmanager
def opened(home: Home) -> Iterator[tuple[OperatorServices, TenantId, ObjectStore]]:
    stack = Stack.load(home.settings)
    services = open_operator_services(stack.settings_for("dagster-code"))
    [tenant_id] = list_tenant_ids(services.engine)
    yield services, tenant_id, S3ObjectStore(stack.settings_for("api").s3)
    services.close()


def fill(home: Home) -> tuple[TemplateId, FaceId, FaceId]:
    """A tenant with a face of staff and images from before there were keys; and two faces of staff with keys."""
    assert home.footfall(*TENANT).returncode == 0
    with opened(home) as (services, tenant_id, objects):
        objects.ensure()
        record = Record(services.engine, tenant_id)
        plain = enrol(record, record.staff(), 1, services.model_version)
        objects.put(tenant_id, "raw", f"events/{uuid4()}.jpg", b"a face", "image/jpeg")
        objects.put(tenant_id, "derived", "staff/photograph.jpg", b"p" * 3_000_000, "image/jpeg")
        first, second = (keep(services, objects, tenant_id, record.staff(), number) for number in (2, 3))
    return TemplateId(plain), first, second


def keep(services: OperatorServices, objects: ObjectStore, tenant_id: TenantId, staff_id: UUID, number: int) -> FaceId:
    """A face of staff with its picture, as enrolment keeps them."""
    face_id = FaceId(uuid4())
    with tenant_transaction(services.engine, tenant_id) as connection:
        name = f"staff/{staff_id}/{face_id}/photograph.jpg"
        key = put_picture(connection, objects, tenant_id, PHOTOGRAPH, bucket="derived", name=name, face_id=face_id)
        new = NewFace(
            face_id=face_id,
            staff_id=StaffId(staff_id),
            image_key=key,
            image_sha256=face_id.bytes * 2,
            crop_key=key,
            box=FaceBox(x=1, y=1, width=80, height=80),
            landmarks=((22, 30), (58, 30), (40, 46), (26, 62), (54, 62)),
            quality=FaceQualityReport(score=0.8, size_px=80, sharpness=200, yaw_deg=0, roll_deg=0, detection_score=0.9),
            model_version=services.model_version,
            embedding=encode_vector(person(number)),
            background_faces=0,
        )
        assert insert_face(connection, tenant_id, new) is not None
    return face_id


BUCKETS: tuple[BucketKind, ...] = ("raw", "derived")


def images(home: Home) -> dict[str, bytes]:
    """As they were before they were sealed."""
    found: dict[str, bytes] = {}
    with opened(home) as (services, tenant_id, objects):
        for bucket in BUCKETS:
            for item in objects.list(tenant_id, bucket):
                found[item.key] = fetch_picture(services.engine, objects, tenant_id, bucket, item.key)
    return found


def refused(home: Home, backup: Path, passphrase: Path, *more: str) -> str:
    """What a restore into `home` complains of; it leaves nothing there."""
    told = home.footfall("restore", str(backup), "--passphrase-file", str(passphrase), *more)
    assert told.returncode == 2
    assert not (home.path / "secrets").exists()
    return told.stderr


@pytest.mark.e2e
def test_a_backup_restored_into_an_empty_home_is_what_was_backed_up(
    make_home: MakeHome, passphrase: Path, tmp_path: Path
) -> None:
    first, second = make_home(), make_home()
    first.up("schema", "s3")
    plain, erased, kept = fill(first)
    before = images(first)
    made = first.footfall("backup", str(tmp_path / "b"), "--passphrase-file", str(passphrase))
    assert made.returncode == 0, made.stderr
    assert "4 images" in made.stdout
    assert "2 keys" in made.stdout
    assert b"acme" not in (tmp_path / "b").read_bytes()
    # One face is erased after the backup, which nobody can change; the key ring beside it is written anew.
    with opened(first) as (services, tenant_id, _), tenant_transaction(services.engine, tenant_id) as connection:
        assert destroy_face_keys(connection, tenant_id, [erased]) == 1
    rings = first.footfall("keys", "rings")
    assert (rings.returncode, rings.stdout) == (0, f"{tmp_path / RING_NAME}  1 keys\n"), rings.stderr
    # And the master key is replaced: the ring is sealed with another one than the backup has.
    rotated = first.footfall("keys", "rotate-master")
    assert rotated.returncode == 0, rotated.stderr
    assert rotated.stdout.startswith("1 keys were wrapped anew, and 1 key rings written.")
    assert not (first.path / "secrets" / "faces.key.former").exists()
    first.down()

    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase")
    assert "The backup cannot be opened." in refused(second, tmp_path / "b", wrong)
    ringless = refused(second, tmp_path / "b", passphrase, "--key-ring", str(tmp_path / "none"))
    assert "Backups open with the newest key ring." in ringless
    assert "`footfall restore --master-key`" in refused(second, tmp_path / "b", passphrase)

    present = ("--master-key", str(first.path / "secrets" / "faces.key"))
    restored = second.footfall("restore", str(tmp_path / "b"), "--passphrase-file", str(passphrase), *present)
    assert restored.returncode == 0, restored.stderr
    assert "a gallery of 2 templates" in restored.stdout
    assert "Left out 1 images and 1 templates" in restored.stdout
    second.up("schema", "s3", "milvus")
    assert images(second) == {key: data for key, data in before.items() if str(erased) not in key}
    assert sum(data == PHOTOGRAPH for data in before.values()) == 2
    with opened(second) as (services, tenant_id, _):
        assert services.vectors.template_ids(tenant_id) == {plain, kept}
        with tenant_transaction(services.engine, tenant_id) as connection:
            rows = select_gallery(connection, services.model_version, after=None, limit=10)
        assert {row.template_id: row.embedding for row in rows} == {
            plain: encode_vector(person(1)),
            kept: encode_vector(person(3)),
        }
    sealing = second.footfall("keys", "seal-stored")
    assert sealing.returncode == 0, sealing.stderr
    # The one that is plain has a row that names no picture of its own.
    assert "Sealed 1 templates and 0 pictures; 2 pictures are missing" in sealing.stdout
    assert second.footfall("tenant", "create", "acme", "--admin-email", "b@example.org").returncode == 2, "it is there"

    again = second.footfall("restore", str(tmp_path / "b"), "--passphrase-file", str(passphrase))
    assert again.returncode == 2
    assert "holds postgres, s3, milvus, secrets already" in again.stderr
    assert not (second.path / "run" / "backup").exists()


def test_where_there_is_no_stack_there_is_nothing_to_back_up(
    make_home: MakeHome, passphrase: Path, tmp_path: Path
) -> None:
    told = make_home().footfall("backup", str(tmp_path / "b"), "--passphrase-file", str(passphrase))
    assert told.returncode == 2
    assert "There is no stack in" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_servers_that_are_not_the_stacks_own_are_left_to_their_own_tools(
    make_home: MakeHome, passphrase: Path, tmp_path: Path
) -> None:
    told = make_home().footfall(
        "backup",
        str(tmp_path / "b"),
        "--passphrase-file",
        str(passphrase),
        FOOTFALL_POSTGRES__DSN="postgresql://a:b@db.example.org/footfall",
    )
    assert told.returncode == 2
    assert "with their own tools" in told.stderr
