"""Settings are strict: a wrong value or a misspelt name is an error that names the variable."""

from __future__ import annotations

import pytest

from footfall.errors import ConfigurationError
from footfall.settings import Settings, load_settings


def test_nested_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_MILVUS__URI", "http://vectors:19530")
    monkeypatch.setenv("FOOTFALL_RECOGNITION__MARGIN", "0.1")
    settings = load_settings()
    assert settings.milvus.uri == "http://vectors:19530"
    assert settings.recognition.margin == 0.1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FOOTFALL_POSTGRES__POOL_SIZE", "0"),
        ("FOOTFALL_RECOGNITION__TARGET_FAR", "nan"),
        ("FOOTFALL_API__PORT", "eighty"),
        ("FOOTFALL_VISION__DETECTOR", "haar"),
        ("FOOTFALL_POSTGRES__DNS", "postgresql://a"),
    ],
)
def test_a_bad_value_or_nested_name_is_refused_and_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=variable):
        load_settings()


def test_a_misspelt_top_level_name_is_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_POSTGRESS__DSN", "postgresql://a")
    with pytest.raises(ConfigurationError, match="FOOTFALL_POSTGRESS__DSN"):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_POSTGRES__APP_DSN", "postgresql://app:hush@db/footfall")
    assert "hush" not in repr(load_settings())


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().offline = True  # type: ignore[misc]  # the point of the test


def test_offline_no_picture_is_looked_at_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOOTFALL_RECOGNITION__RE_EMBED", raising=False)
    assert load_settings(offline=False).re_embed == "sample"
    assert load_settings(offline=True).re_embed == "never"
    assert load_settings(offline=True, recognition={"re_embed": "sample"}).re_embed == "sample"
