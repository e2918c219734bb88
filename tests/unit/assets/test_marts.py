"""What Dagster's page shows of a mart: how much there is and the latest rows, and of people none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dagster import TableMetadataValue

from assets.marts import figures_of, names_people
from footfall.stores.postgres.mart_figures import MartFigures

BUILT = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
FIGURES = MartFigures(12, 8192, BUILT, 2, [{"site_name": "Main", "visitor_visits": 4}])


def test_a_mart_shows_its_size_and_what_was_built_last() -> None:
    told = figures_of(FIGURES, preview=True)
    assert (told["dagster/row_count"], told["bytes"], told["rows of the latest build"]) == (12, 8192, 2)
    assert told["latest build"] == "2026-11-22T10:05:00+00:00"
    preview = told["preview"]
    assert isinstance(preview, TableMetadataValue)
    assert [dict(record.data) for record in preview.records] == [{"site_name": "Main", "visitor_visits": 4}]


def test_a_mart_of_people_and_an_empty_one_show_no_row() -> None:
    assert "preview" not in figures_of(FIGURES, preview=False)
    empty = figures_of(MartFigures(0, 0, None, 0, []), preview=True)
    assert "preview" not in empty
    assert empty["latest build"] == "none"


@pytest.mark.parametrize(("column", "expected"), [("staff_id", True), ("customer_id", True), ("customers", False)])
def test_a_row_with_the_id_of_a_person_tells_of_one(column: str, expected: bool) -> None:
    assert names_people({"columns": {"tenant_id": {}, column: {}}}) is expected
