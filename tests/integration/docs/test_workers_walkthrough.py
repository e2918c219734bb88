"""docs/workers.md works as it stands, after the part of docs/camera.md that makes a tenant, a site and a camera."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import cv2
import pytest

from tests.integration.docs.test_camera_walkthrough import COMMANDS, GUIDE, environment, film_of

WORKERS = GUIDE.with_name("workers.md")

pytestmark = pytest.mark.e2e
__all__ = ["environment"]


def test_every_command_of_the_guide_works(environment: dict[str, str], sample_media: Path, tmp_path: Path) -> None:
    before = [block for block in COMMANDS.findall(GUIDE.read_text("utf-8")) if "apikey" not in block]
    blocks = COMMANDS.findall(WORKERS.read_text("utf-8"))
    assert len(blocks) >= 5, "the guide has lost its commands"
    script = "\n".join(["set -euo pipefail", *before[:3], *blocks]).replace("footfall up\n", "footfall up --only api\n")
    film = film_of(sample_media / "obama2.jpg", tmp_path / "door.avi")
    ended = subprocess.run(
        ["bash", "-c", script],
        env={**environment, "SOURCE": str(film)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    picture = cv2.imread(str(tmp_path / "door.jpg"))
    assert picture is not None
    assert picture.shape[:2] == (540, 960)
    kinds = set(re.findall(r"^event: (\S+)$", ended.stdout, re.MULTILINE))
    assert {"opened", "camera.new", "worker.online", "visit.new", "command.changed"} <= kinds
