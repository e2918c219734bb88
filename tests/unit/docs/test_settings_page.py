"""docs/settings.md says what the code reads, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from cli.settings_command import setting_rows, settings_page

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_committed_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_page(), "run: footfall settings --write docs/settings.md"


def test_every_setting_says_what_it_means() -> None:
    assert [row.variable for row in setting_rows() if not row.meaning] == []


def test_every_variable_that_the_readme_names_exists() -> None:

    known = {row.variable for row in setting_rows()}
    for name in ("README.md", "docs/camera.md"):
        text = (PAGE.parents[1] / name).read_text(encoding="utf-8")
        named = set(re.findall(r"FOOTFALL_[A-Z0-9_]+", text))
        assert named <= known, f"{name} names settings that do not exist: {named - known}"
