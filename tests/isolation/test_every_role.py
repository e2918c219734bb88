"""Every role at every tenant table, in both directions: nothing of another tenant is read, written, moved or copied."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.isolation.conftest import TwoTenants
from tests.isolation.probes import PROBES, READING, WRITING, findings
from tests.isolation.rows import MADE_BY_TRIGGERS, ROWS

TABLES = ("tenants", *ROWS, *MADE_BY_TRIGGERS)
every_table = pytest.mark.parametrize("table", TABLES)
both_ways = pytest.mark.parametrize("reversed_roles", [False, True], ids=["first", "second"])


@every_table
@both_ways
@pytest.mark.parametrize("role", ["app", "operator"])
def test_a_role_that_serves_tenants_reaches_no_other(
    request: pytest.FixtureRequest, two: TwoTenants, role: str, table: str, reversed_roles: bool
) -> None:
    mine, other = (two.second, two.first) if reversed_roles else (two.first, two.second)
    assert findings(request.getfixturevalue(role), mine, other, table) == []


@every_table
def test_the_owner_of_the_tables_is_held_to_the_policies_too(owner: Engine, two: TwoTenants, table: str) -> None:
    # It alone reads the list of tenants, through the two functions that need it.
    only = WRITING if table == "tenants" else tuple(PROBES)
    assert findings(owner, two.first, two.second, table, only=only) == []


@every_table
def test_the_role_that_builds_marts_writes_nothing(transform: Engine, two: TwoTenants, table: str) -> None:
    """What it may read across tenants is in test_transform; the notes of changed days are its own to remove."""
    only = tuple(name for name in WRITING if (table, name) != ("traffic_changes", "delete"))
    assert findings(transform, two.first, two.second, table, only=only) == []


def test_no_probe_is_left_out() -> None:
    assert {*READING, *WRITING} == set(PROBES)
