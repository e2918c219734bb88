"""The stack's passwords: made once, whole, closed to others, and never shown."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import pytest

from cli.stack.credentials import FILE_NAME, load_or_create, open_to_others, write_private
from footfall.errors import ConfigurationError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_they_are_made_once(tmp_path: Path) -> None:
    assert load_or_create(tmp_path / "secrets") == load_or_create(tmp_path / "secrets")


def test_two_homes_have_nothing_in_common(tmp_path: Path) -> None:
    one, two = load_or_create(tmp_path / "one"), load_or_create(tmp_path / "two")
    assert not set(astuple(one)) & set(astuple(two))


def test_no_two_of_a_home_are_alike_and_each_is_long(tmp_path: Path) -> None:
    values = astuple(load_or_create(tmp_path / "secrets"))
    assert len(set(values)) == len(values)
    assert all(len(value) >= 32 for value in values)


def test_starters_at_the_same_time_end_up_with_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_or_create(tmp_path / "secrets"), range(16)))
    assert len(set(found)) == 1


def test_folder_and_file_are_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    load_or_create(folder)
    assert (mode(folder), mode(folder / FILE_NAME)) == (0o700, 0o600)
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_they_are_not_in_their_repr(tmp_path: Path) -> None:
    made = load_or_create(tmp_path / "secrets")
    assert not any(value in repr(made) for value in astuple(made))


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"postgres_owner": "x"}'])
def test_a_damaged_file_is_an_error_and_is_not_replaced(tmp_path: Path, damage: str) -> None:
    load_or_create(tmp_path)
    (tmp_path / FILE_NAME).write_text(damage)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_or_create(tmp_path)
    assert (tmp_path / FILE_NAME).read_text() == damage


def test_a_file_of_a_later_version_is_read(tmp_path: Path) -> None:
    made = load_or_create(tmp_path)
    held = json.loads((tmp_path / FILE_NAME).read_text())
    (tmp_path / FILE_NAME).write_text(json.dumps({**held, "added_later": "x"}))
    assert load_or_create(tmp_path) == made


def test_what_others_may_read_is_found(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    assert open_to_others(tmp_path) == []
    (tmp_path / FILE_NAME).chmod(0o640)
    assert open_to_others(tmp_path) == [tmp_path / FILE_NAME]


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert (target.read_text(), mode(target)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [target]
