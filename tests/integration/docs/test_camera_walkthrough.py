"""docs/camera.md works as it stands: its commands are run in order, with a film in place of the camera."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "camera.md"
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def environment(tmp_path: Path, models_dir: Path) -> Iterator[dict[str, str]]:
    """A home of the guide's own, the command on the path; what was started is stopped."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    own = {"PATH": path, "FOOTFALL_HOME": str(tmp_path / "home"), "FOOTFALL_MODELS_DIR": str(models_dir)}
    try:
        yield {**inherited, **own}
    finally:
        subprocess.run(["footfall", "down"], env={**inherited, **own}, check=False, timeout=120)


def film_of(photograph: Path, target: Path) -> Path:
    """Four seconds of one photograph that moves a little, at 12 frames a second."""
    picture = cv2.imread(str(photograph))
    assert picture is not None
    height, width = 540, 540 * picture.shape[1] // picture.shape[0]
    picture = cv2.resize(picture, (width, height))
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"MJPG"), 12, (960, 540))
    for index in range(48):
        frame = np.full((540, 960, 3), 160, np.uint8)
        left = 200 + 2 * index
        frame[:, left : left + width] = picture
        writer.write(frame)
    writer.release()
    return target


def test_every_command_of_the_guide_works(environment: dict[str, str], sample_media: Path, tmp_path: Path) -> None:
    blocks = COMMANDS.findall(GUIDE.read_text(encoding="utf-8"))
    assert len(blocks) >= 6, "the guide has lost its commands"
    # The parts that the guide uses; pages and Dagster have their own tests.
    script = "\n".join(["set -euo pipefail", *blocks]).replace("footfall up\n", "footfall up --only api\n")
    film = film_of(sample_media / "obama2.jpg", tmp_path / "door.avi")
    ended = subprocess.run(
        ["bash", "-c", script],
        env={**environment, "SOURCE": str(film)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    visits, report = (json.loads(line) for line in re.findall(r"^\{.*\}$", ended.stdout.replace("}{", "}\n{"), re.M))
    assert [visit["person_kind"] for visit in visits["items"]] == ["customer"]
    assert sum(row["new_visitors"] for row in report["rows"]) == 1
