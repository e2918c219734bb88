"""The report of an import: a row for each photograph, as CSV or JSON. A later run goes on from it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from footfall.errors import InputError

SETTLED = frozenset({"enrolled", "duplicate_photograph"})
"""Verdicts after which a photograph need not be sent again while it is the same file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One photograph. `verdict` is the server's, or `missing_file`, `unreadable_file`, `too_large`, `ambiguous_name`
    and `refused` of what it never judged."""

    name: str
    number: str
    staff_id: str
    photograph: str
    sha256: str
    verdict: str
    reason: str
    hint: str = ""
    quality: str = ""
    agreement: str = ""
    other: str = ""


def read_report(path: Path) -> list[Row]:
    """The rows of an earlier run; none where there is no such file. Raises InputError for a file that is no report."""
    if not path.exists():
        return []
    try:
        text = path.read_text("utf-8")
        entries = json.loads(text) if path.suffix.lower() == ".json" else list(csv.DictReader(io.StringIO(text)))
        return [Row(**entry) for entry in entries]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise InputError(
            f"{path} is no report of an earlier import.", hint="Name another file with --report."
        ) from error


def write_report(path: Path, rows: Iterable[Row]) -> None:
    """Whole or not at all: a run that is killed leaves the report of the person before. Raises InputError."""
    entries = [asdict(row) for row in rows]
    if path.suffix.lower() == ".json":
        text = json.dumps(entries, indent=2, ensure_ascii=False)
    else:
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(entries)
        text = sheet.getvalue()
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"The report {path} cannot be written: {error}.", hint="Name another with --report."
        ) from error
