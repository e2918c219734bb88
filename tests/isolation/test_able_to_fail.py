"""That the suite would notice: each table is opened in each way in a scratch database, and each check finds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from contracts.base import TenantId
from footfall import provisioning
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.databases import fresh_database
from tests.isolation.catalogue import open_relations, tenant_tables
from tests.isolation.probes import findings
from tests.isolation.rows import MADE_BY_TRIGGERS, ROWS, Ids, plant, plant_as_operator
from tests.servers import ADMIN_PASSWORD, MigratedPostgres

TABLES = ("tenants", *ROWS, *MADE_BY_TRIGGERS)
_RULE = "tenant_id = footfall.current_tenant()"


@dataclass(frozen=True, slots=True)
class Opening:
    """A way to open a table, and back. `seen_by`: the probes that find it, where the role has the privilege at all;
    none where only the owner gains, who is no role of the application's."""

    statement: str
    undo: str
    seen_by: str | None


OPENINGS = {
    "the policy dropped": Opening(
        "drop policy tenant_isolation on {}",
        f"create policy tenant_isolation on {{}} using ({_RULE}) with check ({_RULE})",
        "read",
    ),
    "policies disabled": Opening(
        "alter table {} disable row level security", "alter table {} enable row level security", "read unbound"
    ),
    "policies not forced": Opening(
        "alter table {} no force row level security", "alter table {} force row level security", None
    ),
    "every row shown": Opening(
        "alter policy tenant_isolation on {} using (true)",
        f"alter policy tenant_isolation on {{}} using ({_RULE})",
        "copy out",
    ),
    "every row taken": Opening(
        "alter policy tenant_isolation on {} with check (true)",
        f"alter policy tenant_isolation on {{}} with check ({_RULE})",
        "insert",
    ),
    "a wider policy beside": Opening(
        "create policy wide on {} for select using (true)", "drop policy wide on {}", "read"
    ),
    "a wider policy for the role": Opening(
        "create policy wide on {} for select to footfall_app using (true)", "drop policy wide on {}", "read"
    ),
}


@dataclass(frozen=True, slots=True)
class Scratch:
    owner: Engine
    app: Engine
    first: Ids
    second: Ids

    def run(self, statement: str, table: str) -> None:
        with unbound_transaction(self.owner) as connection:
            connection.execute(text(statement.format(f"footfall.{table}")))

    def open_relations(self) -> set[str]:
        with unbound_transaction(self.owner) as connection:
            return set(open_relations(connection))


@pytest.fixture(scope="module")
def scratch(postgres: MigratedPostgres) -> Iterator[Scratch]:
    """A database of its own with two tenants in it, to be spoiled."""
    with fresh_database(postgres) as own:
        owner, app = (
            open_engine(dsn, PostgresSettings(pool_size=1), application="tests") for dsn in (own.owner_dsn, own.app_dsn)
        )
        first, second = (Ids(_tenant(own)) for _ in range(2))
        for ids in (first, second):
            with tenant_transaction(app, ids.tenant_id) as connection:
                plant(connection, ids)
            with tenant_transaction(owner, ids.tenant_id) as connection:
                plant_as_operator(connection, ids)
        yield Scratch(owner, app, first, second)
        owner.dispose()
        app.dispose()


def _tenant(own: MigratedPostgres) -> TenantId:
    return provisioning.create_tenant(
        own.owner_dsn,
        slug=f"scratch-{uuid4().hex[:12]}",
        name="To be spoiled",
        privacy_mode="count_only",
        legal_basis=None,
        retention_days=None,
        admin_email="admin@example.com",
        admin_password=ADMIN_PASSWORD,
    )


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("table", TABLES)
def test_an_opened_table_is_found(scratch: Scratch, table: str, opening: str) -> None:
    how = OPENINGS[opening]
    scratch.run(how.statement, table)
    try:
        assert scratch.open_relations() == {f"footfall.{table}"}
        if how.seen_by is not None and (how.seen_by != "insert" or table in ROWS):
            assert findings(scratch.app, scratch.first, scratch.second, table, only=(how.seen_by,))
    finally:
        scratch.run(how.undo, table)
    assert findings(scratch.app, scratch.first, scratch.second, table, only=(how.seen_by or "read",)) == []


def test_every_table_was_opened_and_is_closed_again(scratch: Scratch) -> None:
    with unbound_transaction(scratch.owner) as connection:
        assert tenant_tables(connection) == set(TABLES)
    assert scratch.open_relations() == set()


@pytest.mark.parametrize(
    ("table", "command", "probe"),
    [("review_items", "update", "update"), ("cameras", "delete", "delete"), ("review_items", "update", "give away")],
)
def test_a_policy_for_writing_alone_is_found(scratch: Scratch, table: str, command: str, probe: str) -> None:
    scratch.run(f"create policy wide on {{}} for {command} using (true)", table)
    scratch.run("create policy seen on {} for select using (true)", table)  # rows are written where they are seen
    try:
        assert scratch.open_relations() == {f"footfall.{table}"}
        assert findings(scratch.app, scratch.first, scratch.second, table, only=(probe,))
    finally:
        scratch.run("drop policy wide on {}", table)
        scratch.run("drop policy seen on {}", table)
