"""Opening the services reads settings and weights, and connects to nothing."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from contracts.base import TenantId
from footfall.errors import ConfigurationError, VectorsUnavailableError
from footfall.services import open_services
from footfall.settings import Settings, load_settings
from tests.servers import MigratedPostgres
from tests.vectors import person

NOWHERE = "postgresql://footfall_app:none@127.0.0.1:9/footfall"


def offline(home: Path, **overrides: object) -> Settings:
    return load_settings(home=home, offline=True, **overrides)


@pytest.mark.parametrize("role", ["app", "operator"])
def test_a_role_without_a_dsn_is_named(tmp_path: Path, role: str) -> None:
    other = {"app": "operator_dsn", "operator": "app_dsn"}[role]

    with pytest.raises(ConfigurationError, match=f"footfall_{role}") as refusal:
        open_services(offline(tmp_path, postgres={other: NOWHERE}), role="app" if role == "app" else "operator")

    assert refusal.value.hint is not None
    assert f"FOOTFALL_POSTGRES__{role.upper()}_DSN" in refusal.value.hint


def test_opening_connects_to_nothing(tmp_path: Path) -> None:
    services = open_services(offline(tmp_path, postgres={"app_dsn": NOWHERE}))

    assert services.model_version == "mock-1"
    services.close()


def test_preparing_makes_what_the_stores_lack_and_may_be_repeated(tmp_path: Path, postgres: MigratedPostgres) -> None:
    services = open_services(offline(tmp_path, postgres={"app_dsn": postgres.app_dsn}))
    with pytest.raises(VectorsUnavailableError):
        services.vectors.search(TenantId(uuid4()), "mock-1", person(1)[None], limit=1)

    services.prepare()
    services.prepare()

    assert services.objects.lifecycle_days("raw") == services.settings.s3.raw_retention_days
    services.close()


def test_the_policy_without_a_calibration_is_the_stated_default_at_the_settings_rates(tmp_path: Path) -> None:
    strict = open_services(offline(tmp_path, postgres={"app_dsn": NOWHERE}, recognition={"target_fpir": 1e-4}))
    lax = open_services(
        offline(tmp_path, postgres={"app_dsn": NOWHERE}, recognition={"target_fpir": 0.05, "margin": 0.07})
    )

    assert strict.policy.threshold_high > lax.policy.threshold_high > lax.policy.threshold_low
    assert strict.policy.threshold_low == lax.policy.threshold_low
    assert lax.policy.margin == 0.07
    assert lax.policy.source.startswith("not calibrated: mock-1, which was never measured")
    strict.close()
    lax.close()


def test_swapped_rates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"unsure_fpir \(0.001\) must be at least target_fpir \(0.01\)"):
        open_services(
            offline(tmp_path, postgres={"app_dsn": NOWHERE}, recognition={"target_fpir": 0.01, "unsure_fpir": 0.001})
        )
