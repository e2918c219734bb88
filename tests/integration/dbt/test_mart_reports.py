"""Reports that the marts alone can tell, as callers of the API read them of marts that dbt built."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from footfall import mart_reports
from footfall.errors import InputError
from footfall.mart_reports import MartReports, read
from footfall.stores.postgres.mart_rows import SiteSpan
from tests.integration.api.conftest import Running, Tenant, running_api
from tests.integration.api.harness import Caller, Json, slug_of
from tests.integration.marts import Dbt, Place, Record, new_tenant
from tests.servers import MigratedPostgres

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = datetime(2026, 6, 1, 10, tzinfo=VIENNA)
JUNE = {"since": "2026-06-01T00:00:00+02:00", "until": "2026-07-15T00:00:00+02:00"}
KINDS: list[MartReports[Any, Any]] = [
    mart_reports.DAYS, mart_reports.OCCUPANCY, mart_reports.DAILY_DWELL, mart_reports.COHORTS,
    mart_reports.STAFF_PRESENCE, mart_reports.CAMERA_HEALTH,
]  # fmt: skip
DOCS = Path(__file__).parents[3] / "docs" / "reports.md"


@pytest.fixture(scope="module")
def running(database: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_api(database, tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture
def tenant(record: Record, running: Running) -> Tenant:
    """Whose record is `record`."""
    return Tenant(record.tenant_id, "unused", running)


def come(record: Record, place: Place, at: datetime, visitors: int, *, new: int = 0) -> None:
    for index in range(visitors):
        record.visit(place, record.customer(), at, first=index < new)


def mondays(record: Record, place: Place, *visitors: int) -> None:
    """So many visitors, all of them new, on one Monday after the other."""
    for week, count in enumerate(visitors):
        come(record, place, MONDAY + timedelta(weeks=week), count, new=count)


def on_mondays(report: Json, place: Place) -> list[Json]:
    return [
        row
        for row in report["rows"]
        if row["site_id"] == str(place.site_id) and datetime.fromisoformat(row["bucket_start"]).weekday() == 0
    ]


def test_a_day_stands_beside_the_week_before_and_what_is_usual(dbt: Dbt, record: Record, tenant: Tenant) -> None:
    place = record.site(name="Shop")
    mondays(record, place, 10, 12, 8, 10, 40)
    come(record, place, MONDAY + timedelta(weeks=4), 10)
    dbt.refresh("visits_daily")

    report = tenant.admin.get("/v1/reports/days", **JUNE)

    assert datetime.fromisoformat(report["as_of"]) <= datetime.now(UTC)
    assert report["suppressed"] == 0
    assert len(report["rows"]) == 4 * 7 + 1, "days without anybody are there as well"
    first, *_, last = on_mondays(report, place)
    assert [first[name] for name in ("visitor_visits_week_before", "week_over_week", "usual_visits", "anomaly")] == (
        [None] * 4
    )
    assert last == {
        "site_id": str(place.site_id),
        "site_name": "Shop",
        "bucket_start": "2026-06-29T00:00:00+02:00",
        "visitor_visits": 50,
        "new_visitors": 40,
        "returning_visitors": 10,
        "returning_share": 0.2,
        "visitor_visits_week_before": 10,
        "week_over_week": 4.0,
        "usual_visits": 10.0,
        "anomaly": "high",
        "suppressed": False,
    }
    one = tenant.admin.get("/v1/reports/days", since="2026-06-29T00:00:00+02:00", until="2026-06-30T00:00:00+02:00")
    assert one["rows"] == [last], "what a day is compared with need not be in the report"


def test_people_inside_are_told_by_the_quarter_of_the_sites_clock(dbt: Dbt, record: Record, tenant: Tenant) -> None:
    place = record.site("Asia/Kathmandu", name="Shop")
    for _ in range(6):
        record.visit(place, record.customer(), "2026-06-01T10:05:00+05:45", minutes=20)
    record.visit(place, record.staff(), "2026-06-01T10:16:00+05:45", kind="staff", minutes=2)
    dbt.refresh("occupancy")

    report = tenant.admin.get("/v1/reports/occupancy", since="2026-06-01T00:00:00Z", until="2026-06-02T00:00:00Z")

    assert report["as_of"] is not None
    assert [
        (row["site_name"], row["bucket_start"], row["visitors_inside"], row["staff_inside"]) for row in report["rows"]
    ] == [("Shop", "2026-06-01T10:00:00+05:45", 6, 0), ("Shop", "2026-06-01T10:15:00+05:45", 6, 1)]


def test_nobody_is_told_of_anothers_sites(
    dbt: Dbt, database: MigratedPostgres, record: Record, tenant: Tenant, running: Running
) -> None:
    mine, kept = record.site(name="Mine"), record.site(name="Kept")
    stranger = Record(record.engine, new_tenant(database))
    for who, place in ((record, mine), (record, kept), (stranger, stranger.site())):
        mondays(who, place, 10)
        who.visit(place, who.staff(), MONDAY, kind="staff")
        who.sighting(place, MONDAY)
    dbt.refresh()
    manager = tenant.caller("site_manager", sites=[str(mine.site_id)])
    for report in (kind.name for kind in KINDS):
        asked = {"since": JUNE["since"], "until": "2026-06-08T00:00:00+02:00"}
        path = f"/v1/reports/{report}"
        assert {row["site_name"] for row in tenant.admin.get(path, **asked)["rows"]} == {"Mine", "Kept"}
        alone = tenant.admin.get(path, site_id=str(kept.site_id), **asked)
        assert {row["site_name"] for row in alone["rows"]} == {"Kept"}
        elsewhere = Tenant(stranger.tenant_id, "unused", running).admin.get(path, **asked)["rows"]
        assert {row["site_id"] for row in elsewhere}.isdisjoint({str(mine.site_id), str(kept.site_id)})
        assert elsewhere
        worker = tenant.caller("worker").refused("GET", path)
        assert (worker.status, slug_of(worker)) == (403, "forbidden")
        if report == "staff-presence":
            refused = manager.refused("GET", path)
            assert (refused.status, slug_of(refused)) == (403, "forbidden")
            continue
        assert {row["site_name"] for row in manager.get(path, **asked)["rows"]} == {"Mine"}
        assert tenant.caller("site_manager", sites=[]).get(path, **asked)["rows"] == []
        for site in (kept.site_id, UUID(int=1)):
            refused = manager.refused("GET", path, params={"site_id": str(site)})
            assert (refused.status, slug_of(refused)) == (404, "not-found")


def test_a_small_day_goes_with_all_that_would_tell_it(dbt: Dbt, record: Record, tenant: Tenant) -> None:
    place = record.site()
    mondays(record, place, 12, 12, 3, 12, 12, 12)
    dbt.refresh("visits_daily")
    manager = tenant.caller("site_manager", sites=[str(place.site_id)])

    # Asked from the fourth Monday on, so that the small one is not in the report and still must not follow from it.
    since = (MONDAY + timedelta(weeks=3)).replace(hour=0).isoformat()
    after = on_mondays(manager.get("/v1/reports/days", since=since, until=JUNE["until"]), place)
    assert [(row["visitor_visits"], row["visitor_visits_week_before"]) for row in after] == [
        (12, None), (12, 12), (12, 12),
    ]  # fmt: skip
    assert [row["week_over_week"] for row in after] == [None, 0, 0]
    assert [row["usual_visits"] for row in after] == [None] * 3
    assert all(row["suppressed"] for row in after)

    whole = manager.get("/v1/reports/days", **JUNE)
    before = on_mondays(whole, place)[:3]
    assert [row["usual_visits"] for row in before] == [None, 12, 12]
    assert [row["suppressed"] for row in before] == [False, False, True]
    assert before[2] == before[2] | dict.fromkeys(
        ("visitor_visits", "new_visitors", "returning_visitors", "returning_share", "week_over_week", "anomaly")
    )
    assert whole["suppressed"] == 4
    assert [row["usual_visits"] for row in on_mondays(tenant.admin.get("/v1/reports/days", **JUNE), place)][3] == 9


def test_few_people_inside_are_not_told(dbt: Dbt, record: Record, tenant: Tenant) -> None:
    place = record.site()
    come(record, place, MONDAY, 6)
    come(record, place, MONDAY + timedelta(hours=1), 4)
    record.visit(place, record.staff(), MONDAY, kind="staff")
    dbt.refresh("occupancy")
    asked = {"since": JUNE["since"], "until": "2026-06-02T00:00:00+02:00"}

    def told(report: Json) -> list[tuple[int | None, int | None, bool]]:
        return [(row["visitors_inside"], row["staff_inside"], row["suppressed"]) for row in report["rows"]]

    seen = tenant.caller("site_manager", sites=[str(place.site_id)]).get("/v1/reports/occupancy", **asked)
    assert told(seen) == [(6, None, True), (None, 0, True)]
    assert seen["suppressed"] == 2
    assert told(tenant.admin.get("/v1/reports/occupancy", **asked)) == [(6, 1, False), (4, 0, False)]


@dataclass(frozen=True, slots=True)
class Week:
    """`tenant` has a shop in which nine customers stayed three minutes, six of whom and three more came a week later
    for twenty; a colleague came twice on the first day, and the camera saw what follows."""

    record: Record
    tenant: Tenant
    place: Place
    staff_id: UUID

    def manager(self) -> Caller:
        return self.tenant.caller("site_manager", sites=[str(self.place.site_id)])

    def rows(self, report: str, caller: Caller | None = None) -> list[Json]:
        asked = {"since": JUNE["since"], "until": "2026-06-15T00:00:00+02:00"}
        found: list[Json] = (caller or self.tenant.admin).get(f"/v1/reports/{report}", **asked)["rows"]
        return found


@pytest.fixture(scope="module")
def week(dbt: Dbt, app: Engine, database: MigratedPostgres, running: Running) -> Week:
    record = Record(app, new_tenant(database))
    place = record.site(name="=Shop")
    people = [record.customer() for _ in range(12)]
    for person in people[:9]:
        record.visit(place, person, MONDAY, first=True, minutes=3)
    for person in people[3:]:
        record.visit(place, person, MONDAY + timedelta(weeks=1), first=person in people[9:], minutes=20)
    record.visit(place, people[0], MONDAY + timedelta(weeks=1, hours=1), minutes=90)
    ada = record.staff()
    for hours in (-2, 4):
        record.visit(place, ada, MONDAY + timedelta(hours=hours), kind="staff", minutes=30)
    for decision in ("stranger",) * 6 + ("unsure",) * 2 + ("poor_quality",) * 5:
        record.sighting(place, MONDAY, decision)
    dbt.refresh()
    return Week(record, Tenant(record.tenant_id, "unused", running), place, ada)


def test_how_long_visitors_stayed_is_told_by_the_day(week: Week) -> None:
    first, second = week.rows("daily-dwell")
    assert (first["bucket_start"], first["visitor_visits"], first["median_seconds"], first["from_1_to_5_minutes"]) == (
        "2026-06-01T00:00:00+02:00", 9, 180, 9,
    )  # fmt: skip
    assert (second["mean_seconds"], second["from_15_to_60_minutes"], second["over_1_hour"]) == (1620, 9, 1)

    first, second = week.rows("daily-dwell", week.manager())
    assert (first["from_1_to_5_minutes"], first["suppressed"]) == (9, False)
    assert (second["visitor_visits"], second["from_15_to_60_minutes"], second["over_1_hour"], second["suppressed"]) == (
        10, None, None, True,
    )  # fmt: skip


def test_who_came_back_is_told_by_the_week_of_their_first_visit(week: Week) -> None:
    def told(rows: list[Json]) -> list[tuple[str, str, int, int | None]]:
        return [(row["bucket_start"][:10], row["cohort_week"], row["weeks_since"], row["customers"]) for row in rows]

    assert told(week.rows("cohorts")) == [
        ("2026-06-01", "2026-06-01", 0, 9), ("2026-06-08", "2026-06-01", 1, 7), ("2026-06-08", "2026-06-08", 0, 3),
    ]  # fmt: skip
    # Seven would tell the three new ones: the week's ten different customers are no secret.
    assert [customers for *_, customers in told(week.rows("cohorts", week.manager()))] == [9, None, None]


def test_when_staff_were_seen_is_told_of_those_who_are_there(week: Week) -> None:
    [row] = week.rows("staff-presence")
    assert row == {
        "site_id": str(week.place.site_id),
        "site_name": "=Shop",
        "bucket_start": "2026-06-01T00:00:00+02:00",
        "staff_id": str(week.staff_id),
        "display_name": "A colleague",
        "first_seen_at": "2026-06-01T08:00:00+02:00",
        "last_seen_at": "2026-06-01T14:30:00+02:00",
        "visits": 2,
        "present_seconds": 3600,
        "suppressed": False,
    }


def test_what_a_camera_delivered_is_told_by_the_day(week: Week) -> None:
    [row] = week.rows("camera-health")
    assert (row["camera_name"], row["sightings"], row["poor_quality_sightings"], row["unsure_sightings"]) == (
        "entrance", 13, 5, 2,
    )  # fmt: skip
    assert row["first_sighting_at"] == row["last_sighting_at"] == MONDAY.isoformat()

    [seen] = week.rows("camera-health", week.manager())
    assert (seen["sightings"], seen["poor_quality_sightings"], seen["unsure_sightings"]) == (13, 5, None)
    assert (seen["first_sighting_at"], seen["last_sighting_at"], seen["suppressed"]) == (None, None, True)


def test_the_rows_come_as_csv(week: Week) -> None:
    asked = {"since": JUNE["since"], "until": "2026-06-02T00:00:00+02:00", "format": "csv"}
    for kind in KINDS:
        answer = week.tenant.admin.ask("GET", f"/v1/reports/{kind.name}", params=asked)
        assert answer.headers["content-disposition"] == f'attachment; filename="{kind.name}.csv"'
        row, *_ = csv.DictReader(io.StringIO(answer.text))
        assert row["site_name"] == "'=Shop"
        assert list(row) == list(week.rows(kind.name)[0])


def test_the_commands_of_the_documentation_are_answered(
    dbt: Dbt, record: Record, tenant: Tenant, running: Running, tmp_path: Path
) -> None:
    place = record.site()
    come(record, place, MONDAY, 6)
    dbt.refresh()
    commands = re.findall(r'^    (auth "\$API/v1/reports/.*)$', DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {kind.name for kind in KINDS} <= {re.split(r"[/?]", command)[3] for command in commands}
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", f'auth() {{ curl -s --fail -H "Authorization: Bearer $TOKEN" "$@"; }}\n{command}'],
            env={
                "PATH": "/usr/bin:/bin",
                "API": str(running.nobody.http.base_url).rstrip("/"),
                "TOKEN": tenant.admin.token or "",
                "SITE": str(place.site_id),
            },
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    assert (tmp_path / "occupancy.csv").read_text(encoding="utf-8").startswith("site_id,")


def test_a_tenant_of_whom_nothing_was_built_has_no_date(dbt: Dbt, record: Record) -> None:
    june = SiteSpan(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC), None, None)
    for kind in KINDS:
        told = read(record.engine, record.tenant_id, kind, june)
        assert (told.as_of, told.rows, told.suppressed) == (None, (), 0)


def test_a_span_that_is_too_long_is_refused(record: Record) -> None:
    since = datetime(2026, 6, 1, tzinfo=UTC)
    for kind, longest in zip(KINDS, (3660, 31, 3660, 728, 366, 366), strict=True):
        read(record.engine, record.tenant_id, kind, SiteSpan(since, since + timedelta(days=longest), None, None))
        too_long = SiteSpan(since, since + timedelta(days=longest, seconds=1), None, None)
        with pytest.raises(InputError, match=f"at most {longest} days"):
            read(record.engine, record.tenant_id, kind, too_long)
