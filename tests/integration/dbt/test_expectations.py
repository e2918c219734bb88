"""Every suite on the real Great Expectations: it holds on good rows, and each thing it expects breaks on bad ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from contracts.expectations import SUITES
from contracts.expectations.suite import Expected, Suite
from footfall.errors import PostgresUnavailableError
from footfall.stores.expectations import Examination, examine
from footfall.tenancy import unbound_transaction
from tests.integration.marts import Dbt
from tests.servers import MigratedPostgres

ONE, TWO = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
_PLACE = {
    "tenant_id": ONE,
    "site_id": ONE,
    "site_name": "Lobby",
    # A Monday, and the first of its month.
    "bucket_start": "2026-06-01T00:00:00Z",
    "bucket_local": "2026-06-01T00:00:00",
}
_TRAFFIC = {
    **_PLACE,
    "staff_visits": 1,
    "visitor_visits": 3,
    "new_visitors": 1,
    "returning_visitors": 2,
    "unidentified_sightings": 0,
    "mean_dwell_seconds": 60.5,
}
GOOD: dict[str, dict[str, Any]] = {
    "sites": {"tenant_id": ONE, "site_id": ONE, "name": "Lobby", "timezone": "Europe/Vienna"},
    "visits": {
        **{"tenant_id": ONE, "visit_id": ONE, "site_id": ONE, "person_kind": "customer", "customer_id": ONE},
        **{"started_at": "2026-06-01T08:00:00Z", "ended_at": "2026-06-01T08:10:00Z", "sightings": 2},
        "is_first_visit": True,
    },
    "face_events": {
        **{"tenant_id": ONE, "event_id": ONE, "site_id": ONE, "camera_id": ONE, "decision": "unsure"},
        **{"captured_at": "2026-06-01T08:00:00Z", "received_at": "2026-06-01T08:00:01Z", "quality_score": 0.5},
    },
    "traffic_changes": {
        **{"tenant_id": ONE, "site_id": ONE, "touched_at": "2026-06-01T08:15:00Z"},
        "changed_at": "2026-06-01T08:20:03Z",
    },
    **{f"visits_{bucket}": _TRAFFIC for bucket in ("15min", "hourly", "daily", "weekly", "monthly")},
    "dwell": {
        **_PLACE,
        **{"visitor_visits": 3, "mean_seconds": 61, "median_seconds": 50, "p90_seconds": 200, "under_1_minute": 2},
        **{"from_1_to_5_minutes": 1, "from_5_to_15_minutes": 0, "from_15_to_60_minutes": 0, "over_1_hour": 0},
    },
    "occupancy": {**_PLACE, "visitors_inside": 0, "staff_inside": 1},
    "repeat_cohorts": {**_PLACE, "cohort_week": "2026-05-25", "weeks_since": 1, "customers": 4},
    "staff_presence": {
        **_PLACE,
        **{"staff_id": ONE, "first_seen_at": "2026-06-01T08:00:00Z", "last_seen_at": "2026-06-01T16:00:00Z"},
        **{"visits": 2, "present_seconds": 700},
    },
    "camera_health": {
        **_PLACE,
        **{"camera_id": ONE, "sightings": 5, "poor_quality_sightings": 1, "unsure_sightings": 1},
        **{"late_sightings": 0, "first_sighting_at": "2026-06-01T08:00:00Z"},
        **{"last_sighting_at": "2026-06-01T08:00:00Z", "mean_quality_score": 0.8},
    },
    "site_traffic": {
        **_PLACE,
        **{"visitor_visits": 3, "new_visitors": 1, "returning_visitors": 2, "returning_share": 0.7},
        **{"week_over_week": -0.5, "anomaly": None},
    },
}
# Of expectations that are a condition in SQL: what makes a good row a bad one.
BREAKS: dict[str, dict[str, Any]] = {
    "A site has a name.": {"name": "  "},
    "The database knows the zone of every site.": {"timezone": "Mars/Olympus"},
    "A visit is of one person at most.": {"staff_id": TWO},
    "No sighting is dated a day or more after its arrival.": {"captured_at": "2026-06-03T08:00:00Z"},
    "A change is noted by the quarter of an hour.": {"touched_at": "2026-06-01T08:16:00Z"},
    "Visitors are the new and the returning ones.": {"new_visitors": 2},
    "A bucket without anybody has no row.": {
        **{"staff_visits": 0, "visitor_visits": 0, "new_visitors": 0, "returning_visitors": 0}
    },
    "A bucket begins on a quarter of an hour.": {"bucket_start": "2026-06-01T00:05:00Z"},
    "A day is its own first moment.": {"bucket_local": "2026-06-01T01:00:00"},
    "A week begins on Monday.": {"bucket_local": "2026-06-02T00:00:00"},
    "A month begins on its first day.": {"bucket_local": "2026-06-02T00:00:00"},
    "The classes make up the visits.": {"over_1_hour": 7},
    "A quarter with nobody inside has no row.": {"staff_inside": 0},
    "A cohort is called by its Monday.": {"cohort_week": "2026-05-26"},
    "Poor and unsure sightings are among all of them.": {"unsure_sightings": 9},
}


def bad_rows(suite: Suite) -> Iterator[dict[str, Any]]:
    """Rows of which each breaks what one expectation says."""
    good = GOOD[suite.asset]
    for expected in suite.expected:
        told = expected.arguments
        match expected.kind:
            case "expect_column_values_to_not_be_null":
                yield {**good, str(told["column"]): None}
            case "expect_compound_columns_to_be_unique":
                yield from (good, good)
            case "expect_column_values_to_be_in_set":
                yield {**good, str(told["column"]): "neither"}
            case "expect_column_values_to_be_between":
                yield {**good, str(told["column"]): int(str(told["min_value"])) - 2}
            case "expect_column_pair_values_a_to_be_greater_than_b":
                yield {**good, **_swapped(good, expected)}
            case _ if expected.says == "A customer's first visit is one.":
                yield {**good, "visit_id": TWO}
            case _:
                yield {**good, **BREAKS[expected.says]}


def _swapped(good: dict[str, Any], expected: Expected) -> dict[str, Any]:
    earlier, later = str(expected.arguments["column_B"]), str(expected.arguments["column_A"])
    if good[earlier] == good[later]:
        return {later: "2026-05-01T00:00:00Z"}
    return {earlier: good[later], later: good[earlier]}


def tried(suite: Suite, kind: str) -> Suite:
    """The suite over a table of the test's own."""
    return replace(suite, asset=f"{kind}_{suite.asset}", table=f"marts.{kind}_{suite.asset}", latest="")


