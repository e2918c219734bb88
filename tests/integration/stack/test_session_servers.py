"""The fixtures' servers are real and closed to strangers. What the product does with them is tested elsewhere."""

from __future__ import annotations

import io
import urllib.error
import urllib.request

import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from cli.stack.parts.probes import http_health, milvus_health
from footfall.settings import S3Settings
from tests.servers import MigratedPostgres, TenantFactory


def test_each_role_signs_in_as_itself_and_none_is_superuser(postgres: MigratedPostgres) -> None:
    wanted = {
        "footfall_owner": postgres.owner_dsn,
        "footfall_app": postgres.app_dsn,
        "footfall_operator": postgres.operator_dsn,
        "footfall_transform": postgres.transform_dsn,
    }
    for role, dsn in wanted.items():
        with psycopg.connect(dsn) as connection:
            found = connection.execute(
                "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user"
            ).fetchone()
        assert found == (role, False, False)


def test_postgres_refuses_a_wrong_password(postgres: MigratedPostgres) -> None:
    scheme, rest = postgres.app_dsn.split("footfall_app:")
    wrong = f"{scheme}footfall_app:wrong@{rest.split('@')[1]}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_tenants_are_made_one_after_another(tenant_factory: TenantFactory) -> None:
    assert tenant_factory() != tenant_factory()


def test_milvus_answers_its_version(milvus_uri: str) -> None:
    assert milvus_health(milvus_uri, token=None).detail.startswith("Milvus milvus_lite-3")


def test_a_port_without_milvus_is_unwell() -> None:
    assert not milvus_health("http://127.0.0.1:9", token=None).ok


def test_s3_stores_and_refuses_a_wrong_key(s3: S3Settings) -> None:
    assert s3.endpoint is not None
    assert s3.access_key is not None
    assert s3.secret_key is not None
    access = s3.access_key.get_secret_value()
    client = Minio(s3.endpoint, access, s3.secret_key.get_secret_value(), secure=False)
    if not client.bucket_exists("a-test"):
        client.make_bucket("a-test")
    client.put_object("a-test", "one", io.BytesIO(b"seen"), 4)
    assert client.get_object("a-test", "one").read() == b"seen"
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        Minio(s3.endpoint, access, "wrong", secure=False).bucket_exists("a-test")


def test_s3_gives_nothing_to_the_unsigned(s3: S3Settings) -> None:
    assert http_health(f"http://{s3.endpoint}/healthz", name="SeaweedFS").ok
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://{s3.endpoint}/a-test/one")
