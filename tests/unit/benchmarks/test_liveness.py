"""`python -m benchmarks liveness`: what its figures mean, and that it claims nothing it did not measure."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.liveness import Judged, figures_of, lines, replay
from footfall.settings import LivenessSettings
from footfall.vision.models.manifest import LIVENESS

LIMITS = LivenessSettings(spoof_below=0.5, live_from=0.8)


def test_bpcer_is_the_share_of_live_faces_that_are_called_a_spoof() -> None:
    live = Judged([0.99, 0.9, 0.6, 0.49, 0.01], unknown=2)
    figures = figures_of(live, Judged([0.99, 0.2, 0.1, 0.7], unknown=0), LIMITS, seconds=1.0)

    assert figures["bpcer"] == pytest.approx(0.4)
    assert figures["bpcer_at"] == {"0.05": pytest.approx(0.2), "0.5": pytest.approx(0.4), "0.8": pytest.approx(0.6)}
    assert figures["called_live"] == pytest.approx(0.4)
    assert (figures["bona_fide"], figures["not_judged"]) == (5, 2)
    assert figures["smoke_replays_not_called_spoof"] == pytest.approx(0.5)


def test_apcer_is_said_not_to_be_measured() -> None:
    figures = figures_of(Judged([0.9], 0), Judged([], 0), LIMITS, seconds=1.0)
    assert figures["apcer"] == "not measured"
    assert figures["smoke_replays_not_called_spoof"] is None
    assert any("no set of real attacks" in line for line in lines(figures))


def test_a_made_up_replay_keeps_the_size_and_changes_the_picture() -> None:
    picture = np.random.default_rng(3).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    shown = replay(picture)
    assert shown.shape == picture.shape
    assert float(np.abs(shown.astype(float) - picture).mean()) > 5
    assert np.array_equal(shown, replay(picture))


@pytest.fixture
def weights(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command finds them. The liveness model is optional: without a source of it, nothing is tested."""
    if not (models_dir / str(LIVENESS.local_name)).is_file():
        pytest.skip("the liveness weights cannot be pulled here")
    monkeypatch.setenv("FOOTFALL_MODELS_DIR", str(models_dir))
    return models_dir


@pytest.mark.usefixtures("weights")
def test_a_folder_without_photographs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["liveness", "--faces", str(tmp_path)]) == 2
    assert "holds no photographs" in capsys.readouterr().err


@pytest.mark.usefixtures("weights")
def test_it_runs_over_a_folder_of_photographs(
    tmp_path: Path, sample_media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "someone").mkdir()
    picture = cv2.imread(str(sample_media / "obama.jpg"))
    assert picture is not None
    cv2.imwrite(str(tmp_path / "someone" / "1.jpg"), cv2.resize(picture, None, fx=0.5, fy=0.5))
    assert main(["liveness", "--faces", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["command"], found["bona_fide"], found["apcer"]) == ("liveness", 1, "not measured")
