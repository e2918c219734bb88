"""Passwords and users against the real tables: who gets in, and that every refusal is the same."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from contracts.base import Role, SiteId, TenantId
from footfall import access, passwords
from footfall.access import authenticate_password, create_user
from footfall.errors import ConflictError, FootfallError, InputError, NotFoundError, UnauthenticatedError
from footfall.tenancy import tenant_transaction
from tests.integration.access.kit import EMAIL, PASSWORD, REFUSED, OwnTenant, actions, place
from tests.servers import TenantFactory


@pytest.fixture(autouse=True)
def _as_it_ships(shipped_hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """At the cost that an attacker would have to pay, too."""
    monkeypatch.setattr(passwords, "_hasher", shipped_hasher)
    passwords._decoy_hash.cache_clear()
    yield
    passwords._decoy_hash.cache_clear()


def test_the_first_administrator_logs_in(app: Engine, tenant_id: TenantId, slug: str) -> None:
    principal = authenticate_password(app, tenant_slug=slug, email=EMAIL, password=PASSWORD)
    assert (principal.tenant_id, principal.role) == (tenant_id, "tenant_admin")
    assert (principal.site_ids, principal.camera_ids) == (None, None)
    assert principal.subject.startswith("user:")


@pytest.mark.parametrize("email", [" Admin@Example.COM ", "ADMIN@EXAMPLE.COM"])
def test_the_case_of_an_email_address_does_not_matter(app: Engine, tenant_id: TenantId, slug: str, email: str) -> None:
    assert authenticate_password(app, tenant_slug=slug, email=email, password=PASSWORD).tenant_id == tenant_id


def test_a_password_is_one_however_its_letters_are_composed(app: Engine, tenant_id: TenantId, slug: str) -> None:
    create_user(
        app, tenant_id, email="o@example.com", password="o\u0308sterreich-2026", role="tenant_admin", actor="test"
    )
    principal = authenticate_password(app, tenant_slug=slug, email="o@example.com", password="\u00f6sterreich-2026")
    assert principal.tenant_id == tenant_id


@pytest.mark.parametrize(
    "login",
    [
        (None, EMAIL, "wrong-password"),
        (None, EMAIL, ""),
        (None, EMAIL, "\ud800" * 12),
        (None, "nobody@example.com", PASSWORD),
        (None, "", PASSWORD),
        (None, "admin@example.com\x00", PASSWORD),
        (None, "\ud800@example.com", PASSWORD),
        (None, "' or true --", PASSWORD),
        ("no-such-tenant", EMAIL, PASSWORD),
        ("' or true --", EMAIL, PASSWORD),
        ("\x00", EMAIL, PASSWORD),
        ("", EMAIL, PASSWORD),
    ],
)
def test_every_wrong_login_is_refused_alike_after_the_same_work(
    app: Engine,
    tenant_id: TenantId,
    slug: str,
    monkeypatch: pytest.MonkeyPatch,
    login: tuple[str | None, str, str],
) -> None:
    tenant_slug, email, password = login
    checked = _count_checks(monkeypatch)
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_password(
            app, tenant_slug=slug if tenant_slug is None else tenant_slug, email=email, password=password
        )
    assert len(checked) == 1


def _count_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each hash that is worked through; the real work is done."""
    checked: list[str] = []
    matches = passwords.password_matches

    def noting(password_hash: str | None, password: str) -> bool:
        checked.append(password_hash or "nobody's")
        return matches(password_hash, password)

    monkeypatch.setattr(access, "password_matches", noting)
    return checked


def test_a_user_of_another_tenant_is_a_stranger(
    app: Engine, tenant_id: TenantId, tenant_factory: TenantFactory
) -> None:
    other = f"t-{uuid4().hex[:12]}"
    tenant_factory(slug=other, admin_email="other@example.com")
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_password(app, tenant_slug=other, email=EMAIL, password=PASSWORD)


