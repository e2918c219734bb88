"""What a platform tenant may that others may not, held by the database: listing and adding tenants, system admins."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from contracts.base import TenantId
from footfall.errors import ConflictError
from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.isolation.conftest import TwoTenants
from tests.servers import TenantFactory

_LIST = text("select tenant_id from footfall.tenants_of_platform()")
_ADD = text("select footfall.add_tenant(:platform, :slug, 'A tenant', 'count_only', null, null)")
_SYSTEM_ADMIN = text(
    "insert into footfall.users (tenant_id, email, password_hash, role)"
    " values (footfall.current_tenant(), :email, 'none', 'system_admin')"
)


@pytest.fixture(scope="module")
def platform(owner: Engine, tenant_factory: TenantFactory) -> TenantId:
    tenant_id = tenant_factory()
    with tenant_transaction(owner, tenant_id) as connection:
        connection.execute(text("update footfall.tenants set platform = true"))
    return tenant_id


def _listed(connection: Connection) -> list[UUID]:
    return list(connection.execute(_LIST).scalars())


def test_a_platform_tenant_lists_every_tenant(app: Engine, two: TwoTenants, platform: TenantId) -> None:
    with tenant_transaction(app, platform) as connection:
        assert {platform, two.first.tenant_id, two.second.tenant_id} <= set(_listed(connection))


def test_another_tenant_and_none_at_all_list_nothing(app: Engine, two: TwoTenants, platform: TenantId) -> None:
    with tenant_transaction(app, two.first.tenant_id) as connection:
        assert _listed(connection) == []
    with unbound_transaction(app) as connection:
        assert _listed(connection) == []


@pytest.mark.parametrize("role", ["transform"])
def test_nobody_but_the_application_may_ask(request: pytest.FixtureRequest, platform: TenantId, role: str) -> None:
    engine: Engine = request.getfixturevalue(role)
    with pytest.raises(ProgrammingError, match="permission denied"), unbound_transaction(engine) as connection:
        connection.execute(_LIST)


def test_a_tenant_is_added_in_the_name_of_a_platform_alone(app: Engine, two: TwoTenants, platform: TenantId) -> None:
    new = TenantId(uuid4())
    names = {"slug": f"t-{new.hex[:12]}"}
    with (
        pytest.raises(ProgrammingError, match="only a platform tenant"),
        tenant_transaction(app, new) as connection,
    ):
        connection.execute(_ADD, {**names, "platform": two.first.tenant_id})
    with tenant_transaction(app, new) as connection:
        assert connection.execute(_ADD, {**names, "platform": platform}).scalar_one() is True
    with tenant_transaction(app, TenantId(uuid4())) as connection:
        assert connection.execute(_ADD, {**names, "platform": platform}).scalar_one() is False, "the slug is taken"


def test_the_application_cannot_make_a_platform(app: Engine, two: TwoTenants) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenant_transaction(app, two.first.tenant_id) as connection,
    ):
        connection.execute(text("update footfall.tenants set platform = true"))


def test_a_system_admin_belongs_to_a_platform_tenant(app: Engine, two: TwoTenants, platform: TenantId) -> None:
    email = {"email": f"{uuid4().hex}@example.com"}
    with (
        pytest.raises(ConflictError, match="system_admins_in_platform"),
        tenant_transaction(app, two.first.tenant_id) as connection,
    ):
        connection.execute(_SYSTEM_ADMIN, email)
    with tenant_transaction(app, platform) as connection:
        connection.execute(_SYSTEM_ADMIN, email)


def test_nobody_of_another_tenant_becomes_one(app: Engine, two: TwoTenants) -> None:
    with (
        pytest.raises(ConflictError, match="system_admins_in_platform"),
        tenant_transaction(app, two.first.tenant_id) as connection,
    ):
        connection.execute(text("update footfall.users set role = 'system_admin'"))
