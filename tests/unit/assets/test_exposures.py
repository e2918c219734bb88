"""dbt's exposures are the dashboards' pages: every page has one, named as the router names it, and what the API's
reports read of the marts ends in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from footfall.stores.postgres import mart_reports
from footfall.stores.postgres.hour_counts import MART
from footfall.stores.postgres.reports import MARTS

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "dashboards" / "app_pages"
ALONE = {
    "days": mart_reports.DAYS.rows.table,
    "occupancy": mart_reports.OCCUPANCY.rows.table,
    "daily_dwell": mart_reports.DAILY_DWELL.rows.table,
    "cohorts": mart_reports.COHORTS.rows.table,
    "staff_presence": mart_reports.STAFF_PRESENCE.rows.table,
    "camera_health": mart_reports.CAMERA_HEALTH.rows.table,
}
"""By the client's method, the mart that alone tells what it answers."""
HOURS = re.compile(r"client\.(?:traffic|distribution|peak_hours)\(")


@pytest.fixture(scope="module")
def exposures() -> dict[str, dict[str, Any]]:
    told = yaml.safe_load((ROOT / "dbt" / "models" / "exposures.yml").read_text(encoding="utf-8"))
    return {exposure["name"]: exposure for exposure in told["exposures"]}


def marts_of(exposure: dict[str, Any]) -> set[str]:
    return set(re.findall(r"ref\('(\w+)'\)", " ".join(exposure["depends_on"])))


def test_every_page_is_an_exposure_and_called_what_the_router_calls_it(exposures: dict[str, dict[str, Any]]) -> None:
    router = (ROOT / "dashboards" / "app.py").read_text(encoding="utf-8")
    titles = dict(re.findall(r'st\.Page\("app_pages/(\w+)\.py", title="([^"]+)"', router))
    assert set(titles) == {path.stem for path in PAGES.glob("*.py")} - {"__init__"}
    assert {name: exposure["label"] for name, exposure in exposures.items()} == {
        f"{page}_page": title for page, title in titles.items()
    }


def test_what_reports_read_of_the_marts_is_seen_on_a_page(exposures: dict[str, dict[str, Any]]) -> None:
    read = {mart.removeprefix("marts.") for mart in (MART, *MARTS.values(), *ALONE.values())}
    assert set[str]().union(*map(marts_of, exposures.values())) == read


def test_a_page_that_asks_for_hours_says_so_and_no_other_does(exposures: dict[str, dict[str, Any]]) -> None:
    asking = {f"{path.stem}_page" for path in PAGES.glob("*.py") if HOURS.search(path.read_text(encoding="utf-8"))}
    assert {name for name, exposure in exposures.items() if "visits_hourly" in marts_of(exposure)} == asking


@pytest.mark.parametrize(("operation", "mart"), [(name, mart.removeprefix("marts.")) for name, mart in ALONE.items()])
def test_a_page_that_asks_what_one_mart_alone_tells_says_so(
    exposures: dict[str, dict[str, Any]], operation: str, mart: str
) -> None:
    asked = f"client.{operation}("
    asking = {f"{path.stem}_page" for path in PAGES.glob("*.py") if asked in path.read_text(encoding="utf-8")}
    assert asking
    assert {name for name, exposure in exposures.items() if mart in marts_of(exposure)} == asking


def test_a_page_that_lists_visits_rests_on_them(exposures: dict[str, dict[str, Any]]) -> None:
    listing = re.compile(r"client\.(?:visits|customer_visits|visits_csv|dwell|repeat_rate)\(")
    asking = {f"{path.stem}_page" for path in PAGES.glob("*.py") if listing.search(path.read_text(encoding="utf-8"))}
    resting = {name for name, each in exposures.items() if "source('footfall', 'visits')" in each["depends_on"]}
    assert resting == asking
