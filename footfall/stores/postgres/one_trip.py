"""Statements that are asked all the time, sent in one round trip to the server with what must go before them. No query
lives here, and no tenant is bound here: that is `footfall.tenancy`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Connection

from footfall.errors import PostgresUnavailableError
from footfall.stores.postgres.engine import AWAY_HINT, refuse_another_schema, why_away

Statement = tuple[bytes, Mapping[str, object]]
"""SQL as psycopg takes it, and its parameters by name."""


def rows_in_one_trip(connection: Connection, first: Statement, asked: Statement) -> list[tuple[Any, ...]]:
    """The rows of `asked`, with `first` before it in a transaction of their own, ended by the time they are here.

    Begin, both statements and commit go out together (libpq's pipeline), and the rows come in Postgres' binary format
    by the driver's own cursor: without any of this a page costs as much again. Raises PostgresUnavailableError when
    the server is away or takes too long.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the engine's driver is psycopg")
    try:
        with driver.cursor(binary=True) as cursor:
            with driver.pipeline():
                driver.execute(*first)
                cursor.execute(*asked)
                driver.commit()
            return cursor.fetchall()
    except psycopg.OperationalError as error:
        raise PostgresUnavailableError(why_away(error), hint=AWAY_HINT) from error
    except psycopg.ProgrammingError as error:
        refuse_another_schema(error)
        raise
