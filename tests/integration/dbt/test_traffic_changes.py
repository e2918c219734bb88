"""Notes of what changed, by which the marts know what to build: made once, and dropped when each mart has read them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, text

from footfall.tenancy import unbound_transaction
from tests.integration.dbt.told import marts
from tests.integration.marts import Dbt, Record, age_changes
from tests.servers import MigratedPostgres


def test_a_burst_of_changes_to_one_quarter_of_an_hour_is_noted_once(record: Record) -> None:
    place = record.site("UTC")
    visit = record.visit(place, record.customer(), "2026-06-01 10:01")
    for _ in range(20):
        record.execute("update footfall.visits set ended_at = ended_at + interval '1 s' where visit_id = :v", v=visit)
    with record.transaction() as connection:
        noted = connection.execute(text("select touched_at from footfall.traffic_changes")).scalars().all()
    assert noted == [datetime(2026, 6, 1, 10, 0, tzinfo=UTC)]


def test_a_change_after_an_older_note_is_noted_again(database: MigratedPostgres, record: Record) -> None:
    place = record.site("UTC")
    visit = record.visit(place, record.customer(), "2026-06-01 10:01")
    age_changes(database, record.tenant_id, days=1)
    record.execute("delete from footfall.visits where visit_id = :v", v=visit)
    assert _count_notes(record) == 2


def test_one_statement_over_many_rows_notes_every_quarter_it_touched(record: Record) -> None:
    place, person = record.site("UTC"), record.customer()
    for minute in (0, 14, 15, 59):
        record.visit(place, person, f"2026-06-01 10:{minute:02}")
    record.execute(
        "update footfall.visits set started_at = started_at - interval '1 day', ended_at = ended_at - interval '1 day'"
    )
    with record.transaction() as connection:
        noted = connection.execute(text("select distinct touched_at from footfall.traffic_changes order by 1"))
        quarters = [at.strftime("%d %H:%M") for at in noted.scalars()]
    assert quarters == ["31 10:00", "31 10:15", "31 10:45", "01 10:00", "01 10:15", "01 10:45"]


def test_notes_that_every_mart_took_up_long_ago_are_dropped(
    dbt: Dbt, database: MigratedPostgres, record: Record, transform: Engine
) -> None:
    place = record.site("UTC")
    record.visit(place, record.customer(), "2026-06-01 10:00")
    age_changes(database, record.tenant_id, days=31)
    record.visit(place, record.customer(), "2026-06-02 10:00")
    dbt.refresh()
    with record.transaction() as connection:
        noted = connection.execute(text("select touched_at from footfall.traffic_changes")).scalars().all()
    assert noted == [datetime(2026, 6, 2, 10, 0, tzinfo=UTC)]


def test_a_mart_that_is_empty_has_taken_up_nothing_so_the_notes_stay(
    dbt: Dbt, database: MigratedPostgres, record: Record, transform: Engine
) -> None:
    dbt.refresh()
    with unbound_transaction(transform) as connection:
        connection.execute(text("delete from marts.visits_daily"))
    record.visit(record.site("UTC"), record.customer(), "2026-06-01 10:00")
    age_changes(database, record.tenant_id, days=31)
    dbt.run("test", "--select", "visits_hourly_grain_is_unique")  # whose end comes without a build
    assert _count_notes(record) == 1
    dbt.refresh()
    assert [row.visitor_visits for row in marts(record)] == [1]


def _count_notes(record: Record) -> int:
    with record.transaction() as connection:
        return int(connection.execute(text("select count(*) from footfall.traffic_changes")).scalar_one())
