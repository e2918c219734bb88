"""What the gallery's assets and checks say, without Dagster's machinery and without a store."""

from __future__ import annotations

from uuid import uuid4

import pytest
from dagster import AssetCheckSeverity, Failure

from assets.checks import verdict_on
from assets.failures import told_plainly
from assets.gallery import total_sizes
from contracts.base import TemplateId, TenantId
from footfall.errors import ConfigurationError, FootfallError, VectorsUnavailableError
from footfall.gallery import Drift
from footfall.stores.postgres.gallery import GallerySize

NO_DRIFT = Drift(missing=frozenset(), orphaned=frozenset())


def size(**counts: int) -> GallerySize:
    none = dict.fromkeys(
        (
            *("staff", "staff_faces", "unrecognisable_staff", "customers"),
            *("customer_templates", "other_version_templates"),
        ),
        0,
    )
    return GallerySize(tenant_id=TenantId(uuid4()), slug="a-tenant", **{**none, **counts})


def templates(count: int) -> frozenset[TemplateId]:
    return frozenset(TemplateId(uuid4()) for _ in range(count))


def test_totals_add_up_every_count_over_the_tenants() -> None:
    totals = total_sizes([size(staff=2, staff_faces=5), size(staff=1, customers=7, unrecognisable_staff=1)])
    assert totals == {
        "staff": 3,
        "staff_faces": 5,
        "unrecognisable_staff": 1,
        "customers": 7,
        "customer_templates": 0,
        "other_version_templates": 0,
    }


def test_totals_of_no_tenant_are_zero() -> None:
    assert set(total_sizes([]).values()) == {0}


def test_galleries_that_match_the_record_pass() -> None:
    result = verdict_on({TenantId(uuid4()): NO_DRIFT, TenantId(uuid4()): NO_DRIFT})
    assert result.passed
    assert result.metadata["tenants"].value == 2


@pytest.mark.parametrize(
    ("drift", "missing", "orphaned"),
    [
        (Drift(missing=templates(2), orphaned=frozenset()), 2, 0),
        (Drift(missing=frozenset(), orphaned=templates(3)), 0, 3),
        (Drift(missing=templates(1), orphaned=templates(1)), 1, 1),
    ],
    ids=["missing", "orphaned", "both"],
)
def test_one_drifted_gallery_fails_the_check_and_names_its_tenant(drift: Drift, missing: int, orphaned: int) -> None:
    drifted = TenantId(uuid4())
    result = verdict_on({TenantId(uuid4()): NO_DRIFT, drifted: drift})
    assert not result.passed
    assert result.severity is AssetCheckSeverity.ERROR
    assert result.metadata["missing"].value == missing
    assert result.metadata["orphaned"].value == orphaned
    assert result.metadata["drifted_tenants"].value == [str(drifted)]
    assert "gallery_index" in (result.description or "")


def test_a_failed_check_names_no_template() -> None:
    drift = Drift(missing=templates(2), orphaned=templates(2))
    result = verdict_on({TenantId(uuid4()): drift})
    told = f"{result.description} {dict(result.metadata)}"
    assert not [template for template in drift.missing | drift.orphaned if str(template) in told]


@pytest.mark.parametrize(
    ("error", "retries"),
    [
        (VectorsUnavailableError("Milvus did not answer.", hint="`footfall status`"), True),
        (ConfigurationError("The alias is in the way.", hint="Rename it."), False),
    ],
)
def test_an_error_becomes_a_failure_that_names_what_is_wrong_and_what_to_do(
    error: FootfallError, retries: bool
) -> None:
    """Only what may be back soon is tried again."""
    with pytest.raises(Failure) as raised, told_plainly():
        raise error
    assert raised.value.description == f"{error.title}: {error.message}"
    assert raised.value.metadata["what to do"].value == error.hint
    assert raised.value.allow_retries is retries


def test_other_exceptions_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), told_plainly():
        raise ZeroDivisionError
