"""`python -m benchmarks recheck`: alarms and forgeries counted over pictures whose answer is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import recheck
from benchmarks.__main__ import main
from footfall.settings import Settings
from footfall.vision.pipeline import VisionPipeline, open_vision


@pytest.fixture(scope="module")
def vision() -> VisionPipeline:
    return open_vision(Settings(offline=True))


def look(vision: VisionPipeline, number: int, *, of: int | None = None) -> recheck._Looked:
    """A picture of somebody, with their own template or somebody else's."""

    def jpeg(who: int) -> bytes:
        noise = np.random.default_rng(who).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        done, data = cv2.imencode(".jpg", cv2.resize(noise, (200, 200)))
        assert done
        return data.tobytes()

    [face] = vision.analyse_bytes(jpeg(number if of is None else of))
    assert face.vector is not None
    return recheck._Looked(face.vector, jpeg(number))


def test_honest_workers_raise_no_alarm_and_forged_templates_do(vision: VisionPipeline) -> None:
    found = recheck.figures_of(vision, [[look(vision, number)] for number in range(6)])
    assert (found["false_alarms"], found["forgeries_missed"], found["people"]) == (0.0, 0.0, 6)
    assert found["varied_people"] == 0


def test_a_lying_worker_is_counted(vision: VisionPipeline) -> None:
    found = recheck.figures_of(vision, [[look(vision, number, of=number + 50)] for number in range(4)])
    assert found["false_alarms"] == 1.0


def test_a_folder_without_faces_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recheck", "--faces", str(tmp_path)]) == 2
    assert "error:" in capsys.readouterr().err
