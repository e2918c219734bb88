"""Pulling weights: the manifest's files and nothing else end up in the models folder."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from footfall.errors import ConfigurationError, DownloadError, ModelCorruptError, ModelMissingError
from footfall.settings import Settings, load_settings
from footfall.vision.models.fetch import PullProgress
from footfall.vision.models.files import trusted_path, verify
from footfall.vision.models.manifest import EMBEDDER, MODELS, YUFACE, YUNET, ModelSpec, PreparedFile, model
from footfall.vision.models.prepare import prepare_embedder
from footfall.vision.models.pull import pull
from footfall.vision.models.sources import NpmMember, PinnedFile, PythonMember, UrlSource
from tests.unit.vision.test_prepare import _published_graph

PUBLISHED = _published_graph()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file(name: str, content: bytes) -> PinnedFile:
    return PinnedFile(name, _sha256(content), len(content), ())


REQUIRED = replace(
    EMBEDDER,
    source=_file("published.onnx", PUBLISHED),
    prepared=PreparedFile("prepared.onnx", _sha256(prepare_embedder(PUBLISHED))),
)
OPTIONAL = replace(YUNET, source=_file("detector.onnx", b"detector"))
MANIFEST: Sequence[ModelSpec] = (REQUIRED, OPTIONAL, YUFACE)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "published.onnx").write_bytes(PUBLISHED)
    (folder / "detector.onnx").write_bytes(b"detector")
    return folder


@pytest.fixture
def settings(tmp_path: Path, mirror: Path) -> Settings:
    return load_settings(home=tmp_path / "home", vision={"mirror": str(mirror)})


def _names(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.models_path.iterdir() if path.name != ".pull.lock")


def test_a_pull_brings_prepares_and_reports(settings: Settings, mirror: Path) -> None:
    report = pull(settings, manifest=MANIFEST)
    assert _names(settings) == ["detector.onnx", "prepared.onnx"]
    assert [(file.name, file.outcome) for file in report.files] == [
        ("arcface-mbf-512", "fetched"),
        ("yunet", "fetched"),
    ]
    assert report.files[1].detail == str(mirror / "detector.onnx")
    assert _sha256((settings.models_path / "prepared.onnx").read_bytes()) == REQUIRED.local_sha256


def test_a_second_pull_touches_nothing(settings: Settings, mirror: Path) -> None:
    pull(settings, manifest=MANIFEST)
    before = {path.name: path.stat().st_mtime_ns for path in settings.models_path.iterdir()}
    for file in mirror.iterdir():
        file.unlink()
    report = pull(settings, manifest=MANIFEST)
    assert [file.outcome for file in report.files] == ["present", "present"]
    assert {path.name: path.stat().st_mtime_ns for path in settings.models_path.iterdir()} == before


def test_a_damaged_file_is_pulled_anew(settings: Settings) -> None:
    pull(settings, manifest=MANIFEST)
    (settings.models_path / "detector.onnx").write_bytes(b"detectoR")
    assert pull(settings, manifest=MANIFEST).outcome_of("yunet") == "fetched"
    assert (settings.models_path / "detector.onnx").read_bytes() == b"detector"


def test_an_optional_model_without_source_is_reported_in_a_plain_line(
    settings: Settings, mirror: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (mirror / "detector.onnx").unlink()
    with caplog.at_level(logging.INFO):
        report = pull(settings, manifest=MANIFEST)
    assert report.outcome_of("yunet") == "unavailable"
    assert "weights of yunet, which are optional, are not here" in caplog.text
    assert _names(settings) == ["prepared.onnx"]


def test_a_required_model_without_source_fails_and_leaves_nothing(settings: Settings, mirror: Path) -> None:
    (mirror / "published.onnx").unlink()
    with pytest.raises(DownloadError, match=r"published\.onnx could not be fetched"):
        pull(settings, manifest=MANIFEST)
    assert _names(settings) == []


def test_an_optional_model_that_was_asked_for_by_name_must_come(settings: Settings, mirror: Path) -> None:
    (mirror / "detector.onnx").unlink()
    with pytest.raises(DownloadError):
        pull(settings, only=["yunet"], manifest=MANIFEST)


def test_only_what_was_asked_for_is_pulled(settings: Settings) -> None:
    report = pull(settings, only=["yunet"], manifest=MANIFEST)
    assert _names(settings) == ["detector.onnx"]
    assert report.outcome_of("arcface-mbf-512") is None
    with pytest.raises(ConfigurationError, match="no model named 'yolo'"):
        pull(settings, only=["yolo"], manifest=MANIFEST)


def test_a_preparation_that_gives_another_file_is_refused(settings: Settings) -> None:
    other = replace(REQUIRED, prepared=PreparedFile("prepared.onnx", "0" * 64))
    with pytest.raises(ModelCorruptError, match="the manifest states"):
        pull(settings, manifest=(other,))
    assert not (settings.models_path / "prepared.onnx").exists()


def test_progress_is_told_file_by_file(settings: Settings) -> None:
    steps: list[PullProgress] = []
    pull(settings, steps.append, manifest=MANIFEST)
    phases = [(step.file, step.phase) for step in steps if step.phase != "fetching"]
    assert phases == [("prepared.onnx", "preparing"), ("prepared.onnx", "done"), ("detector.onnx", "done")]
    assert {(step.position, step.total) for step in steps} == {(1, 2), (2, 2)}
    assert max(step.done_bytes for step in steps if step.file == "prepared.onnx") == len(PUBLISHED)


def test_weights_are_trusted_by_content_alone(settings: Settings) -> None:
    with pytest.raises(ModelMissingError) as missing:
        trusted_path(OPTIONAL, settings.models_path)
    assert missing.value.hint == "Run `footfall models pull`."
    pull(settings, manifest=MANIFEST)
    path = trusted_path(OPTIONAL, settings.models_path)
    path.write_bytes(b"something else")
    with pytest.raises(ModelCorruptError, match="cannot be trusted"):
        trusted_path(OPTIONAL, settings.models_path)


def test_verify_states_what_is_here_missing_and_corrupt(settings: Settings) -> None:
    settings.models_path.mkdir(parents=True)
    (settings.models_path / "face_detection_yunet_2026may.onnx").write_bytes(b"something else")
    states = {found.model.name: found.state for found in verify(settings)}
    assert states == {
        "arcface-mbf-512": "missing",
        "arcface-mbf-512-mirrored": "missing",
        "yunet": "corrupt",
        "yuface": "ok",
        "retinaface": "missing",
        "fr-liveness": "missing",
    }


def test_what_was_pulled_is_what_the_manifest_states(models_dir: Path) -> None:
    settings = load_settings(models_dir=models_dir)
    for found in verify(settings):
        assert found.state == "ok" or (found.state == "missing" and not found.model.required)


def test_the_manifest_is_complete_and_consistent() -> None:
    assert len({spec.name for spec in MODELS}) == len(MODELS) == len({spec.version for spec in MODELS})
    for spec in MODELS:
        assert (spec.source is None) == (spec.bundled_in is not None)
        assert spec.licence.note
        assert (spec.output_dimension == 512) == (spec.task == "embedder")
        for digest in (spec.local_sha256, spec.source.sha256) if spec.source else ():
            assert digest is not None
            assert len(digest) == 64
        assert (spec.attack_rates is not None) == (spec.task == "liveness")
        if spec.task == "embedder":
            assert spec.required == (spec is EMBEDDER)
            assert spec.thresholds is not None
            rates = [far for far, _ in sorted(spec.thresholds.points)]
            cosines = [cosine for _, cosine in sorted(spec.thresholds.points)]
            assert rates == [1e-5, 1e-4, 1e-3]
            assert cosines == sorted(cosines, reverse=True)
    assert model("yunet") is YUNET


def test_sources_name_no_registry() -> None:
    """The user's npm and pip know theirs; a name written here would bypass a company's own."""
    for spec in MODELS:
        for source in spec.source.sources if spec.source else ():
            if isinstance(source, UrlSource):
                assert source.url.startswith("https://github.com/")
            else:
                assert isinstance(source, NpmMember | PythonMember)


def test_a_folder_that_cannot_be_written_is_a_plain_error(settings: Settings) -> None:
    settings.home.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        pull(settings, manifest=MANIFEST)
