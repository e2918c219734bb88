"""Fixtures of the golden tests. The golden values themselves are committed beside them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def golden() -> Path:
    """Folder of the committed golden values."""
    return Path(__file__).parent / "values"
