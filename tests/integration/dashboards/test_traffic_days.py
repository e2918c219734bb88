"""The traffic page over marts that dbt built: days that stand out, the latest beside the week before, people inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from client import FootfallClient
from footfall.provisioning import create_tenant
from tests.databases import fresh_database
from tests.integration.api.conftest import running_api
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


@pytest.fixture
def record(database: MigratedPostgres) -> Iterator[Record]:
    tenant_id = create_tenant(
        database.owner_dsn,
        slug=f"days-{uuid4().hex[:8]}",
        name="A tenant of the tests",
        privacy_mode="identify",
        legal_basis="consent",
        retention_days=30,
        admin_email="admin@example.com",
        admin_password=ADMIN_PASSWORD,
    )
    engine = engine_of(database.app_dsn)
    yield Record(engine, tenant_id)
    engine.dispose()


@pytest.fixture
def api(
    database: MigratedPostgres,
    record: Record,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveApi]:
    with record.transaction() as connection:
        slug = connection.exec_driver_sql("select slug from footfall.tenants").scalar_one()
    with running_api(database, tmp_path_factory.mktemp("api")) as running:
        url = str(running.nobody.http.base_url).rstrip("/")
        monkeypatch.setenv("FOOTFALL_API__URL", url)
        with FootfallClient(url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD) as client:
            yield LiveApi(url, slug, ADMIN_PASSWORD, client)


def five_weeks(record: Record) -> datetime:
    """Ten visitors on a weekday in four weeks and forty in the fifth, two days ago; that day's beginning."""
    place = record.site(name="Shop")
    today = datetime.now(VIENNA).replace(hour=0, minute=0, second=0, microsecond=0)
    latest = today - timedelta(days=2)
    for weeks, visitors in ((4, 10), (3, 10), (2, 10), (1, 10), (0, 40)):
        for _ in range(visitors):
            record.visit(place, record.customer(), latest - timedelta(weeks=weeks) + timedelta(hours=10), minutes=20)
    record.visit(place, record.staff(), latest + timedelta(hours=9), kind="staff", minutes=120)
    return latest


def test_the_page_tells_what_stands_out_the_week_before_and_who_was_inside(
    dbt: Dbt, record: Record, api: LiveApi
) -> None:
    latest = five_weeks(record)
    dbt.refresh()
    app = open_page(signed_in(api), "traffic")

    assert not app.exception
    assert not app.error
    headings = [heading.value for heading in app.subheader]
    assert headings[:3] == ["Beside the week before", "Days that stand out", f"Inside on {latest:%d %B %Y}"]
    assert app.dataframe[0].value.values.tolist() == [[latest.date(), 40, 10, 3.0, 10]]
    assert app.dataframe[1].value.values.tolist() == [[latest.date(), "Busier than usual", 40, 10]]
    assert len(app.get("vega_lite_chart")) == 4


def test_until_the_marts_are_built_the_page_says_so_and_shows_the_rest(dbt: Dbt, record: Record, api: LiveApi) -> None:
    five_weeks(record)
    app = open_page(signed_in(api), "traffic")

    assert not app.exception
    assert not app.error
    assert any("once the marts have been built" in info.value for info in app.info)
    assert "Days that stand out" not in [heading.value for heading in app.subheader]
    assert len(app.get("vega_lite_chart")) == 3
