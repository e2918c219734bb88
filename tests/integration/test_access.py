"""Passwords and API keys against the real tables: who gets in, and that every refusal is the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from contracts.base import CameraId, Role, SiteId, TenantId
from footfall import access, passwords
from footfall.access import Principal, authenticate_api_key, authenticate_password, create_api_key, create_user
from footfall.errors import ConflictError, FootfallError, InputError, NotFoundError, UnauthenticatedError
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_transaction
from tests.servers import MigratedPostgres, TenantFactory

EMAIL = "admin@example.com"
PASSWORD = "correct-horse-battery"
REFUSED = r"^The credentials are not valid\.$"


@pytest.fixture(scope="module")
def app(postgres: MigratedPostgres) -> Iterator[Engine]:
    engine = open_engine(postgres.app_dsn, PostgresSettings(pool_size=2), application="footfall-tests")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def slug() -> str:
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def tenant_id(tenant_factory: TenantFactory, slug: str) -> TenantId:
    """The tenant of the tests that leave its administrator alone."""
    return tenant_factory(slug=slug, admin_email=EMAIL, admin_password=PASSWORD)


@dataclass(frozen=True, slots=True)
class OwnTenant:
    tenant_id: TenantId
    slug: str


@pytest.fixture
def own(tenant_factory: TenantFactory) -> OwnTenant:
    """A tenant of the test's own, with nobody but its administrator."""
    slug = f"t-{uuid4().hex[:12]}"
    return OwnTenant(tenant_factory(slug=slug, admin_email=EMAIL, admin_password=PASSWORD), slug)


@pytest.fixture(scope="module")
def other_tenant(tenant_factory: TenantFactory) -> TenantId:
    return tenant_factory()


def _place(app: Engine, tenant_id: TenantId) -> tuple[SiteId, CameraId]:
    site_id, camera_id = SiteId(uuid4()), CameraId(uuid4())
    with tenant_transaction(app, tenant_id) as connection:
        ids = {"tenant": tenant_id, "site": site_id, "camera": camera_id, "name": uuid4().hex}
        connection.execute(
            text(
                "insert into footfall.sites (tenant_id, site_id, name, timezone) values (:tenant, :site, :name, 'UTC')"
            ),
            ids,
        )
        connection.execute(
            text(
                "insert into footfall.cameras (tenant_id, camera_id, site_id, name)"
                " values (:tenant, :camera, :site, :name)"
            ),
            ids,
        )
    return site_id, camera_id


def _actions(app: Engine, tenant_id: TenantId) -> list[str]:
    with tenant_transaction(app, tenant_id) as connection:
        return list(connection.execute(text("select action from footfall.audit_log order by audit_id")).scalars())


# --- passwords --------------------------------------------------------------------------------------


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


# --- users ------------------------------------------------------------------------------------------


def test_a_site_manager_reaches_the_given_sites_alone(app: Engine, tenant_id: TenantId, slug: str) -> None:
    site_id, _ = _place(app, tenant_id)
    _place(app, tenant_id)
    for email, sites in (("one@example.com", {site_id}), ("none@example.com", set[SiteId]())):
        create_user(app, tenant_id, email=email, password=PASSWORD, role="site_manager", site_ids=sites, actor="test")
        principal = authenticate_password(app, tenant_slug=slug, email=email, password=PASSWORD)
        assert (principal.role, principal.site_ids) == ("site_manager", frozenset(sites))


def test_a_site_of_another_tenant_cannot_be_given(app: Engine, own: OwnTenant, other_tenant: TenantId) -> None:
    site_id, _ = _place(app, other_tenant)
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
    assert _actions(app, own.tenant_id) == ["tenant.created", "user.created"]
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


# --- API keys ---------------------------------------------------------------------------------------


def _key(app: Engine, tenant_id: TenantId, **options: object) -> str:
    return create_api_key(app, tenant_id, name=uuid4().hex, role="worker", **options)  # type: ignore[arg-type]


def _key_id(key: str) -> UUID:
    return UUID(hex=key.split("_")[2])


def test_a_key_lets_its_holder_in(app: Engine, tenant_id: TenantId) -> None:
    key = _key(app, tenant_id)
    assert authenticate_api_key(app, key) == Principal(
        tenant_id=tenant_id, subject=f"key:{_key_id(key)}", role="worker", site_ids=None, camera_ids=None
    )


def test_a_key_has_256_random_bits_of_which_the_hash_alone_is_stored(app: Engine, tenant_id: TenantId) -> None:
    key = _key(app, tenant_id)
    assert re.fullmatch(rf"ffk_{tenant_id.hex}_[0-9a-f]{{32}}_[0-9a-f]{{64}}", key)
    assert key.rpartition("_")[2] != _key(app, tenant_id).rpartition("_")[2]
    with tenant_transaction(app, tenant_id) as connection:
        rows = connection.execute(text("select row_to_json(k)::text from footfall.api_keys as k")).scalars()
        assert key.rpartition("_")[2] not in " ".join(rows)


def test_a_key_may_be_bound_to_cameras(app: Engine, tenant_id: TenantId) -> None:
    _, camera_id = _place(app, tenant_id)
    assert authenticate_api_key(app, _key(app, tenant_id, camera_ids=[camera_id])).camera_ids == frozenset({camera_id})
    assert authenticate_api_key(app, _key(app, tenant_id, camera_ids=[])).camera_ids == frozenset()


