"""Reports that the marts alone can tell, as callers of the API read them of marts that dbt built."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from footfall.errors import InputError
from footfall.mart_reports import days, occupancy
from tests.integration.api.conftest import Running, Tenant, running_api
from tests.integration.api.harness import Json, slug_of
from tests.integration.marts import Dbt, Place, Record, new_tenant
from tests.servers import MigratedPostgres

VIENNA = ZoneInfo("Europe/Vienna")
MONDAY = datetime(2026, 6, 1, 10, tzinfo=VIENNA)
JUNE = {"since": "2026-06-01T00:00:00+02:00", "until": "2026-07-15T00:00:00+02:00"}
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
    dbt.refresh()

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
    dbt.refresh()

    report = tenant.admin.get("/v1/reports/occupancy", since="2026-06-01T00:00:00Z", until="2026-06-02T00:00:00Z")

    assert report["as_of"] is not None
    assert [
        (row["site_name"], row["bucket_start"], row["visitors_inside"], row["staff_inside"]) for row in report["rows"]
    ] == [("Shop", "2026-06-01T10:00:00+05:45", 6, 0), ("Shop", "2026-06-01T10:15:00+05:45", 6, 1)]


def test_nobody_is_told_of_anothers_sites(
    dbt: Dbt, database: MigratedPostgres, record: Record, tenant: Tenant, running: Running
) -> None:
    mine, kept = record.site(name="Mine"), record.site(name="Kept")
    mondays(record, mine, 10)
    mondays(record, kept, 10)
    stranger = Record(record.engine, new_tenant(database))
    mondays(stranger, stranger.site(), 10)
    dbt.refresh()
    manager = tenant.caller("site_manager", sites=[str(mine.site_id)])
    for report in ("days", "occupancy"):
        asked = {"since": JUNE["since"], "until": "2026-06-08T00:00:00+02:00"}
        path = f"/v1/reports/{report}"
        assert {row["site_name"] for row in tenant.admin.get(path, **asked)["rows"]} == {"Mine", "Kept"}
        assert {row["site_name"] for row in manager.get(path, **asked)["rows"]} == {"Mine"}
        assert tenant.caller("site_manager", sites=[]).get(path, **asked)["rows"] == []
        alone = tenant.admin.get(path, site_id=str(kept.site_id), **asked)
        assert {row["site_name"] for row in alone["rows"]} == {"Kept"}
        for site in (kept.site_id, UUID(int=1)):
            refused = manager.refused("GET", path, params={"site_id": str(site)})
            assert (refused.status, slug_of(refused)) == (404, "not-found")
        worker = tenant.caller("worker").refused("GET", path)
        assert (worker.status, slug_of(worker)) == (403, "forbidden")
        elsewhere = Tenant(stranger.tenant_id, "unused", running).admin
        assert {row["site_id"] for row in elsewhere.get(path, **asked)["rows"]}.isdisjoint(
            {str(mine.site_id), str(kept.site_id)}
        )


def test_a_small_day_goes_with_all_that_would_tell_it(dbt: Dbt, record: Record, tenant: Tenant) -> None:
    place = record.site()
    mondays(record, place, 12, 12, 3, 12, 12, 12)
    dbt.refresh()
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
    dbt.refresh()
    asked = {"since": JUNE["since"], "until": "2026-06-02T00:00:00+02:00"}

    def told(report: Json) -> list[tuple[int | None, int | None, bool]]:
        return [(row["visitors_inside"], row["staff_inside"], row["suppressed"]) for row in report["rows"]]

    seen = tenant.caller("site_manager", sites=[str(place.site_id)]).get("/v1/reports/occupancy", **asked)
    assert told(seen) == [(6, None, True), (None, 0, True)]
    assert seen["suppressed"] == 2
    assert told(tenant.admin.get("/v1/reports/occupancy", **asked)) == [(6, 1, False), (4, 0, False)]


def test_the_rows_come_as_csv(dbt: Dbt, record: Record, tenant: Tenant) -> None:
    place = record.site(name="=Shop")
    come(record, place, MONDAY, 6)
    dbt.refresh()
    for report, column in (("days", "visitor_visits"), ("occupancy", "visitors_inside")):
        asked = {"since": JUNE["since"], "until": "2026-06-02T00:00:00+02:00"}
        answer = tenant.admin.ask("GET", f"/v1/reports/{report}", params={**asked, "format": "csv"})
        assert answer.headers["content-disposition"] == f'attachment; filename="{report}.csv"'
        [row] = csv.DictReader(io.StringIO(answer.text))
        assert (row["site_name"], row[column]) == ("'=Shop", "6")
        [as_json] = tenant.admin.get(f"/v1/reports/{report}", **asked)["rows"]
        assert list(row) == list(as_json)


def test_the_commands_of_the_documentation_are_answered(
    dbt: Dbt, record: Record, tenant: Tenant, running: Running, tmp_path: Path
) -> None:
    place = record.site()
    come(record, place, MONDAY, 6)
    dbt.refresh()
    commands = re.findall(r'^    (auth "\$API/v1/reports/.*)$', DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {"days", "occupancy"} <= {re.split(r"[/?]", command)[3] for command in commands}
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
    since, until = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
    for report in (days, occupancy):
        told = report(record.engine, record.tenant_id, since=since, until=until)
        assert (told.as_of, told.rows, told.suppressed) == (None, (), 0)


def test_a_span_that_is_too_long_is_refused(record: Record) -> None:
    since = datetime(2026, 6, 1, tzinfo=UTC)
    for report, longest in ((days, 3660), (occupancy, 31)):
        report(record.engine, record.tenant_id, since=since, until=since + timedelta(days=longest))
        with pytest.raises(InputError, match=f"at most {longest} days"):
            report(record.engine, record.tenant_id, since=since, until=since + timedelta(days=longest, seconds=1))
