"""API keys against the real tables: who gets in, and that every refusal is the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from contracts.base import Role, TenantId
from footfall import access
from footfall.access import Principal, authenticate_api_key, create_api_key
from footfall.errors import ConflictError, InputError, NotFoundError, UnauthenticatedError
from footfall.tenancy import tenant_transaction
from tests.integration.access.kit import PASSWORD, REFUSED, OwnTenant, actions, place


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
    _, camera_id = place(app, tenant_id)
    assert authenticate_api_key(app, _key(app, tenant_id, camera_ids=[camera_id])).camera_ids == frozenset({camera_id})
    assert authenticate_api_key(app, _key(app, tenant_id, camera_ids=[])).camera_ids == frozenset()


def test_a_key_cannot_be_bound_to_a_camera_of_another_tenant(
    app: Engine, tenant_id: TenantId, other_tenant: TenantId
) -> None:
    _, camera_id = place(app, other_tenant)
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
    assert actions(app, own.tenant_id)[-2:] == ["api_key.created", "api_key.revoked"]


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
