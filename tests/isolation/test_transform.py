"""footfall_transform, which dbt uses: every tenant's visits and sightings, and nothing of who they were."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from footfall.tenancy import unbound_transaction
from tests.isolation.conftest import TwoTenants
from tests.isolation.rows import MADE_BY_TRIGGERS, ROWS

SECRETS = [
    ("staff", "display_name"),
    ("staff", "external_ref"),
    ("staff_face_images", "embedding"),
    ("staff_face_images", "image_key"),
    ("staff_face_images", "landmarks"),
    ("customers", "customer_id"),
    ("customer_templates", "embedding"),
    ("face_events", "image_key"),
    ("face_events", "landmarks"),
    ("face_events", "box"),
    ("users", "email"),
    ("users", "password_hash"),
    ("api_keys", "secret_sha256"),
    ("tenants", "name"),
    ("audit_log", "detail"),
]


@pytest.mark.parametrize("table", ["sites", "visits", "face_events"])
def test_it_reads_across_tenants(transform: Engine, two: TwoTenants, table: str) -> None:
    with unbound_transaction(transform) as connection:
        seen = set(connection.execute(text(f"select tenant_id from footfall.{table}")).scalars())
    assert {two.first.tenant_id, two.second.tenant_id} <= seen


@pytest.mark.parametrize(("table", "column"), SECRETS)
def test_it_cannot_read_templates_images_or_names(transform: Engine, two: TwoTenants, table: str, column: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), unbound_transaction(transform) as connection:
        connection.execute(text(f"select {column} from footfall.{table}"))


def test_it_reads_no_column_that_could_hold_a_template_or_a_picture(transform: Engine) -> None:
    with unbound_transaction(transform) as connection:
        readable = connection.execute(
            text(
                "select c.relname || '.' || a.attname from pg_attribute as a"
                " inner join pg_class as c on c.oid = a.attrelid"
                " where c.relnamespace = 'footfall'::regnamespace and c.relkind = 'r' and a.attnum > 0"
                " and a.atttypid in ('bytea'::regtype, 'jsonb'::regtype, 'real[]'::regtype)"
                " and has_column_privilege(c.oid, a.attnum, 'SELECT')"
            )
        ).scalars()
        assert list(readable) == []


@pytest.mark.parametrize("table", sorted({*ROWS, *MADE_BY_TRIGGERS} - {"traffic_changes"}))
@pytest.mark.parametrize("command", ["INSERT", "UPDATE", "DELETE"])
def test_it_writes_nothing_of_the_record(transform: Engine, table: str, command: str) -> None:
    with unbound_transaction(transform) as connection:
        assert not connection.execute(
            text("select has_table_privilege(:name, :command)"), {"name": f"footfall.{table}", "command": command}
        ).scalar_one()


def test_it_cannot_ask_for_tenants(transform: Engine) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), unbound_transaction(transform) as connection:
        connection.execute(text("select footfall.tenant_ids()"))
