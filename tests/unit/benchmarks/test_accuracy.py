"""`python -m benchmarks accuracy`: what it takes, what it refuses, and what it finds on labelled faces."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.accuracy import STAGES, Pair, Seen, figures_of, find_photographs, read_pairs, subject_of
from benchmarks.commands import COMMANDS, load
from footfall.errors import InputError
from footfall.settings import load_settings
from footfall.vision.types import Box, DetectedFace
from tests.golden.drawn_face import drawn_face
from tests.unit.vision.images import encoded

LANDMARKS = np.zeros((5, 2), dtype=np.float32)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Twelve "people" of two photographs each, drawn in their own colours, and one photograph without a face."""
    folder = tmp_path / "drawn"
    rng = np.random.default_rng(6)
    base = drawn_face(250).astype(np.float64)
    rows = [["same", "a", "b"]]
    for number in range(12):
        person = folder / f"person_{number}"
        person.mkdir(parents=True)
        tinted = base * rng.uniform(0.6, 1.2, 3)
        for photograph in (1, 2):
            noisy = np.clip(tinted + rng.normal(0, 2, base.shape), 0, 255).astype(np.uint8)
            (person / f"{photograph}.jpg").write_bytes(encoded(noisy, ".jpg"))
        rows.append(["1", f"person_{number}/1.jpg", f"person_{number}/2.jpg"])
        rows.append(["0", f"person_{number}/1.jpg", f"person_{(number + 1) % 12}/2.jpg"])
    (folder / "nobody").mkdir()
    (folder / "nobody" / "1.png").write_bytes(encoded(np.full((80, 80, 3), 90, dtype=np.uint8), ".png"))
    with (tmp_path / "drawn_pairs.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
    return folder


def test_the_last_line_is_one_json_object_with_the_promised_keys(
    faces: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTFALL_MODELS_DIR", str(models_dir))
    pairs = faces.with_name("drawn_pairs.csv")
    assert main(["accuracy", "--faces", str(faces), "--pairs", str(pairs), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(figures["tar_at_far"]) == {"0.01", "0.001", "0.0001"}
    assert set(figures["stage_ms"]) == set(STAGES)
    assert all(milliseconds > 0 for milliseconds in figures["stage_ms"].values())
    assert figures["detection_rate"] == pytest.approx(24 / 25)
    assert 0 <= figures["pair_accuracy"] <= 1
    assert 0 <= figures["rank1"] <= 1
    assert figures["embedder"] == "arcface-mbf-512-v1"


def test_without_json_the_figures_are_words(
    faces: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the list of pairs beside the folder is found by its name."""
    monkeypatch.setenv("FOOTFALL_MODELS_DIR", str(models_dir))
    assert main(["accuracy", "--faces", str(faces), "--backend", "onnxruntime"]) == 0
    out = capsys.readouterr().out
    assert "photographs      25, with a face 96.00%" in out
    assert "onnxruntime-f32" in out
    assert "{" not in out


def test_input_that_cannot_be_measured_on_exits_2_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accuracy", "--faces", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "holds no photographs" in err
    assert "hint: Name a folder" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n", "does not begin with"),
        ("same,a,b\n2,ann/1.jpg,ann/2.jpg\n", "line 2: a pair is 0 or 1"),
        ("same,a,b\n1,ann/1.jpg\n", "line 2: a pair is"),
        ("same,a,b\n1,ann/1.jpg,ann/2.jpg\n0,ann/1.jpg,bob/9.jpg\n", "line 3: there is no photograph bob/9.jpg"),
    ],
)
def test_a_list_of_pairs_that_is_wrong_is_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_pairs(path, known={"ann/1.jpg", "ann/2.jpg"})


def test_a_list_of_pairs_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_pairs(tmp_path / "none.csv", known=set())


def test_the_subject_is_the_large_central_face() -> None:
    image = np.zeros((250, 250, 3), dtype=np.uint8)
    central = DetectedFace(Box(80, 80, 90, 90), LANDMARKS, 0.7)
    small_central = DetectedFace(Box(110, 110, 20, 20), LANDMARKS, 0.9)
    large_aside = DetectedFace(Box(0, 0, 95, 95), LANDMARKS, 0.95)
    assert subject_of([large_aside, small_central, central], image) is central
    assert subject_of([large_aside], image) is large_aside
    assert subject_of([], image) is None


def test_a_photograph_without_a_face_counts_against_every_figure() -> None:
    people = [f"p{index}" for index in range(20)]
    axes = np.eye(20, dtype=np.float32)
    seen = Seen([f"{person}/{photograph}.jpg" for person in people for photograph in (1, 2)])
    seen.vectors = {f"{person}/{n}.jpg": axes[i] for i, person in enumerate(people) for n in (1, 2)}
    pairs = [Pair(True, f"{person}/1.jpg", f"{person}/2.jpg") for person in people]
    pairs += [Pair(False, f"p{i}/1.jpg", f"p{(i + 1) % 20}/2.jpg") for i in range(20)]
    whole = figures_of(seen, pairs)
    assert (whole["detection_rate"], whole["rank1"], whole["pair_accuracy"]) == (1.0, 1.0, 1.0)
    assert whole["tar_at_far"] == {"0.01": 1.0, "0.001": 1.0, "0.0001": 1.0}
    del seen.vectors["p3/2.jpg"]
    short = figures_of(seen, pairs)
    assert short["detection_rate"] == pytest.approx(39 / 40)
    assert short["rank1"] == pytest.approx(19 / 20)
    assert short["pair_accuracy"] == pytest.approx(39 / 40)
    assert short["tar_at_far"] == {"0.01": 0.95, "0.001": 0.95, "0.0001": 0.95}


def test_every_command_has_its_functions_and_a_summary() -> None:
    for name in COMMANDS:
        command = load(name)
        assert command.__doc__
        assert callable(command.run)
        assert callable(command.lines)
        assert callable(command.add_arguments)


def _labelled_faces() -> Path:
    folder = load_settings().faces_dir / "lfw_dev"
    if not folder.is_dir():
        pytest.skip(f"{folder} is away: labelled faces are for development and not part of the product")
    return folder


def test_real_faces_are_told_apart(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some two hundred photographs of the development set; the whole of it is `make bench`."""
    source = _labelled_faces()
    with source.with_name(f"{source.name}_pairs.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.reader(handle))[1:]
    chosen = [row for row in rows if row[0] == "1"][:60] + [row for row in rows if row[0] == "0"][:60]
    folder = tmp_path / "some"
    for name in {name for row in chosen for name in row[1:]}:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to((source / name).resolve())
    with (tmp_path / "some_pairs.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([["same", "a", "b"], *chosen])
    monkeypatch.setenv("FOOTFALL_MODELS_DIR", str(models_dir))
    assert main(["accuracy", "--faces", str(folder), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["detection_rate"] == 1.0
    assert figures["pair_accuracy"] >= 0.97
    assert figures["tar_at_far"]["0.001"] >= 0.95
    assert figures["rank1"] >= 0.95
    assert figures["under_quality_floor"] <= 0.02


@pytest.mark.e2e
def test_the_whole_development_set_reaches_the_stated_accuracy(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _labelled_faces()
    assert len(find_photographs(source)) == 4045
    monkeypatch.setenv("FOOTFALL_MODELS_DIR", str(models_dir))
    assert main(["accuracy", "--faces", str(source), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["pair_accuracy"] >= 0.988
    assert figures["tar_at_far"]["0.001"] >= 0.975
    assert figures["rank1"] >= 0.975
    assert figures["detection_rate"] >= 0.995
