"""`footfall backup` and `restore` as an operator runs them: from one home into an empty one, then compared."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from cli.stack import Stack
from contracts.base import TemplateId
from footfall.gallery import list_tenant_ids
from footfall.operations import open_operator_services
from footfall.stores.base import StoredObject
from footfall.stores.objects import S3ObjectStore
from tests.integration.marts import Record
from tests.integration.orchestration.test_gallery import enrol
from tests.integration.stack.conftest import Home, MakeHome

TENANT = ("tenant", "create", "acme", "--admin-email", "ana@example.org")


@pytest.fixture(scope="module")
def passphrase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secret") / "passphrase"
    path.write_text("correct horse battery\n")
    return path


def fill(home: Home) -> TemplateId:
    """A tenant with a member of staff, their face, and images."""
    assert home.footfall(*TENANT).returncode == 0
    stack = Stack.load(home.settings)
    services = open_operator_services(stack.settings_for("dagster-code"))
    [tenant_id] = list_tenant_ids(services.engine)
    record = Record(services.engine, tenant_id)
    face = enrol(record, record.staff(), 1, services.model_version)
    services.close()
    objects = S3ObjectStore(stack.settings_for("api").s3)
    objects.ensure()
    objects.put(tenant_id, "raw", f"events/{uuid4()}.jpg", b"a face", "image/jpeg")
    objects.put(tenant_id, "derived", "staff/photograph.jpg", b"p" * 3_000_000, "image/jpeg")
    return TemplateId(face)


def images(home: Home) -> list[tuple[str, bytes]]:
    stack = Stack.load(home.settings)
    services = open_operator_services(stack.settings_for("dagster-code"))
    [tenant_id] = list_tenant_ids(services.engine)
    services.close()
    objects = S3ObjectStore(stack.settings_for("api").s3)
    found: list[tuple[StoredObject, bytes]] = []
    for bucket in ("raw", "derived"):
        found += [(item, objects.get(tenant_id, bucket, item.key)) for item in objects.list(tenant_id, bucket)]
    return sorted((item.key, data) for item, data in found)


@pytest.mark.e2e
def test_a_backup_restored_into_an_empty_home_is_what_was_backed_up(
    make_home: MakeHome, passphrase: Path, tmp_path: Path
) -> None:
    first, second = make_home(), make_home()
    first.up("schema", "s3")
    face = fill(first)
    before = images(first)
    made = first.footfall("backup", str(tmp_path / "b"), "--passphrase-file", str(passphrase))
    assert made.returncode == 0, made.stderr
    assert "2 images" in made.stdout
    assert b"acme" not in (tmp_path / "b").read_bytes()
    first.down()

    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase")
    refused = second.footfall("restore", str(tmp_path / "b"), "--passphrase-file", str(wrong))
    assert refused.returncode == 2
    assert "The backup cannot be opened." in refused.stderr
    assert not (second.path / "secrets").exists()

    restored = second.footfall("restore", str(tmp_path / "b"), "--passphrase-file", str(passphrase))
    assert restored.returncode == 0, restored.stderr
    assert "a gallery of 1 templates" in restored.stdout
    second.up("schema", "s3", "milvus")
    assert images(second) == before
    services = open_operator_services(Stack.load(second.settings).settings_for("dagster-code"))
    [tenant_id] = list_tenant_ids(services.engine)
    assert services.vectors.template_ids(tenant_id) == {face}
    services.close()
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
