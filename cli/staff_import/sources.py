"""Who is to be imported with which photographs, read from a folder or a CSV. Nothing is sent from here."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import InputError

PHOTOGRAPHS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
COLUMNS = ("name", "number", "photographs")

_NUMBERED = re.compile(r"^(?P<name>.*?)\s*\[(?P<number>[^\[\]]+)\]$")
_COUNTED = re.compile(r"[ _.-]*\(?\d*\)?$")


@dataclass(frozen=True, slots=True)
class Person:
    """`number`: the company's own number, by which a person is known again; without one, by name."""

    name: str
    number: str | None
    photographs: tuple[Path, ...]


def read_source(source: Path) -> list[Person]:
    """The people of a folder or a CSV. Raises InputError naming what is wrong, and the line."""
    if source.is_dir():
        people = _from_folder(source)
    elif source.is_file() and source.suffix.lower() == ".csv":
        people = _from_csv(source)
    else:
        raise InputError(
            f"{source} is neither a folder nor a CSV.",
            hint="Give a folder with a sub-folder for each person, or a CSV with name,number,photographs.",
        )
    found = _merged(people)
    if not found:
        raise InputError(f"{source} holds nobody with a photograph.", hint=f"Photographs are {', '.join(PHOTOGRAPHS)}.")
    return found


def _from_folder(folder: Path) -> Iterator[Person]:
    """A sub-folder a person, called `Name` or `Name [number]`; photographs beside them are called after the person,
    with a count: `Ada Lovelace.jpg`, `Ada_Lovelace_2.jpg`."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            photographs = _photographs_of(entry)
            if photographs:
                yield _person(entry.name, photographs)
        elif entry.suffix.lower() in PHOTOGRAPHS:
            yield _person(_COUNTED.sub("", entry.stem), (entry,))


def _from_csv(path: Path) -> Iterator[Person]:
    """`photographs`: paths or folders from the CSV's own folder, with semicolons between them."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            columns = tuple(reader.fieldnames or ())
            if set(columns) != set(COLUMNS):
                raise InputError(
                    f"{path} has the columns {', '.join(columns) or '(none)'}.", hint=f"It needs {', '.join(COLUMNS)}."
                )
            for number, row in enumerate(reader, start=2):
                yield _from_row(path, number, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.", hint="Save it as CSV in UTF-8.") from error


def _from_row(path: Path, line: int, row: dict[str, str | None]) -> Person:
    name, number, listed = ((row.get(column) or "").strip() for column in COLUMNS)
    if not name:
        raise InputError(f"{path}, line {line}: the name is missing.")
    given = [path.parent / part.strip() for part in listed.split(";") if part.strip()]
    photographs = [found for part in given for found in (_photographs_of(part) if part.is_dir() else (part,))]
    return Person(name, number or None, tuple(photographs))


def _photographs_of(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in PHOTOGRAPHS))


def _person(label: str, photographs: tuple[Path, ...]) -> Person:
    numbered = _NUMBERED.match(label.strip())
    name = (numbered["name"] if numbered else label).replace("_", " ").strip()
    return Person(name or label, numbered["number"].strip() if numbered else None, photographs)


def _merged(people: Iterable[Person]) -> list[Person]:
    """One entry for each person, in the order in which they first come."""
    found: dict[tuple[str, str | None], Person] = {}
    for person in people:
        key = (person.name.casefold(), person.number)
        known = found.get(key)
        photographs = (*(known.photographs if known else ()), *person.photographs)
        found[key] = Person(known.name if known else person.name, person.number, tuple(dict.fromkeys(photographs)))
    return list(found.values())
