"""CSV over HTTP: whole, harmless, in little memory however much there is, and gone when its reader leaves."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import pytest
from sqlalchemy import text

from api.main import create_app
from benchmarks.visit_rows import fill
from footfall.exports import visits_csv
from footfall.stores.postgres.visit_lists import VisitFilter
from footfall.tenancy import tenant_transaction
from footfall.visit_lists import export_visits
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import Caller, Documented, serving

VISITS = 20_000
MILLION = 1_000_000
MOST_BYTES = 24_000_000
"""What an export may add to the process at its highest: a few batches and their text."""


@pytest.fixture(scope="module")
def filled(running: Running, new_tenant: Callable[..., Tenant]) -> Tenant:
    tenant = new_tenant()
    fill(running.engine, tenant.tenant_id, VISITS)
    return tenant


@pytest.fixture
def lonely(running: Running, filled: Tenant) -> Iterator[Caller]:
    """An administrator of an API that sends one export at a time, and has three connections."""
    changed = {
        "api": running.settings.api.model_copy(update={"exports_at_once": 1}),
        "postgres": running.settings.postgres.model_copy(update={"pool_size": 3}),
    }
    app = create_app(running.settings.model_copy(update=changed))
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield Caller(http, Documented(app.openapi()), filled.admin.token)


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_every_visit_is_in_the_file_once_in_the_lists_order(filled: Tenant) -> None:
    answer = filled.admin.ask("GET", "/v1/visits.csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="visits.csv"'
    found = rows(answer)
    assert len({row["visit_id"] for row in found}) == len(found) == VISITS
    page = filled.admin.get("/v1/visits", limit=500)["items"]
    assert [row["visit_id"] for row in found[:500]] == [visit["visit_id"] for visit in page]
    for row, visit in zip(found, page, strict=False):
        assert datetime.fromisoformat(row["started_at"]) == datetime.fromisoformat(visit["started_at"])
        assert float(row["dwell_seconds"]) == visit["dwell_seconds"]


def test_the_filters_of_the_list_are_the_files(filled: Tenant) -> None:
    site = filled.admin.get("/v1/sites")["items"][0]["site_id"]
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()

    found = rows(filled.admin.ask("GET", "/v1/visits.csv", params={"site_id": site, "since": since}))

    assert 0 < len(found) < 100
    assert {row["site_id"] for row in found} == {site}
    manager = filled.caller("site_manager", sites=[site])
    assert {row["site_id"] for row in rows(manager.ask("GET", "/v1/visits.csv"))} == {site}


def test_another_tenants_visits_are_in_no_file(filled: Tenant, other_tenant: Tenant) -> None:
    # It may have visits of its own, by which test ran before.
    theirs, ours = (rows(one.admin.ask("GET", "/v1/visits.csv")) for one in (other_tenant, filled))
    assert ours
    assert {row["visit_id"] for row in theirs}.isdisjoint(row["visit_id"] for row in ours)
    site = filled.admin.get("/v1/sites")["items"][0]["site_id"]
    assert other_tenant.admin.refused("GET", "/v1/visits.csv", params={"site_id": site}).status == 404


def test_names_are_no_formulas_in_the_file(new_tenant: Callable[..., Tenant], running: Running) -> None:
    tenant = new_tenant()
    fill(running.engine, tenant.tenant_id, 1, sites=1)
    with tenant_transaction(running.engine, tenant.tenant_id) as connection:
        connection.execute(text("update footfall.sites set name = '=HYPERLINK(\"http://x\")'"))

    [row] = rows(tenant.admin.ask("GET", "/v1/visits.csv"))

    assert row["site_name"] == '\'=HYPERLINK("http://x")'


def test_a_second_export_waits_for_none_and_is_told_to_come_again(lonely: Caller) -> None:
    with lonely.http.stream("GET", "/v1/visits.csv", headers={"Authorization": f"Bearer {lonely.token}"}) as first:
        next(first.iter_raw())
        second = lonely.ask("GET", "/v1/visits.csv")
        assert (second.status_code, second.json()["type"]) == (429, "urn:footfall:problem:busy")
        assert lonely.get("/v1/visits", limit=1)["items"]


def test_a_reader_who_leaves_gives_place_and_connection_back(lonely: Caller) -> None:
    # More often than there are connections: one that was kept would be missed.
    for _ in range(5):
        with lonely.http.stream("GET", "/v1/visits.csv", headers={"Authorization": f"Bearer {lonely.token}"}) as answer:
            assert answer.status_code == 200
            next(answer.iter_raw())
        _until_the_lane_is_empty(lonely)
    assert len(rows(lonely.ask("GET", "/v1/visits.csv"))) == VISITS


def test_an_export_that_cannot_begin_is_a_problem_document(lonely: Caller) -> None:
    nowhere = {"site_id": "00000000-0000-4000-8000-000000000000"}
    assert lonely.refused("GET", "/v1/visits.csv", params=nowhere).status == 404
    _until_the_lane_is_empty(lonely)


def _highest(running: Running, tenant: Tenant) -> int:
    """Bytes that Python held at most while it wrote every visit of the tenant."""
    tracemalloc.start()
    try:
        for piece in visits_csv(export_visits(running.engine, tenant.tenant_id, VisitFilter())):
            assert piece
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_visits(
    running: Running, filled: Tenant, new_tenant: Callable[..., Tenant]
) -> None:
    few = new_tenant()
    fill(running.engine, few.tenant_id, VISITS // 10)
    assert _highest(running, filled) < 1.5 * _highest(running, few)


@pytest.mark.e2e
def test_a_million_visits_take_no_more_memory_than_a_thousand(
    running: Running, new_tenant: Callable[..., Tenant]
) -> None:
    """The server runs in this process, and so does its reader, who keeps nothing."""
    tenant = new_tenant()
    fill(running.engine, tenant.tenant_id, MILLION)
    process = psutil.Process()
    before, highest, lines = process.memory_info().rss, 0, 0
    headers = {"Authorization": f"Bearer {tenant.admin.token}"}
    with tenant.admin.http.stream("GET", "/v1/visits.csv", headers=headers, timeout=120) as answer:
        for number, piece in enumerate(answer.iter_raw()):
            lines += piece.count(b"\n")  # of CRLF, which a piece may end in the middle of
            if number % 50 == 0:
                highest = max(highest, process.memory_info().rss)
    assert lines == MILLION + 1
    assert highest - before < MOST_BYTES


def _until_the_lane_is_empty(caller: Caller) -> None:
    for _ in range(500):
        if 'footfall_lane_requests{lane="exports"} 0.0' in caller.ask("GET", "/metrics").text:
            return
    pytest.fail("an export never ended")
