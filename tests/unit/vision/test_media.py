"""The demo's photographs: pinned by content, taken from a mirror or from packages, mended when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import DownloadError
from footfall.settings import load_settings
from footfall.vision.media import MEDIA, pull_sample_media
from footfall.vision.models.files import sha256_of
from footfall.vision.models.sources import NpmMember, PythonMember

FILES = [pinned for package in MEDIA for pinned in package.files]


def test_what_was_pulled_is_what_was_pinned(sample_media: Path) -> None:
    for pinned in FILES:
        path = sample_media / pinned.name
        assert path.stat().st_size == pinned.size_bytes
        assert sha256_of(path) == pinned.sha256


def test_a_mirror_serves_them_without_any_registry(
    sample_media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    settings = load_settings(home=tmp_path, vision={"mirror": str(sample_media)})
    media = pull_sample_media(tmp_path / "media", settings)
    assert sorted(media.files) == sorted(pinned.name for pinned in FILES)
    damaged = media.path("obama.jpg")
    damaged.write_bytes(b"no longer a photograph")
    pull_sample_media(tmp_path / "media", settings)
    assert sha256_of(damaged) == sha256_of(sample_media / "obama.jpg")
    with pytest.raises(KeyError):
        media.path("nobody.jpg")


def test_a_registry_that_is_away_is_a_download_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOOTFALL_VISION__MIRROR", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(DownloadError, match="Python sdist face_recognition"):
        pull_sample_media(tmp_path / "media", load_settings(home=tmp_path))
    assert [path.name for path in (tmp_path / "media").iterdir()] == [".pull.lock"]


def test_every_package_states_what_is_known_of_its_licence() -> None:
    assert len({pinned.name for pinned in FILES}) == len(FILES)
    for package in MEDIA:
        assert package.licence_note
        for pinned in package.files:
            (source,) = pinned.sources
            assert isinstance(source, NpmMember | PythonMember)
            assert source.member.endswith(f"/{pinned.name}")
            assert source.version in package.package
