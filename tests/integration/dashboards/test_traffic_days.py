"""Pages over marts that dbt built: what stands out, who was inside and who came back; days of staff and of cameras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from client import FootfallClient
from footfall.provisioning import create_tenant
from tests.databases import fresh_database
from tests.integration.api.conftest import Running, running_api
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in
from tests.integration.marts import Dbt, Record, engine_of, settings_of
from tests.servers import ADMIN_PASSWORD, MigratedPostgres

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture(scope="module")
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture(scope="module")
def dbt(database: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The marts, built of nothing yet."""
    project = Dbt(settings_of(database, tmp_path_factory.mktemp("home")))
    project.run("run")
    return project


@pytest.fixture(scope="module")
def running(database: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_api(database, tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture(autouse=True)
def _pages_ask_this_api(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_API__URL", url_of(running))


def url_of(running: Running) -> str:
    return str(running.nobody.http.base_url).rstrip("/")


@contextmanager
def a_tenant(database: MigratedPostgres, running: Running) -> Iterator[tuple[Record, LiveApi]]:
    slug = f"days-{uuid4().hex[:8]}"
    tenant_id = create_tenant(
        database.owner_dsn,
        slug=slug,
        name="A tenant of the tests",
        privacy_mode="identify",
        legal_basis="consent",
        retention_days=30,
        admin_email="admin@example.com",
        admin_password=ADMIN_PASSWORD,
    )
    engine = engine_of(database.app_dsn)
    url = url_of(running)
    try:
        with FootfallClient(url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD) as client:
            yield Record(engine, tenant_id), LiveApi(url, slug, ADMIN_PASSWORD, client)
    finally:
        engine.dispose()


def five_weeks(record: Record) -> datetime:
    """Ten visitors on a weekday in four weeks and forty in the fifth, two days ago; that day's beginning. A colleague
    and faces that nobody knows were seen on it, too."""
    place = record.site(name="Shop")
    today = datetime.now(VIENNA).replace(hour=0, minute=0, second=0, microsecond=0)
    latest = today - timedelta(days=2)
    for weeks, visitors in ((4, 10), (3, 10), (2, 10), (1, 10), (0, 40)):
        for _ in range(visitors):
            record.visit(place, record.customer(), latest - timedelta(weeks=weeks) + timedelta(hours=10), minutes=20)
    record.visit(place, record.staff(), latest + timedelta(hours=9), kind="staff", minutes=120)
    for decision in ("poor_quality", "unsure", "stranger", "stranger"):
        record.sighting(place, latest + timedelta(hours=9), decision)
    return latest


@pytest.fixture(scope="module")
def shop(dbt: Dbt, database: MigratedPostgres, running: Running) -> Iterator[tuple[LiveApi, datetime]]:
    """Five weeks of it in the marts, and the beginning of their latest day."""
    with a_tenant(database, running) as (record, api):
        latest = five_weeks(record)
        dbt.refresh()
        yield api, latest


def test_the_page_tells_what_stands_out_the_week_before_and_who_was_inside(shop: tuple[LiveApi, datetime]) -> None:
    api, latest = shop
    app = open_page(signed_in(api), "traffic")

    assert not app.exception
    assert not app.error
    headings = [heading.value for heading in app.subheader]
    assert headings[:3] == ["Beside the week before", "Days that stand out", f"Inside on {latest:%d %B %Y}"]
    assert headings[-2:] == ["How long they stayed, day by day", "Who came back, week by week"]
    assert app.dataframe[0].value.values.tolist() == [[latest.date(), 40, 10, 3.0, 10]]
    assert app.dataframe[1].value.values.tolist() == [[latest.date(), "Busier than usual", 40, 10]]
    assert len(app.get("vega_lite_chart")) == 6


def test_the_page_of_staff_tells_administrators_when_they_were_seen(shop: tuple[LiveApi, datetime]) -> None:
    api, latest = shop
    app = open_page(signed_in(api), "staff")

    assert not app.exception
    assert not app.error
    assert app.dataframe[0].value.values.tolist() == [
        [latest.date(), "A colleague", "Shop", "09:00", "11:00", 1, "2 h 00 min"]
    ]


def test_the_page_of_cameras_tells_what_they_delivered(shop: tuple[LiveApi, datetime]) -> None:
    api, latest = shop
    app = open_page(signed_in(api), "cameras")

    assert not app.exception
    assert not app.error
    assert "Day by day" in [heading.value for heading in app.subheader]
    delivered = app.dataframe[1].value
    assert delivered[["Day", "Camera", "Site", "Sightings", "Poor quality", "Unsure"]].values.tolist() == [
        [latest.date(), "entrance", "Shop", 4, 0.25, 0.25]
    ]


def test_until_the_marts_are_built_the_pages_say_so_and_show_the_rest(
    dbt: Dbt, database: MigratedPostgres, running: Running
) -> None:
    with a_tenant(database, running) as (record, api):
        five_weeks(record)
        app = open_page(signed_in(api), "traffic")
        assert not app.exception
        assert not app.error
        assert any("once the marts have been built" in info.value for info in app.info)
        assert "Days that stand out" not in [heading.value for heading in app.subheader]
        assert len(app.get("vega_lite_chart")) == 3
        for page, said in (("staff", "When staff were seen"), ("cameras", "What cameras delivered")):
            app = open_page(app, page)
            assert not app.exception
            assert any(info.value.startswith(said) for info in app.info)
