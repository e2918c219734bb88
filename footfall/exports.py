"""Visits and reports as CSV (RFC 4180, UTF-8): columns, cells, and what keeps a spreadsheet from computing them. Which
visits, and over what connection, is decided elsewhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from uuid import UUID

from footfall.report_spans import at_site
from footfall.stores.postgres.visit_lists import VisitRow

Cell = str | int | float | bool | UUID | date | datetime | Sequence[UUID] | None

# What makes a cell a formula in one program or another (OWASP, CSV injection), at its beginning or after a character
# that some program takes for the end of a cell, whatever blanks and quotes stand between; full-width twins included.
_FORMULA = re.compile(r"""(^|[,;|\t\r\n])(?=[\s"'`\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])""")

VISIT_COLUMNS = (
    "visit_id",
    "site_id",
    "site_name",
    "person_kind",
    "person_id",
    "display_name",
    "started_at",
    "ended_at",
    "dwell_seconds",
    "sightings",
    "camera_ids",
    "is_first_visit",
    "best_score",
)


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A header, unless `columns` is empty, and the rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if columns:
        writer.writerow(columns)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()


def table_csv(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> bytes:
    """A whole report; a row may lack columns."""
    return csv_lines(columns, ([row.get(column) for column in columns] for row in rows))


def visits_csv(batches: Generator[Sequence[VisitRow]]) -> Generator[bytes]:
    """The header at once, and then a piece for every batch; times are the site's own, with their offset. Closing it
    closes `batches`."""
    with closing(batches):
        yield csv_lines(VISIT_COLUMNS, ())
        for rows in batches:
            yield csv_lines((), map(_visit, rows))


def harmless(text: str) -> str:
    """`text` with an apostrophe before all that a spreadsheet would compute."""
    return _FORMULA.sub(r"\1'", text)


def _visit(row: VisitRow) -> Sequence[Cell]:
    return (
        row.visit_id,
        row.site_id,
        row.site_name,
        row.person_kind,
        row.person_id,
        row.display_name,
        at_site(row.started_at, row.timezone),
        at_site(row.ended_at, row.timezone),
        (row.ended_at - row.started_at).total_seconds(),
        row.sightings,
        row.camera_ids,
        row.is_first_visit,
        row.best_score,
    )


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, Sequence):
        return " ".join(str(item) for item in cell)
    return str(cell)