def test_a_key_cannot_be_bound_to_a_camera_of_another_tenant(
    app: Engine, tenant_id: TenantId, other_tenant: TenantId
) -> None:
    _, camera_id = _place(app, other_tenant)
    with pytest.raises(NotFoundError, match=str(camera_id)):
        _key(app, tenant_id, camera_ids=[camera_id])


def test_the_last_use_of_a_key_is_noted_once_a_minute(app: Engine, own: OwnTenant) -> None:
    def last_used() -> datetime | None:
        with tenant_transaction(app, own.tenant_id) as connection:
            found: datetime | None = connection.execute(text("select last_used_at from footfall.api_keys")).scalar_one()
        return found

    key = _key(app, own.tenant_id)
    assert last_used() is None
    authenticate_api_key(app, key)
    first = last_used()
    assert first is not None
    authenticate_api_key(app, key)
    assert last_used() == first
    with tenant_transaction(app, own.tenant_id) as connection:
        connection.execute(text("update footfall.api_keys set last_used_at = now() - interval '2 minutes'"))
    authenticate_api_key(app, key)
    renewed = last_used()
    assert renewed is not None
    assert renewed >= first


WRONG_KEYS: dict[str, Callable[[str], str]] = {
    "another secret": lambda key: key[:-64] + "0" * 64,
    "no secret": lambda key: key[:-64],
    "another key": lambda key: "_".join((*key.split("_")[:2], uuid4().hex, key.split("_")[3])),
    "another tenant": lambda key: "_".join((key.split("_")[0], uuid4().hex, *key.split("_")[2:])),
    "another prefix": lambda key: "ffx" + key[3:],
    "a part more": lambda key: key + "_1",
    "upper case": lambda key: key[:-64] + key[-64:].upper(),
    "no ids": lambda key: "ffk_" + "z" * 32 + "_" + "z" * 32 + "_" + key[-64:],
    "nothing": lambda _key: "",
    "a NUL": lambda key: key[:-1] + "\x00",
    "a lone surrogate": lambda key: key[:-1] + "\ud800",
    "a password": lambda _key: PASSWORD,
}


@pytest.mark.parametrize("spoil", WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
def test_every_wrong_key_is_refused_alike(app: Engine, tenant_id: TenantId, spoil: Callable[[str], str]) -> None:
    wrong = spoil(_key(app, tenant_id))
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_api_key(app, wrong)


def test_a_key_of_one_tenant_does_not_open_another(app: Engine, tenant_id: TenantId, other_tenant: TenantId) -> None:
    _, _, key_id, secret = _key(app, tenant_id).split("_")
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_api_key(app, f"ffk_{other_tenant.hex}_{key_id}_{secret}")


def test_an_expired_key_is_refused(app: Engine, tenant_id: TenantId) -> None:
    now = datetime.now(UTC)
    live = _key(app, tenant_id, expires_at=now + timedelta(hours=1))
    assert authenticate_api_key(app, live).tenant_id == tenant_id
    with pytest.raises(InputError, match="has passed"):
        _key(app, tenant_id, expires_at=now - timedelta(seconds=1))
    with tenant_transaction(app, tenant_id) as connection:
        connection.execute(
            text("update footfall.api_keys set expires_at = now() where key_id = :id"), {"id": _key_id(live)}
        )
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_api_key(app, live)


def test_a_revoked_key_is_refused(app: Engine, own: OwnTenant) -> None:
    key = _key(app, own.tenant_id)
    access.revoke_api_key(app, own.tenant_id, _key_id(key), actor="test")
    with pytest.raises(UnauthenticatedError, match=REFUSED):
        authenticate_api_key(app, key)
    with pytest.raises(NotFoundError):
        access.revoke_api_key(app, own.tenant_id, _key_id(key), actor="test")
    assert _actions(app, own.tenant_id)[-2:] == ["api_key.created", "api_key.revoked"]


def test_another_tenants_key_cannot_be_revoked(app: Engine, tenant_id: TenantId, other_tenant: TenantId) -> None:
    key = _key(app, tenant_id)
    with pytest.raises(NotFoundError):
        access.revoke_api_key(app, other_tenant, _key_id(key), actor="test")
    assert authenticate_api_key(app, key).tenant_id == tenant_id


def test_a_name_is_given_to_one_key(app: Engine, tenant_id: TenantId) -> None:
    create_api_key(app, tenant_id, name="entrance", role="worker")
    with pytest.raises(ConflictError, match="'entrance'"):
        create_api_key(app, tenant_id, name="entrance", role="worker")


@pytest.mark.parametrize(
    ("name", "role", "expires_at"),
    [
        ("", "worker", None),
        ("x" * 201, "worker", None),
        ("two\nlines", "worker", None),
        ("key", "system_admin", None),
        ("key", "worker", datetime(2030, 1, 1)),  # noqa: DTZ001 - the point of the case
    ],
)
def test_a_key_that_cannot_be_is_refused(
    app: Engine, tenant_id: TenantId, name: str, role: Role, expires_at: datetime | None
) -> None:
    with pytest.raises(InputError):
        create_api_key(app, tenant_id, name=name, role=role, expires_at=expires_at)


def test_a_tenants_name_is_known_to_its_own(app: Engine, tenant_id: TenantId) -> None:
    assert access.tenant_name(app, tenant_id) == "A tenant of the tests"
    with pytest.raises(NotFoundError):
        access.tenant_name(app, TenantId(uuid4()))
