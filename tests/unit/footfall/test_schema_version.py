"""Which programs go together with which schema: the rule, and that each migration says what it has to say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from footfall.errors import SchemaMismatchError, SchemaMissingError
from footfall.schema_version import judge, known_revisions
from footfall.stores.postgres.schema_history import Migrated

VERSIONS = Path(__file__).parents[3] / "migrations" / "versions"
KNOWN = ("0001", "0002")
SAME = [Migrated("0001", False), Migrated("0002", False)]
EXPANDED = [*SAME, Migrated("0003", True)]
CONTRACTED = [*EXPANDED, Migrated("0004", False)]


def test_a_program_works_with_its_own_schema() -> None:
    assert judge(SAME, KNOWN) == "the schema is at 0002"


def test_a_program_works_with_a_schema_to_which_something_was_added() -> None:
    assert judge(EXPANDED, KNOWN) == "the schema is at 0003, newer than this program's 0002, which works with it"


def test_a_program_does_not_work_with_a_schema_that_took_something_away() -> None:
    with pytest.raises(SchemaMismatchError, match=r"is at 0005, and since 0004 this program, which knows 0002") as told:
        judge([*CONTRACTED, Migrated("0005", True)], KNOWN)
    assert told.value.hint == "Stop it, and start the newer version in its place."


def test_what_was_taken_away_before_the_program_was_made_is_no_matter() -> None:
    assert "works with it" in judge([*CONTRACTED, Migrated("0005", True)], [*KNOWN, "0003", "0004"])


def test_a_program_does_not_work_with_a_schema_that_lacks_something() -> None:
    with pytest.raises(SchemaMismatchError, match=r"The schema is at 0002, and this program needs 0003\.") as told:
        judge(SAME, [*KNOWN, "0003"])
    assert "footfall db migrate" in (told.value.hint or "")


def test_a_database_without_a_schema_is_told_apart() -> None:
    with pytest.raises(SchemaMissingError, match="no schema of Footfall"):
        judge([], KNOWN)


def test_files_are_named_by_their_revisions_each_after_the_one_before() -> None:
    """Programs read the names alone."""
    before = None
    for revision in known_revisions():
        [path] = VERSIONS.glob(f"{revision}_*.py")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert (module.revision, module.down_revision) == (revision, before), path.name
        assert isinstance(getattr(module, "previous_code_runs", False), bool), path.name
        before = revision
    assert len(known_revisions()) == len(list(VERSIONS.glob("[0-9]*.py")))
