"""A masked region from the camera to the server: whoever is in it is found by nobody, sent nowhere, shown to nobody."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import cv2
import httpx
import numpy as np
import pytest

from cli.stack.ports import free_ports
from contracts.places import Mask
from footfall.settings import load_settings
from footfall.vision.types import BgrImage
from ingest_daemon.daemon import run_cameras
from ingest_daemon.masks import PAINT
from ingest_daemon.playing import Run
from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, ApiServer, camera
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera
from tests.unit.ingest_daemon.stage import texture

LEFT_AND_A_LITTLE: Mask = ((0.0, 0.0), (0.56, 0.0), (0.56, 1.0), (0.0, 1.0))
"""The first of two people, and what is beside the second one's face."""
EDGE_PX = 0.56 * 480
SECRET = "the host's own secret, for a test"
HOW = Run(realtime=False, started_at=None, until_end=True)


def two_people() -> BgrImage:
    """(240, 480, 3): a person in the middle of each half, before a dark wall."""
    image = np.full((240, 480, 3), 40, np.uint8)
    for number, left in enumerate((60, 300)):
        image[60:180, left : left + 120] = cv2.resize(texture(number + 1), (120, 120))
    return image


def decoded(jpeg: bytes) -> BgrImage:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, dtype=np.uint8)


@pytest.mark.parametrize(("masks", "people"), [((), 2), ((LEFT_AND_A_LITTLE,), 1)])
def test_whoever_is_in_a_masked_region_is_nowhere(tmp_path: Path, masks: tuple[Mask, ...], people: int) -> None:
    known = camera().model_copy(update={"masks": masks})
    [port] = free_ports(1)
    stop = Event()
    with (
        ApiServer(camera=known).serving() as api,
        MjpegCamera([two_people()], fps=20).serving() as live,
        ThreadPoolExecutor(1) as pool,
    ):
        settings = load_settings(
            home=tmp_path,
            offline=True,
            api={"url": api.url},
            ingest={"api_key": API_KEY, "port": port, "surface_secret": SECRET},
        )
        running = pool.submit(run_cameras, settings, {CAMERA_ID: live.url}, HOW, stop=stop)
        try:
            deadline = time.monotonic() + 60
            while len(api.event_ids) < people and not running.done():
                assert time.monotonic() < deadline, "nobody was found"
                time.sleep(0.02)
            shown = httpx.get(
                f"http://127.0.0.1:{port}/v1/cameras/{CAMERA_ID}/snapshot",
                headers={"Authorization": f"Bearer {SECRET}"},
            )
        finally:
            stop.set()
        [summary] = running.result(60)

    assert shown.status_code == 200
    snapshot = decoded(shown.content)
    assert (summary.events, len(api.event_ids)) == (people, people)
    assert float(snapshot[60:180, 300:420].std()) > 10, "the second person is shown"
    if not masks:
        assert float(snapshot[60:180, 60:180].std()) > 10, "without a mask the first one is, too"
        return
    assert np.abs(snapshot[:, : int(EDGE_PX) - 4].astype(int) - PAINT).max() <= 4
    for one in api.received:
        assert one.event.face.box.x >= EDGE_PX
        assert one.image is not None
        crop = decoded(one.image)
        # The face with its margin begins at 252; what of it lies under the mask is paint.
        assert np.abs(crop[:, :12].astype(int) - PAINT).max() <= 8
