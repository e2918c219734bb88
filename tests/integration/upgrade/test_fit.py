"""What each program says of a schema that a later version has changed, on a real Postgres. Two versions beside each
other are in test_rolling_upgrade."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.doctor import services
from cli.doctor.finding import Finding
from cli.main import app
from footfall import provisioning
from footfall.environment import settings_environment
from footfall.errors import InputError, SchemaMismatchError
from footfall.record import open_record
from footfall.schema_version import known_revisions, require_schema
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import owner_engine
from orchestration.resources import RecordResource
from tests.databases import fresh_database
from tests.integration.marts import settings_of
from tests.servers import MigratedPostgres

HEAD = known_revisions()[-1]


@pytest.fixture
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    with fresh_database(postgres) as own:
        yield own


def migrate_further(database: MigratedPostgres, revision: str, *, previous_code_runs: bool) -> None:
    """As a later version's `footfall db migrate` leaves it."""
    with owner_engine(database.owner_dsn) as engine, engine.begin() as connection:
        connection.execute(
            text("insert into public.footfall_schema_history values (:at, :revision, :runs)"),
            {"at": int(revision), "revision": revision, "runs": previous_code_runs},
        )
        connection.execute(
            text("update public.footfall_schema_version set version_num = :revision"), {"revision": revision}
        )


def doctor(database: MigratedPostgres, **dsns: str) -> Finding:
    [found] = services.check_schema(PostgresSettings.model_validate({"app_dsn": database.app_dsn, **dsns}))
    return found


def history(database: MigratedPostgres) -> list[str]:
    with owner_engine(database.owner_dsn) as engine, engine.connect() as connection:
        return list(
            connection.execute(text("select revision from public.footfall_schema_history order by position")).scalars()
        )


def test_the_history_follows_the_schema_up_and_down(database: MigratedPostgres) -> None:
    assert history(database) == [*known_revisions()]
    provisioning.downgrade_schema(database.owner_dsn, "0002")
    assert history(database) == ["0001", "0002"]
    found = doctor(database)
    assert (found.level, found.message) == ("fail", f"The schema is at 0002, and this program needs {HEAD}.")
    provisioning.downgrade_schema(database.owner_dsn)
    assert history(database) == []
    provisioning.upgrade_schema(database.owner_dsn)
    assert history(database) == [*known_revisions()]
    assert doctor(database).level == "ok"


def test_a_schema_that_was_added_to_fits_and_is_left_as_it_is(database: MigratedPostgres, tmp_path: Path) -> None:
    migrate_further(database, "9001", previous_code_runs=True)
    assert doctor(database).level == "ok"
    provisioning.upgrade_schema(database.owner_dsn)
    assert history(database) == [*known_revisions(), "9001"]
    record = open_record(settings_of(database, tmp_path))
    assert "newer than this program's" in require_schema(record.engine)
    record.close()


def test_a_schema_that_was_taken_from_stops_everything(database: MigratedPostgres, tmp_path: Path) -> None:
    migrate_further(database, "9001", previous_code_runs=False)
    migrate_further(database, "9002", previous_code_runs=True)
    said = f"The schema is at 9002, and since 9001 this program, which knows {HEAD}, cannot work with it."
    found = doctor(database)
    assert (found.level, found.message) == ("fail", said)
    assert found.advice == "Stop it, and start the newer version in its place."
    with pytest.raises(SchemaMismatchError, match="since 9001"):
        provisioning.upgrade_schema(database.owner_dsn)
    environment = settings_environment(settings_of(database, tmp_path), secrets=True)
    with (
        patch.dict(os.environ, environment),
        pytest.raises(SchemaMismatchError, match="since 9001"),
        RecordResource().open(),
    ):
        pytest.fail("nothing is done with it")


def test_before_the_first_migration_the_doctor_warns(database: MigratedPostgres) -> None:
    provisioning.downgrade_schema(database.owner_dsn)
    found = doctor(database)
    assert (found.level, found.advice) == ("warn", "Run `footfall db migrate`.")


def test_a_downgrade_asks_first_and_knows_where_it_can_go(database: MigratedPostgres) -> None:
    environment = {"FOOTFALL_POSTGRES__DSN": database.owner_dsn}
    refused = CliRunner().invoke(app, ["db", "downgrade", "0014"], input="n\n", env=environment)
    assert refused.exit_code == 1
    assert history(database) == [*known_revisions()]
    with pytest.raises(InputError, match="cannot be taken back to 0900"):
        provisioning.downgrade_schema(database.owner_dsn, "0900")
    done = CliRunner().invoke(app, ["db", "downgrade", "0014", "--yes"], env=environment)
    assert (done.exit_code, done.output) == (0, "The schema is at 0014.\n")
    assert history(database)[-1] == "0014"
