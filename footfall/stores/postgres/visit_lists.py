"""Visits with the names that a record shows: pages, and all of a period row by row. Writing them is `visits`'."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, make_url, text

from contracts.base import CameraId, PersonKind, SiteId, TenantId, VisitId
from footfall.listing import Mark, Order, SortKey
from footfall.stores.postgres.one_trip import Statement
from footfall.stores.postgres.visits import Person, person_columns

VISIT_SORTS = (
    SortKey("started_at", "v.started_at", "timestamptz"),
    SortKey("ended_at", "v.ended_at", "timestamptz"),
    SortKey("dwell_seconds", "cast(extract(epoch from v.ended_at - v.started_at) * 1000000 as bigint)", "bigint"),
    SortKey("sightings", "cast(v.sightings as bigint)", "bigint"),
)
VISIT_ID = "v.visit_id"

_PSYCOPG = make_url("postgresql+psycopg://").get_dialect()()
_ROWS_AT_ONCE = 1000
"""Of an export: a roundtrip to the server for so many."""

_COLUMNS = """
    select v.visit_id, v.tenant_id, v.site_id, s.name as site_name, s.timezone, v.person_kind,
           coalesce(v.staff_id, v.customer_id, v.visit_id) as person_id, p.display_name, v.started_at, v.ended_at,
           v.sightings, v.camera_ids, v.is_first_visit, v.best_score,
           v.ended_at + make_interval(mins => s.visit_gap_minutes) as open_until,
           v.anonymous_since is not null as is_anonymous
"""

_FROM = """
    from footfall.visits as v
    inner join footfall.sites as s on s.tenant_id = v.tenant_id and s.site_id = v.site_id
    left join footfall.staff as p on p.tenant_id = v.tenant_id and p.staff_id = v.staff_id
"""


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which visits; None leaves a question open. `since` and `until`: of their beginning, the second excluded. Scores
    are those of the best match, which a customer's first visit has none of."""

    site_id: SiteId | None = None
    allowed_sites: Collection[UUID] | None = None
    camera_id: CameraId | None = None
    person_kind: PersonKind | None = None
    person: Person | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_score: float | None = None
    max_score: float | None = None


class VisitRow(NamedTuple):
    """A visit with the names that a record shows; `open_until`: when its gap has passed; `is_anonymous`: its person was
    forgotten, and `person_id` is the visit's own. A tuple, as the driver gives
    it: a page has hundreds, an export a million."""

    visit_id: VisitId
    tenant_id: TenantId
    site_id: SiteId
    site_name: str
    timezone: str
    person_kind: PersonKind
    person_id: UUID
    display_name: str | None
    started_at: datetime
    ended_at: datetime
    sightings: int
    camera_ids: list[UUID]
    is_first_visit: bool
    best_score: float | None
    open_until: datetime
    is_anonymous: bool = False


def visit_page(wanted: VisitFilter, order: Order, *, after: Mark | None, limit: int) -> Statement:
    """Asks for visits in their order: the fields of a VisitRow each, and its sort key for a cursor."""
    statement, parameters = page_statement(wanted, order, after=after)
    return _read(statement), {**parameters, "limit": limit}


def page_statement(wanted: VisitFilter, order: Order, *, after: Mark | None) -> tuple[str, dict[str, object]]:
    """The statement of a page, and its parameters but for `limit`.

    It names only the filters that are set: one that asks of every filter whether it is there cannot use the index of
    any.
    """
    conditions, parameters = _conditions(wanted)
    if after is not None:
        than = "<" if order.descending else ">"
        conditions.append(
            f"({order.key.column}, {order.id_column}) {than}"
            f" (cast(cast(:after_key as text) as {order.key.kind}), cast(:after_id as uuid))"
        )
        parameters |= {"after_key": after.key, "after_id": after.row_id}
    statement = (
        f"{_COLUMNS}, {order.sql_key} as sort_key {_FROM} {_where(conditions)} order by {order.sql_order} limit :limit"
    )
    return statement, parameters


def stream_visits(connection: Connection, wanted: VisitFilter) -> Iterator[list[VisitRow]]:
    """Every visit, the latest first, so many at a time, through a cursor on the server: as little memory for a million
    as for a thousand. The transaction must stay open until the last was read."""
    conditions, parameters = _conditions(wanted)
    statement = text(f"{_COLUMNS} {_FROM} {_where(conditions)} order by v.started_at desc, v.visit_id desc")
    streaming = connection.execution_options(stream_results=True, max_row_buffer=_ROWS_AT_ONCE)
    with streaming.execute(statement, parameters) as result:
        for rows in result.partitions(_ROWS_AT_ONCE):
            yield [VisitRow._make(row) for row in rows]


@lru_cache(maxsize=256)
def _read(statement: str) -> bytes:
    """As psycopg takes it. There are as many statements as sets of filters that are asked for."""
    return str(text(statement).compile(dialect=_PSYCOPG)).encode()


def _where(conditions: list[str]) -> str:
    return f"where {' and '.join(conditions)}" if conditions else ""


def _conditions(wanted: VisitFilter) -> tuple[list[str], dict[str, object]]:
    """Conditions written here, and the parameters that they name."""
    given: dict[str, tuple[str, object]] = {
        "site_id": ("v.site_id = :site_id", wanted.site_id),
        "allowed_sites": (
            "v.site_id = any(cast(:allowed_sites as uuid[]))",
            None if wanted.allowed_sites is None else list(wanted.allowed_sites),
        ),
        "camera_id": ("v.camera_ids @> array[cast(:camera_id as uuid)]", wanted.camera_id),
        "person_kind": ("v.person_kind = :person_kind", wanted.person_kind),
        "since": ("v.started_at >= :since", wanted.since),
        "until": ("v.started_at < :until", wanted.until),
        "min_score": ("v.best_score >= :min_score", wanted.min_score),
        "max_score": ("v.best_score <= :max_score", wanted.max_score),
    }
    person = {"staff_id": None, "customer_id": None} if wanted.person is None else person_columns(wanted.person)
    given |= {column: (f"v.{column} = :{column}", value) for column, value in person.items()}
    set_ones = {name: entry for name, entry in given.items() if entry[1] is not None}
    return [condition for condition, _ in set_ones.values()], {name: value for name, (_, value) in set_ones.items()}
