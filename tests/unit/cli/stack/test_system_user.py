"""As root, Postgres's user may pass through closed folders, and nobody gains more than that."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.stack.system_user import database_user, let_reach

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs Postgres himself")
NOBODY = 65_534


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A readable file in a folder that only root may enter."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    file = closed / "file"
    file.write_text("seen")
    file.chmod(0o644)
    return file


def may(user_id: int, test: str, path: Path) -> bool:
    """Whether the user passes `test -r` and the like for the path."""
    asked = subprocess.run(["test", test, str(path)], check=False, user=user_id, group=user_id, extra_groups=[])
    return asked.returncode == 0


def test_the_user_is_made_once_and_is_not_root() -> None:
    user = database_user()
    assert user is not None
    assert user.user_id not in (0, NOBODY)
    assert database_user() == user


def test_it_passes_where_it_could_not(target: Path) -> None:
    user = database_user()
    assert user is not None
    assert not may(user.user_id, "-r", target)
    let_reach(target, user)
    assert may(user.user_id, "-r", target)


def test_it_cannot_list_the_folder_and_others_still_cannot_pass(target: Path) -> None:
    user = database_user()
    assert user is not None
    let_reach(target, user)
    assert not may(user.user_id, "-r", target.parent)
    assert not may(NOBODY, "-r", target)


def test_a_later_chmod_that_shuts_it_out_is_mended(target: Path) -> None:
    user = database_user()
    assert user is not None
    let_reach(target, user)
    target.parent.chmod(0o700)
    assert not may(user.user_id, "-r", target)
    let_reach(target, user)
    assert may(user.user_id, "-r", target)


def test_a_folder_that_anyone_may_enter_is_left_as_it_is(tmp_path: Path) -> None:
    user = database_user()
    assert user is not None
    let_reach(tmp_path / "any", user)
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o755)
    let_reach(open_folder / "file", user)
    assert os.listxattr(open_folder) == []
