"""Folders and CSVs as people keep them, read as people with photographs; what cannot be read is named by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.staff_import.report import Row, read_report, write_report
from cli.staff_import.sources import Person, read_source
from footfall.errors import InputError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")


def test_a_sub_folder_is_a_person_with_the_number_in_brackets(tmp_path: Path) -> None:
    ada, grace = tmp_path / "Ada Lovelace [P-1815]", tmp_path / "Grace_Hopper"
    touch(ada / "2.JPG", ada / "1.png", ada / "notes.txt", grace / "deep" / "x.webp", tmp_path / ".git" / "a.jpg")
    (tmp_path / "Nobody").mkdir()

    assert read_source(tmp_path) == [
        Person("Ada Lovelace", "P-1815", (ada / "1.png", ada / "2.JPG")),
        Person("Grace Hopper", None, (grace / "deep" / "x.webp",)),
    ]


def test_photographs_beside_each_other_are_called_after_the_person(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("Ada Lovelace.jpg", "Ada_Lovelace_0002.jpg", "ada lovelace (3).jpg")]
    touch(*files, tmp_path / "Grace.png")

    found = {person.name: set(person.photographs) for person in read_source(tmp_path)}

    assert set(map(frozenset, found.values())) == {frozenset(files), frozenset({tmp_path / "Grace.png"})}


def test_a_csv_names_files_and_folders_from_its_own_place(tmp_path: Path) -> None:
    touch(tmp_path / "pictures" / "ada.jpg", tmp_path / "grace" / "1.jpg", tmp_path / "grace" / "2.jpg")
    sheet = tmp_path / "staff.csv"
    sheet.write_text(
        "\ufeffname,number,photographs\n"
        'Ada Lovelace,P-1815,"pictures/ada.jpg; missing.jpg"\n'
        "Grace Hopper,,grace\n"
        "Ada Lovelace,P-1815,pictures/ada.jpg\n",
        "utf-8",
    )

    assert read_source(sheet) == [
        Person("Ada Lovelace", "P-1815", (tmp_path / "pictures" / "ada.jpg", tmp_path / "missing.jpg")),
        Person("Grace Hopper", None, (tmp_path / "grace" / "1.jpg", tmp_path / "grace" / "2.jpg")),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,photo\nAda,a.jpg\n", "columns name, photo"),
        ("", r"columns \(none\)"),
        ("name,number,photographs\nAda,1,a.jpg\n,2,b.jpg\n", "line 3: the name is missing"),
        ("name,number,photographs\n", "holds nobody"),
    ],
)
def test_a_csv_that_is_wrong_is_refused(tmp_path: Path, content: str, message: str) -> None:
    sheet = tmp_path / "staff.csv"
    sheet.write_text(content, "utf-8")
    with pytest.raises(InputError, match=message):
        read_source(sheet)


def test_what_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    sheet = tmp_path / "staff.csv"
    sheet.write_bytes(b"name,number,photographs\n\xff\xfe\xfa,1,a.jpg\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_source(sheet)
    with pytest.raises(InputError, match="neither a folder nor a CSV"):
        read_source(tmp_path / "absent")
    with pytest.raises(InputError, match="holds nobody"):
        read_source(_empty(tmp_path))


def _empty(folder: Path) -> Path:
    empty = folder / "empty"
    empty.mkdir()
    return empty


@pytest.mark.parametrize("name", ["report.csv", "report.json"])
def test_a_report_is_read_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    rows = [
        Row("Ada, Countess", "P-1", "id", "a b.jpg", "ab", "enrolled", 'said "yes"\nand more', quality="0.81"),
        Row("Grace", "", "", "b.jpg", "", "missing_file", "There is no such file."),
    ]
    write_report(tmp_path / name, rows)
    assert read_report(tmp_path / name) == rows
    assert read_report(tmp_path / f"another-{name}") == []


@pytest.mark.parametrize("name", ["report.csv", "report.json"])
def test_a_file_that_is_no_report_is_not_taken_for_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("name,number\nAda,1\n", "utf-8")
    with pytest.raises(InputError, match="no report"):
        read_report(tmp_path / name)
