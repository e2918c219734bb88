"""The page Recognition while one model takes another's place. That it opens otherwise is `test_pages`'."""

from __future__ import annotations

import pytest

from api.examples import RESPONSES
from client import FootfallClient
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in


def test_the_coverage_of_both_model_versions_is_shown(live_api: LiveApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose numbers the API answers is tested with it; a candidate in the shared database would be everybody's."""
    page = signed_in(live_api)
    monkeypatch.setattr(FootfallClient, "calibration", lambda _: RESPONSES["reportCalibration"])
    app = open_page(page, "recognition")
    assert not app.exception
    assert [header.value for header in app.subheader] == ["Model versions"]
    shown = app.dataframe[-1].value
    assert shown["Version"].tolist() == ["arcface-mbf-512-v1", "arcface-mbf-512-mirrored-v1"]
    assert shown["Role"].tolist() == ["served", "candidate"]
    assert shown["Staff photographs"].tolist() == ["24 of 24", "23 of 24"]
    assert shown["Set aside"].tolist() == ["0", "1"]


def test_with_one_version_there_is_nothing_to_compare(live_api: LiveApi) -> None:
    app = open_page(signed_in(live_api), "recognition")
    assert not app.exception
    assert [version.role for version in live_api.client.calibration().versions] == ["served"]
    assert not app.subheader