def test_a_user_who_was_switched_off_is_refused(app: Engine, own: OwnTenant) -> None:
    with tenant_transaction(app, own.tenant_id) as connection:
        connection.execute(text("update footfall.users set active = false"))
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_password(app, tenant_slug=own.slug, email=EMAIL, password=PASSWORD)


def _stored_hash(app: Engine, tenant_id: TenantId) -> str:
    with tenant_transaction(app, tenant_id) as connection:
        return str(connection.execute(text("select password_hash from footfall.users")).scalar_one())


def test_passwords_are_kept_as_argon2id(app: Engine, own: OwnTenant) -> None:
    stored = _stored_hash(app, own.tenant_id)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_a_hash_of_weaker_parameters_is_renewed_at_login(app: Engine, own: OwnTenant) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with tenant_transaction(app, own.tenant_id) as connection:
        connection.execute(text("update footfall.users set password_hash = :weak"), {"weak": weak})
    authenticate_password(app, tenant_slug=own.slug, email=EMAIL, password=PASSWORD)
    renewed = _stored_hash(app, own.tenant_id)
    assert renewed != weak
    assert not PasswordHasher().check_needs_rehash(renewed)
    authenticate_password(app, tenant_slug=own.slug, email=EMAIL, password=PASSWORD)
    assert _stored_hash(app, own.tenant_id) == renewed


def test_a_hash_that_is_none_lets_nobody_in(app: Engine, own: OwnTenant) -> None:
    with tenant_transaction(app, own.tenant_id) as connection:
        connection.execute(text("update footfall.users set password_hash = :plain"), {"plain": PASSWORD})
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_password(app, tenant_slug=own.slug, email=EMAIL, password=PASSWORD)


def test_a_site_manager_reaches_the_given_sites_alone(app: Engine, tenant_id: TenantId, slug: str) -> None:
    site_id, _ = place(app, tenant_id)
    place(app, tenant_id)
    for email, sites in (("one@example.com", {site_id}), ("none@example.com", set[SiteId]())):
        create_user(app, tenant_id, email=email, password=PASSWORD, role="site_manager", site_ids=sites, actor="test")
        principal = authenticate_password(app, tenant_slug=slug, email=email, password=PASSWORD)
        assert (principal.role, principal.site_ids) == ("site_manager", frozenset(sites))


def test_a_site_of_another_tenant_cannot_be_given(app: Engine, own: OwnTenant, other_tenant: TenantId) -> None:
    site_id, _ = place(app, other_tenant)
    with pytest.raises(NotFoundError, match="no site"):
        create_user(
            app,
            own.tenant_id,
            email="x@example.com",
            password=PASSWORD,
            role="site_manager",
            site_ids={site_id},
            actor="test",
        )
    assert actions(app, own.tenant_id) == ["tenant.created", "user.created"]
    with tenant_transaction(app, own.tenant_id) as connection:
        assert connection.execute(text("select count(*) from footfall.users")).scalar_one() == 1


@pytest.mark.parametrize(
    ("user", "error"),
    [
        ((EMAIL.upper(), PASSWORD, "tenant_admin"), ConflictError),
        (("no address", PASSWORD, "tenant_admin"), InputError),
        (("@example.com", PASSWORD, "tenant_admin"), InputError),
        (("a@", PASSWORD, "tenant_admin"), InputError),
        (("a\x00@b", PASSWORD, "tenant_admin"), InputError),
        ((f"{'a' * 250}@b.cd", PASSWORD, "tenant_admin"), InputError),
        (("a@example.com", "elevenchars", "tenant_admin"), InputError),
        (("a@example.com", "x" * 1025, "tenant_admin"), InputError),
        (("a@example.com", PASSWORD, "worker"), InputError),
    ],
)
def test_a_user_that_cannot_be_is_refused(
    app: Engine, tenant_id: TenantId, user: tuple[str, str, Role], error: type[FootfallError]
) -> None:
    email, password, role = user
    with pytest.raises(error) as refused:
        create_user(app, tenant_id, email=email, password=password, role=role, actor="test")
    assert password not in f"{refused.value} {refused.value.hint}"
