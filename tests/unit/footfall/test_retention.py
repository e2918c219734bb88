"""Which images outlived their term or their record; the stores' part is tried in tests/integration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from footfall.retention import raw_term, without_record
from footfall.stores.base import StoredObject

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def stored(name: str, **ago: float) -> StoredObject:
    return StoredObject(name, 10, NOW - timedelta(**ago))


@pytest.mark.parametrize(("bucket", "tenant", "days"), [(30, None, 30), (30, 7, 7), (30, 365, 30)])
def test_a_tenant_may_promise_less_than_the_bucket_and_never_more(bucket: int, tenant: int | None, days: int) -> None:
    assert raw_term(bucket, tenant) == timedelta(days=days)


def test_an_image_without_a_row_is_an_orphan_once_it_is_a_day_old() -> None:
    images = [stored("named", days=9), stored("being stored", hours=23), stored("orphan", hours=25)]
    assert [image.key for image in without_record(images, frozenset({"named"}), NOW)] == ["orphan"]
