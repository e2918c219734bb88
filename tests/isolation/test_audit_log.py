"""The audit log is only ever added to, and stands or falls with what it tells of."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from footfall import audit
from footfall.tenancy import tenant_transaction
from tests.isolation.conftest import TwoTenants
from tests.servers import TenantFactory


def test_an_entry_is_written_for_the_bound_tenant(app: Engine, tenant_factory: TenantFactory) -> None:
    tenant_id = tenant_factory()
    with tenant_transaction(app, tenant_id) as connection:
        audit.record(
            connection,
            actor="user:1",
            action="site.renamed",
            subject_kind="site",
            subject_id="7",
            detail={"from": "a", "to": "b"},
        )
        entry = connection.execute(
            text("select tenant_id, actor, subject_id, detail from footfall.audit_log where action = 'site.renamed'")
        ).one()
    assert tuple(entry) == (tenant_id, "user:1", "7", {"from": "a", "to": "b"})


def test_an_entry_falls_with_its_transaction(app: Engine, tenant_factory: TenantFactory) -> None:
    tenant_id = tenant_factory()

    def fail() -> None:
        with tenant_transaction(app, tenant_id) as connection:
            audit.record(connection, actor="a", action="never.happened", subject_kind="x", subject_id="1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with tenant_transaction(app, tenant_id) as connection:
        actions = connection.execute(text("select action from footfall.audit_log")).scalars()
        assert "never.happened" not in list(actions)


def test_bytes_such_as_a_template_cannot_be_logged(app: Engine, two: TwoTenants) -> None:
    with (
        pytest.raises(TypeError, match="not JSON serializable"),
        tenant_transaction(app, two.first.tenant_id) as connection,
    ):
        audit.record(
            connection,
            actor="a",
            action="b.c",
            subject_kind="x",
            subject_id="1",
            detail={"template": b"\x00"},  # type: ignore[dict-item]  # what the type forbids must fail at run time too
        )


@pytest.mark.parametrize(
    "statement",
    ["update footfall.audit_log set actor = 'somebody else'", "delete from footfall.audit_log"],
)
@pytest.mark.parametrize("role", ["app", "operator", "owner"])
def test_entries_are_neither_changed_nor_deleted(
    request: pytest.FixtureRequest, two: TwoTenants, role: str, statement: str
) -> None:
    engine: Engine = request.getfixturevalue(role)
    with pytest.raises(ProgrammingError) as refused, tenant_transaction(engine, two.first.tenant_id) as connection:
        connection.execute(text(statement))
    assert getattr(refused.value.orig, "sqlstate", None) == "42501"


def test_the_log_is_not_emptied_by_its_owner_either(owner: Engine, two: TwoTenants) -> None:
    with (
        pytest.raises(ProgrammingError, match="only ever added to"),
        tenant_transaction(owner, two.first.tenant_id) as connection,
    ):
        connection.execute(text("truncate footfall.audit_log cascade"))
