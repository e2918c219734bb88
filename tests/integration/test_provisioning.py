"""New tenants: made whole or not at all, and what a tenant cannot be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.base import TenantId
from footfall import provisioning
from footfall.errors import ConfigurationError, ConflictError, InputError
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import owner_engine
from footfall.tenancy import tenant_transaction
from tests.servers import MigratedPostgres


@pytest.fixture
def slug() -> str:
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def create(postgres: MigratedPostgres, slug: str) -> Callable[..., TenantId]:
    """create_tenant with all that a tenant needs; a test names what it changes."""
    return partial(
        provisioning.create_tenant,
        postgres.owner_dsn,
        slug=slug,
        name="Café Müller",
        privacy_mode="identify",
        legal_basis="consent",
        retention_days=30,
        admin_email="Admin@Example.com",
        admin_password="correct-horse-battery",
    )


def test_a_tenant_is_made_with_its_administrator_and_an_audit_trail(
    postgres: MigratedPostgres, create: Callable[..., TenantId], slug: str
) -> None:
    tenant_id = create()
    with owner_engine(postgres.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
        made = tenants.bound(connection)
        assert made is not None
        assert made == tenants.TenantRow(
            tenant_id=tenant_id,
            slug=slug,
            name="Café Müller",
            privacy_mode="identify",
            legal_basis="consent",
            retention_days=30,
            status_since=made.created_at,
            created_at=made.created_at,
        )
        users = connection.execute(text("select email, role, active from footfall.users")).all()
        assert [tuple(user) for user in users] == [("admin@example.com", "tenant_admin", True)]
        entries = connection.execute(text("select actor, action from footfall.audit_log order by audit_id")).all()
        assert [tuple(entry) for entry in entries] == [
            ("provisioning", "tenant.created"),
            ("provisioning", "user.created"),
        ]


def test_a_tenant_is_found_by_its_slug(postgres: MigratedPostgres, create: Callable[..., TenantId], slug: str) -> None:
    assert provisioning.find_tenant(postgres.owner_dsn, slug) is None
    tenant_id = create()
    assert provisioning.find_tenant(postgres.owner_dsn, slug) == tenant_id
    assert provisioning.find_tenant(postgres.app_dsn, slug) == tenant_id


def test_a_slug_belongs_to_one_tenant(create: Callable[..., TenantId], slug: str) -> None:
    create()
    with pytest.raises(ConflictError, match=f"There is a tenant '{slug}' already"):
        create()


def test_of_several_who_ask_for_one_slug_at_once_one_gets_it(create: Callable[..., TenantId]) -> None:
    def attempt(_number: int) -> TenantId | None:
        try:
            return create()
        except ConflictError:
            return None

    with ThreadPoolExecutor(4) as threads:
        made = [tenant_id for tenant_id in threads.map(attempt, range(4)) if tenant_id is not None]
    assert len(made) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slug": ""}, "slug"),
        ({"slug": "x"}, "slug"),
        ({"slug": "-ab"}, "slug"),
        ({"slug": "ab-"}, "slug"),
        ({"slug": "Ab"}, "slug"),
        ({"slug": "a b"}, "slug"),
        ({"slug": "a" * 64}, "slug"),
        ({"slug": "ab\n"}, "slug"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"privacy_mode": "everything"}, "privacy mode"),
        ({"legal_basis": "x" * 201}, "legal basis"),
        ({"legal_basis": "a\x00b"}, "legal basis"),
        ({"legal_basis": None}, "legal basis and retention days"),
        ({"legal_basis": "  "}, "legal basis and retention days"),
        ({"retention_days": None}, "legal basis and retention days"),
        ({"retention_days": 0}, "retention days cannot be 0"),
        ({"retention_days": 3651}, "retention days cannot be 3651"),
        ({"admin_email": "nobody"}, "e-mail address"),
        ({"admin_password": "short"}, "password"),
    ],
)
def test_what_a_tenant_cannot_be_is_refused_and_nothing_is_written(
    postgres: MigratedPostgres, create: Callable[..., TenantId], slug: str, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        create(**change)
    assert provisioning.find_tenant(postgres.owner_dsn, slug) is None


@pytest.mark.parametrize("privacy_mode", ["count_only", "staff_only"])
def test_the_modes_that_keep_nothing_of_strangers_need_no_legal_basis(
    postgres: MigratedPostgres, create: Callable[..., TenantId], slug: str, privacy_mode: str
) -> None:
    create(privacy_mode=privacy_mode, legal_basis=None, retention_days=None)
    assert provisioning.find_tenant(postgres.owner_dsn, slug) is not None


@pytest.mark.parametrize("role", ["app_dsn", "operator_dsn", "transform_dsn"])
def test_the_owner_alone_makes_tenants(postgres: MigratedPostgres, slug: str, role: str) -> None:
    with pytest.raises(ConfigurationError, match="permission denied"):
        provisioning.create_tenant(
            getattr(postgres, role),
            slug=slug,
            name="A tenant",
            privacy_mode="count_only",
            legal_basis=None,
            retention_days=None,
            admin_email="admin@example.com",
            admin_password="correct-horse-battery",
        )
