"""What the record loses to its term, the marts have counted: no rebuild empties those days, until their own term."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from footfall.mart_terms import age_marts
from footfall.retention_terms import age_records
from footfall.settings import RetentionSettings
from footfall.tenancy import tenant_transaction
from tests.integration.marts import Dbt, Record, engine_of
from tests.servers import MigratedPostgres

NOW = datetime.now(UTC)


def counted(app: Engine, record: Record) -> list[tuple[int, int]]:
    """Visits and sightings of nobody by day, earliest first."""
    with tenant_transaction(app, record.tenant_id) as connection:
        rows = connection.execute(
            text("select visitor_visits, unidentified_sightings from marts.visits_daily order by bucket_start")
        )
        return [(row.visitor_visits, row.unidentified_sightings) for row in rows]


def test_days_past_the_records_term_stay_counted_until_the_marts_term(
    dbt: Dbt, database: MigratedPostgres, app: Engine, record: Record, data_tests: dict[str, str]
) -> None:
    place, known = record.site(), record.customer()
    for days in (40, 20, 2):
        record.visit(place, known, NOW - timedelta(days=days), first=days == 40)
        record.sighting(place, NOW - timedelta(days=days))
    dbt.refresh()
    assert counted(app, record) == [(1, 1), (1, 1), (1, 1)]

    operator, transform = engine_of(database.operator_dsn), engine_of(database.transform_dsn)
    try:
        for event_days in (10, 1):  # the second time nothing of the site is left but what the marts hold
            terms = RetentionSettings(event_days=event_days, mart_days=30)
            age_records(operator, [record.tenant_id], terms, now=NOW, dry_run=False)
            record.visit(place, known, NOW - timedelta(days=20))  # came late, of a day that is not whole
            dbt.refresh()
            assert counted(app, record) == [(1, 1), (1, 1), (1, 1)]
        with tenant_transaction(transform, record.tenant_id) as connection:
            assert connection.execute(text(data_tests["visits_daily_matches_the_record"])).all() == []

        planned = age_marts(operator, transform, [record.tenant_id], terms, now=NOW, dry_run=True)
        [done] = age_marts(operator, transform, [record.tenant_id], terms, now=NOW, dry_run=False, batch_rows=1)
        assert (planned[0].deleted, done.rows) == (0, planned[0].rows)
        assert done.deleted == done.rows > 0
        assert counted(app, record) == [(1, 1), (1, 1)]
    finally:
        operator.dispose()
        transform.dispose()