@pytest.fixture(scope="module")
def examined(
    dbt: Dbt, transform: Engine, database: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Examination]:
    """Of every suite, over good rows and over bad ones; and of one whose table is not there."""
    tables = [tried(suite, kind) for suite in SUITES for kind in ("good", "bad")]
    with unbound_transaction(transform) as connection:
        for suite in SUITES:
            for kind, rows in (("good", [GOOD[suite.asset]]), ("bad", list(bad_rows(suite)))):
                table = tried(suite, kind).table
                connection.execute(
                    text(f"create table {table} as select {', '.join(suite.columns)} from {suite.table} with no data")
                )
                connection.execute(
                    text(f"insert into {table} select * from jsonb_populate_recordset(null::{table}, :rows)"),
                    {"rows": json.dumps(rows)},
                )
    absent = replace(SUITES[0], asset="absent", table="marts.nothing_of_that_name")
    try:
        yield examine(database.transform_dsn, [*tables, absent], tmp_path_factory.mktemp("docs") / "data_docs")
    finally:
        with unbound_transaction(transform) as connection:
            for suite in tables:
                connection.execute(text(f"drop table {suite.table}"))


def test_every_suite_holds_of_good_rows_and_every_expectation_breaks_on_bad_ones(examined: Examination) -> None:
    results = {result.asset: result for result in examined.results}
    for suite in SUITES:
        assert results[f"good_{suite.asset}"].broken == (), suite.asset
        broken = {found.says for found in results[f"bad_{suite.asset}"].broken}
        assert broken == {expected.says for expected in suite.expected}, suite.asset
        assert all(found.rows for found in results[f"bad_{suite.asset}"].broken), suite.asset
    assert results["absent"].missing
    assert {result.asset for result in examined.results if result.missing} == {"absent"}


def test_the_pages_tell_what_broke_and_hold_nothing_of_the_rows_nor_of_elsewhere(
    examined: Examination, database: MigratedPostgres
) -> None:
    pages = list(examined.index.parent.rglob("*.html"))
    assert examined.index in pages
    assert len(pages) > 2 * len(SUITES)
    password = database.transform_dsn.split(":")[2].split("@")[0]
    for page in pages:
        told = page.read_text(encoding="utf-8")
        assert password not in told
        assert ONE not in told
        assert "Mars/Olympus" not in told
        assert 'src="http' not in told
        assert '<link rel="stylesheet" href="http' not in told
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert "A week begins on Monday." in shown


def test_nobody_reads_more_than_the_transform_may(database: MigratedPostgres) -> None:
    """No suite asks for a template, an image's key, a name of a person or JSON: the role could not read it."""
    for suite in SUITES:
        assert not {"embedding", "image_key", "display_name", "box", "quality"} & set(suite.columns)


def test_a_database_that_is_away_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailableError, match="does not answer"):
        examine("postgresql://footfall_transform:nobody@127.0.0.1:1/none", SUITES, tmp_path / "docs")
