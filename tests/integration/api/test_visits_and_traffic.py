"""Visits and traffic as a site manager reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import NOW, face_event, send
from tests.integration.api.harness import Json, slug_of

SOMEBODY = "9a4b0c1d-2e3f-4a5b-8c6d-7e8f9a0b1c04"


@pytest.fixture(scope="module")
def busy(new_tenant: Callable[..., Tenant]) -> tuple[Tenant, Json, Json]:
    """Three customers yesterday at one site, one of them today at the other; one face that was only counted."""
    tenant = new_tenant()
    north, south = tenant.site("North"), tenant.site("South")
    worker = tenant.caller("worker")
    door, gate = tenant.camera(north["site_id"])["camera_id"], tenant.camera(south["site_id"])["camera_id"]
    yesterday = NOW - timedelta(days=1)
    for who in (1, 2, 3):
        send(worker, face_event(door, who=who, seen_at=yesterday + timedelta(minutes=who)))
    send(worker, face_event(gate, who=1, seen_at=NOW))
    send(worker, face_event(gate, seen_at=NOW))
    return tenant, north, south


def test_the_latest_visit_comes_first_and_pages_follow(busy: tuple[Tenant, Json, Json]) -> None:
    tenant, _, south = busy
    whole = tenant.admin.get("/v1/visits")["items"]
    assert [visit["started_at"] for visit in whole] == sorted((v["started_at"] for v in whole), reverse=True)
    assert (whole[0]["site_id"], whole[0]["is_first_visit"], whole[0]["is_open"]) == (south["site_id"], False, True)
    paged, cursor = [], None
    while True:
        page = tenant.admin.get("/v1/visits", limit=3, **({"cursor": cursor} if cursor else {}))
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [visit["visit_id"] for visit in paged] == [visit["visit_id"] for visit in whole]
    assert len(whole) == 4


def test_visits_are_filtered(busy: tuple[Tenant, Json, Json]) -> None:
    tenant, north, _ = busy
    camera = tenant.admin.get("/v1/cameras", site_id=north["site_id"])["items"][0]["camera_id"]
    since = (NOW - timedelta(hours=1)).isoformat()
    assert len(tenant.admin.get("/v1/visits", site_id=north["site_id"])["items"]) == 3
    assert len(tenant.admin.get("/v1/visits", camera_id=camera)["items"]) == 3
    assert len(tenant.admin.get("/v1/visits", since=since)["items"]) == 1
    assert len(tenant.admin.get("/v1/visits", until=since)["items"]) == 3
    assert tenant.admin.get("/v1/visits", person_kind="staff")["items"] == []


def test_a_site_manager_sees_their_visits(busy: tuple[Tenant, Json, Json]) -> None:
    tenant, _, south = busy
    manager = tenant.caller("site_manager", sites=[south["site_id"]])
    assert [visit["site_id"] for visit in manager.get("/v1/visits")["items"]] == [south["site_id"]]
    rows = manager.get("/v1/reports/traffic", source="live", until=(NOW + timedelta(hours=2)).isoformat())["rows"]
    assert {row["site_id"] for row in rows} == {south["site_id"]}


def test_counts_of_few_people_are_for_administrators_until_they_say_otherwise(busy: tuple[Tenant, Json, Json]) -> None:
    tenant, north, south = busy
    manager = tenant.caller("site_manager", sites=[north["site_id"], south["site_id"]])
    span = {"since": (NOW - timedelta(days=3)).isoformat(), "until": (NOW + timedelta(days=1)).isoformat()}
    asked = {"source": "live", "bucket": "day", **span}
    told = manager.get("/v1/reports/traffic", **asked)
    assert told["suppressed"] == len(told["rows"]) > 0
    for row in told["rows"]:
        assert row["suppressed"]
        assert row["visitor_visits"] is None
        assert row["mean_dwell_seconds"] is None
    for report in ("distribution", "new-returning", "dwell", "peak-hours", "repeat-rate"):
        quiet = manager.get(f"/v1/reports/{report}", **span)
        assert (quiet["visits"], quiet["suppressed"]) == (0, 1), report
        spoken = tenant.admin.get(f"/v1/reports/{report}", **span)
        assert (spoken["visits"], spoken["suppressed"]) == (4, 0), report

    mine = tenant.admin.ask("GET", "/v1/tenant")
    assert mine.json()["smallest_count"] == 5
    changed = tenant.admin.ask(
        "PATCH", "/v1/tenant", json={"smallest_count": 1}, headers={"If-Match": mine.headers["ETag"]}
    )
    assert changed.json()["smallest_count"] == 1
    seen = manager.get("/v1/reports/traffic", **asked)
    assert seen == tenant.admin.get("/v1/reports/traffic", **asked) | {"as_of": seen["as_of"]}
    assert manager.get("/v1/reports/dwell", **span)["visits"] == 4


def test_traffic_is_computed_from_the_visits(busy: tuple[Tenant, Json, Json]) -> None:
    tenant, north, south = busy
    report = tenant.admin.get(
        "/v1/reports/traffic",
        source="live",
        bucket="day",
        since=(NOW - timedelta(days=3)).isoformat(),
        until=(NOW + timedelta(days=1)).isoformat(),
    )
    assert (report["source"], report["bucket"]) == ("live", "day")
    assert datetime.fromisoformat(report["as_of"]) <= datetime.now(UTC)
    by_site = {
        site["site_id"]: [row for row in report["rows"] if row["site_id"] == site["site_id"]] for site in (north, south)
    }
    assert sum(row["new_visitors"] for row in by_site[north["site_id"]]) == 3
    assert sum(row["returning_visitors"] for row in by_site[south["site_id"]]) == 1
    assert sum(row["unidentified_sightings"] for row in by_site[south["site_id"]]) == 1


def test_the_report_of_the_last_days_needs_no_parameters(busy: tuple[Tenant, Json, Json]) -> None:
    tenant, north, _ = busy
    rows = tenant.admin.get("/v1/reports/traffic", source="live")["rows"]
    assert sum(row["visitor_visits"] for row in rows if row["site_id"] == north["site_id"]) == 3


def test_marts_that_were_not_built_yet_are_said_to_be_so(busy: tuple[Tenant, Json, Json]) -> None:
    report = busy[0].admin.get("/v1/reports/traffic")
    assert (report["source"], report["as_of"], report["rows"]) == ("marts", None, [])
    for name in ("days", "occupancy", "daily-dwell", "cohorts", "staff-presence", "camera-health"):
        assert busy[0].admin.get(f"/v1/reports/{name}") == {"as_of": None, "rows": [], "suppressed": 0}


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("/v1/visits?since=yesterday", "invalid-request"),
        ("/v1/visits?since=2026-11-22T08:00:00", "invalid-request"),
        ("/v1/visits?person_kind=ghost", "invalid-request"),
        ("/v1/visits?sort=asc", "invalid-request"),
        ("/v1/visits?sort=-person_id", "invalid-request"),
        ("/v1/visits?min_score=2", "invalid-request"),
        ("/v1/visits?min_score=0.8&max_score=0.7", "invalid-input"),
        (f"/v1/visits?staff_id={SOMEBODY}&customer_id={SOMEBODY}", "invalid-input"),
        ("/v1/visits.csv?limit=5", "invalid-request"),
        ("/v1/visits.csv?since=2026-11-22T08:00:00Z&until=2026-11-21T08:00:00Z", "invalid-input"),
        ("/v1/reports/distribution?by=name", "invalid-request"),
        ("/v1/reports/dwell?since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "invalid-input"),
        ("/v1/reports/days?since=2010-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "invalid-input"),
        ("/v1/reports/days?bucket=week", "invalid-request"),
        ("/v1/reports/occupancy?since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z", "invalid-input"),
        ("/v1/reports/occupancy?since=2026-01-01T00:00:00", "invalid-request"),
        ("/v1/reports/cohorts?since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "invalid-input"),
        ("/v1/reports/staff-presence?since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "invalid-input"),
        ("/v1/reports/camera-health?camera=1", "invalid-request"),
        ("/v1/reports/peak-hours?limit=0", "invalid-request"),
        ("/v1/reports/repeat-rate?within_days=0", "invalid-request"),
        ("/v1/reports/new-returning?bucket=hour", "invalid-request"),
        ("/v1/visits?since=2026-11-22T08:00:00Z&until=2026-11-21T08:00:00Z", "invalid-input"),
        ("/v1/reports/traffic?bucket=fortnight", "invalid-request"),
        ("/v1/reports/traffic?source=guess", "invalid-request"),
        ("/v1/reports/traffic?since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "invalid-input"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(busy: tuple[Tenant, Json, Json], query: str, slug: str) -> None:
    found = busy[0].admin.refused("GET", query)
    assert (found.status, slug_of(found)) == (422, slug)


def test_a_browsers_link_gets_a_report_as_csv(quiet: Tenant) -> None:
    """Whatever its Accept says, which no link can choose."""
    for name in ("traffic", "days", "occupancy", "dwell", "repeat-rate"):
        for wanted, media_type in (("csv", "text/csv"), ("json", "application/json")):
            accept = {"accept": "text/html, */*;q=0.8" if wanted == "csv" else "text/csv"}
            answer = quiet.admin.ask("GET", f"/v1/reports/{name}", params={"format": wanted}, headers=accept)
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"].startswith(media_type)
    assert quiet.admin.refused("GET", "/v1/reports/dwell", params={"format": "xml"}).status == 422
