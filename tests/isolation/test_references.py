"""A row cannot refer to another tenant's row, whichever way it tries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from footfall.errors import ConflictError
from footfall.tenancy import tenant_transaction
from tests.isolation.conftest import TwoTenants
from tests.isolation.rows import insert

# The table, what makes its row another one than the planted, and the id that reaches into the other tenant.
REFERENCES = [
    ("cameras", "camera_id", "site_id"),
    ("user_sites", None, "user_id"),
    ("user_sites", None, "site_id"),
    ("staff_face_images", "face_id", "staff_id"),
    ("customer_templates", "template_id", "customer_id"),
    ("visits", "visit_id", "site_id"),
    ("visits", "visit_id", "customer_id"),
    ("face_events", "event_id", "site_id"),
    ("face_events", "event_id", "camera_id"),
    ("face_events", "event_id", "customer_id"),
    ("face_events", "event_id", "visit_id"),
    ("review_items", "item_id", "customer_id"),
    ("opt_out_templates", None, "opt_out_id"),
]


@pytest.mark.parametrize(("table", "own_key", "reference"), REFERENCES)
def test_a_reference_into_another_tenant_is_refused(
    app: Engine, two: TwoTenants, table: str, own_key: str | None, reference: str
) -> None:
    mine = two.first.with_fresh(*([own_key] if own_key else []))
    crossing = replace(mine, **{reference: getattr(two.second, reference)})
    with pytest.raises(ConflictError, match="_fkey"), tenant_transaction(app, mine.tenant_id) as connection:
        insert(connection, table, crossing)


@pytest.mark.parametrize(("table", "own_key"), sorted({(table, key) for table, key, _ in REFERENCES if key}))
def test_the_same_row_within_its_tenant_is_taken(app: Engine, two: TwoTenants, table: str, own_key: str) -> None:
    mine = two.first.with_fresh(own_key)
    with tenant_transaction(app, mine.tenant_id) as connection, connection.begin_nested() as undone:
        insert(connection, table, mine)
        undone.rollback()
