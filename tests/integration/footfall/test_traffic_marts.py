"""Traffic as the marts hold it. The marts here are made by hand, in a database of their own: what dbt makes of visits
is tested with dbt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, make_url, text

from contracts.reports import Bucket, TrafficReport
from footfall.provisioning import create_tenant, upgrade_schema
from footfall.reports import traffic
from footfall.services import open_services
from footfall.settings import load_settings
from footfall.stores.postgres.engine import owner_engine
from tests.integration.footfall.world import MORNING, World, settle_in
from tests.servers import MigratedPostgres
from tests.vectors import person

DAY = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)  # midnight in Vienna
BUILT_AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

NewWorld = Callable[[], World]
"""Makes a tenant and its world in the database without marts."""


@pytest.fixture(scope="module")
def unbuilt(postgres: MigratedPostgres) -> MigratedPostgres:
    """A migrated database in which dbt has never run, whatever other tests do in the session's."""
    name = f"unbuilt_{uuid4().hex[:8]}"
    with owner_engine(postgres.owner_dsn) as engine, engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"create database {name}"))

    def there(dsn: str) -> str:
        return make_url(dsn).set(database=name).render_as_string(hide_password=False)

    upgrade_schema(there(postgres.owner_dsn))
    return replace(
        postgres,
        owner_dsn=there(postgres.owner_dsn),
        app_dsn=there(postgres.app_dsn),
        operator_dsn=there(postgres.operator_dsn),
        transform_dsn=there(postgres.transform_dsn),
    )


@pytest.fixture
def new_world(unbuilt: MigratedPostgres, tmp_path: Path) -> Iterator[NewWorld]:
    services = open_services(load_settings(home=tmp_path, offline=True, postgres={"app_dsn": unbuilt.app_dsn}))
    services.prepare()

    def make() -> World:
        tenant_id = create_tenant(
            unbuilt.owner_dsn,
            slug=f"t-{uuid4().hex[:12]}",
            name="A tenant of the tests",
            privacy_mode="identify",
            legal_basis="consent",
            retention_days=30,
            admin_email="admin@example.com",
            admin_password="correct-horse-battery",
        )
        return settle_in(services, tenant_id)

    yield make
    services.close()


@pytest.fixture
def marts(unbuilt: MigratedPostgres) -> Iterator[Engine]:
    """Both marts, empty, with the columns and the policy that dbt gives them; an engine of the role that fills them."""
    with owner_engine(unbuilt.transform_dsn) as engine:
        with engine.begin() as connection:
            for table in ("visits_hourly", "visits_daily"):
                connection.execute(
                    text(f"""
                        create table marts.{table} (
                            tenant_id uuid, site_id uuid, site_name text, bucket_start timestamptz,
                            bucket_local timestamp, staff_visits bigint, visitor_visits bigint, new_visitors bigint,
                            returning_visitors bigint, unidentified_sightings bigint, mean_dwell_seconds numeric,
                            built_at timestamptz
                        )
                    """)
                )
                connection.execute(text(f"alter table marts.{table} enable row level security"))
                connection.execute(
                    text(f"create policy isolation on marts.{table} using (tenant_id = footfall.current_tenant())")
                )
                connection.execute(text(f"grant select on marts.{table} to footfall_app"))
        yield engine
        with engine.begin() as connection:
            connection.execute(text("drop table marts.visits_hourly, marts.visits_daily"))


def build(marts: Engine, table: str, world: World, bucket_start: datetime, visits: int) -> None:
    with marts.begin() as connection:
        connection.execute(
            text(f"""
                insert into marts.{table} values (
                    :tenant_id, :site_id, 'Shop', :bucket_start, :bucket_start, 0, :visits, :visits, 0, 0, 12.5,
                    :built_at
                )
            """),
            {
                "tenant_id": world.tenant_id,
                "site_id": world.site_id,
                "bucket_start": bucket_start,
                "visits": visits,
                "built_at": BUILT_AT,
            },
        )


def report(
    world: World, since: datetime, until: datetime, bucket: Bucket, allowed_sites: frozenset[UUID] | None = None
) -> TrafficReport:
    return traffic(
        world.services.engine,
        world.tenant_id,
        bucket=bucket,
        since=since,
        until=until,
        source="marts",
        allowed_sites=allowed_sites,
    )


def test_before_dbt_has_run_the_marts_answer_nothing(new_world: NewWorld) -> None:
    world = new_world()
    world.see(person(1))

    buckets: tuple[Bucket, ...] = ("hour", "day")
    for bucket in buckets:
        answer = report(world, DAY, DAY + timedelta(days=1), bucket)
        assert (answer.bucket, answer.source, answer.rows, answer.as_of) == (bucket, "marts", (), None)


def test_the_marts_answer_what_was_built_and_when(new_world: NewWorld, marts: Engine) -> None:
    world = new_world()
    build(marts, "visits_hourly", world, MORNING, 3)
    build(marts, "visits_hourly", world, MORNING + timedelta(hours=1), 4)
    build(marts, "visits_hourly", new_world(), MORNING, 99)
    build(marts, "visits_daily", world, DAY, 7)

    by_hour = report(world, MORNING, MORNING + timedelta(hours=1), "hour")
    by_day = report(world, DAY, DAY + timedelta(days=1), "day")

    assert [(row.bucket_start, row.visitor_visits, row.mean_dwell_seconds) for row in by_hour.rows] == [
        (MORNING, 3, 12.5)
    ]
    assert by_hour.as_of == BUILT_AT
    assert [(row.bucket_start, row.visitor_visits) for row in by_day.rows] == [(DAY, 7)]


def test_the_marts_keep_to_the_sites_that_are_allowed(new_world: NewWorld, marts: Engine) -> None:
    world = new_world()
    build(marts, "visits_hourly", world, MORNING, 3)

    def rows(*allowed: UUID) -> int:
        return len(report(world, MORNING, MORNING + timedelta(hours=1), "hour", frozenset(allowed)).rows)

    assert (rows(world.site_id), rows(uuid4()), rows()) == (1, 0, 0)


@pytest.mark.usefixtures("marts")
def test_marts_that_hold_nothing_of_the_tenant_have_no_date(new_world: NewWorld) -> None:
    answer = report(new_world(), DAY, DAY + timedelta(days=1), "day")

    assert (answer.rows, answer.as_of) == ((), None)
