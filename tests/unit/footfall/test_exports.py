"""CSV that every reader reads back, and that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import SiteId, TenantId, VisitId
from footfall.exports import VISIT_COLUMNS, csv_lines, harmless, table_csv, visits_csv
from footfall.stores.postgres.visit_lists import VisitRow

ONE = UUID(int=1)
FORMULA_BEGINS = tuple("=+-@＝＋－＠")
BLANKS_AND_QUOTES = " \t\r\n\"'`\u200b\ufeff\u00a0"


def row(**changed: object) -> VisitRow:
    began = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    fields = {
        "visit_id": VisitId(ONE),
        "tenant_id": TenantId(ONE),
        "site_id": SiteId(ONE),
        "site_name": "Main Street",
        "timezone": "Europe/Vienna",
        "person_kind": "staff",
        "person_id": ONE,
        "display_name": "Ada",
        "started_at": began,
        "ended_at": began + timedelta(seconds=90),
        "sightings": 2,
        "camera_ids": [ONE, UUID(int=2)],
        "is_first_visit": False,
        "best_score": -0.25,
        "open_until": began,
    }
    return VisitRow(**fields | changed)  # type: ignore[arg-type]  # a test's own fields


def batches(*rows: VisitRow) -> Generator[list[VisitRow]]:
    yield list(rows)


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def test_a_visit_is_a_line_with_the_sites_own_times() -> None:
    header, line = read(b"".join(visits_csv(batches(row()))))
    assert tuple(header) == VISIT_COLUMNS
    found = dict(zip(header, line, strict=True))
    assert found["started_at"] == "2026-07-01T10:00:00+02:00"
    assert found["ended_at"] == "2026-07-01T10:01:30+02:00"
    assert (found["dwell_seconds"], found["is_first_visit"], found["best_score"]) == ("90.0", "false", "-0.25")
    assert found["camera_ids"] == f"{ONE} {UUID(int=2)}"


def test_an_hour_that_the_clock_shows_twice_is_told_apart_by_its_offset() -> None:
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    lines = read(b"".join(visits_csv(batches(*(row(started_at=at) for at in twice)))))[1:]
    assert [line[VISIT_COLUMNS.index("started_at")] for line in lines] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]


def test_lines_end_as_rfc_4180_says_and_text_is_utf_8() -> None:
    data = csv_lines(("a", "b"), [('say "x", y', "Jürgen\nß"), (None, True)])
    assert data == 'a,b\r\n"say ""x"", y","Jürgen\nß"\r\n,true\r\n'.encode()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+41 1", "'+41 1"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ('"=1', "'\"=1"),
        ("' \"+1", "'' \"+1"),
        ("＝1", "'＝1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("a;=1", "a;'=1"),
        ("a,\n=1", "a,'\n'=1"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("North-West = 1", "North-West = 1"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_compute_is_taken_for_text(text: str, written: str) -> None:
    assert harmless(text) == written


def test_numbers_keep_their_sign() -> None:
    assert csv_lines((), [(-0.5, -3)]) == b"-0.5,-3\r\n"


@given(st.lists(st.text(alphabet=st.sampled_from("=+-@＝\t\r\n\"';,| ax\u200b"), max_size=12), min_size=1, max_size=4))
def test_no_text_begins_a_formula_whatever_separates_cells(cells: list[str]) -> None:
    data = csv_lines((), [cells])
    [found] = read(data)
    assert [cell.replace("'", "") for cell in found] == [cell.replace("'", "") for cell in cells]
    for separator in ",;|\t\r\n":
        for cell in found:
            for piece in cell.split(separator):
                stripped = piece.lstrip(BLANKS_AND_QUOTES.replace("'", ""))
                assert not stripped.startswith(FORMULA_BEGINS), (cell, separator)


def test_a_table_keeps_its_columns_whatever_a_row_lacks() -> None:
    assert table_csv([{"a": 1}, {"b": "x", "c": 2}], ("a", "b")) == b"a,b\r\n1,\r\n,x\r\n"


def test_closing_the_pieces_closes_the_rows() -> None:
    closed = []

    def rows() -> Generator[list[VisitRow]]:
        try:
            yield [row()]
            yield [row()]
        finally:
            closed.append(True)

    pieces = visits_csv(rows())
    next(pieces)
    next(pieces)
    pieces.close()
    assert closed == [True]
