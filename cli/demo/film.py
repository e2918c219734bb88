"""Composes the demo's film: real faces walking through a drawn entrance hall. No recognition, no storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from cli.demo.cast import ENTRANCES, FILM_SECONDS, Entrance
from footfall.errors import NotAVideoError
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage, Box

WIDTH, HEIGHT, FRAMES_PER_SECOND = 960, 540, 12
_NOISE_SEED = 20_240
_CLOTHES = ((78, 62, 54), (92, 88, 84), (70, 84, 66), (60, 58, 92), (104, 92, 72))  # BGR

Mask = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Actor:
    """An entrance with its pictures cut out. `pictures`: one BGR crop for a photograph, many for a clip, each with
    the face in the same place; `mask`: (h, w) float32, 1 where the person is; `face_height`, `face_x`, `face_y`:
    of the face within the crop, pixels."""

    entrance: Entrance
    pictures: tuple[BgrImage, ...]
    mask: Mask
    face_height: float
    face_x: float
    face_y: float


def compose(media: Path, target: Path, vision: VisionPipeline, progress: Progress) -> int:
    """Writes the film and answers its number of frames. Written beside and renamed, so a half film is never used.

    Raises NotAVideoError when no encoder of this machine's OpenCV can write it.
    """
    actors = [_cut_out(entrance, media, vision) for entrance in ENTRANCES]
    total = int(FILM_SECONDS * FRAMES_PER_SECOND)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial" + target.suffix)
    fourcc = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(partial), fourcc, FRAMES_PER_SECOND, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise NotAVideoError("OpenCV cannot encode the demo's film (MPEG-4).", hint="Reinstall with `make install`.")
    try:
        for index, frame in enumerate(_frames(actors, total)):
            writer.write(frame)
            progress(index + 1, total)
    finally:
        writer.release()
    partial.replace(target)
    return total


def _frames(actors: list[_Actor], total: int) -> Iterator[BgrImage]:
    hall = _hall()
    rng = np.random.default_rng(_NOISE_SEED)
    # A few noise fields in turn look like a sensor and cost a hundredth of fresh noise for each frame.
    grain = [rng.normal(0.0, 2.0, (HEIGHT, WIDTH, 1)).astype(np.float32) for _ in range(8)]
    for index in range(total):
        now = index / FRAMES_PER_SECOND
        canvas = hall.copy()
        on_stage = [(actor, place) for actor in actors if (place := face_place(actor.entrance, now))]
        for actor, place in sorted(on_stage, key=lambda pair: pair[1].height):  # the nearer person covers the farther
            _draw_body(canvas, place, actors.index(actor))
            _draw(canvas, actor, place, now)
        yield np.clip(canvas + grain[index % len(grain)], 0, 255).astype(np.uint8)


def _hall() -> npt.NDArray[np.float32]:
    """(HEIGHT, WIDTH, 3) float32 BGR: a wall in soft light, a floor, and two glass doors."""
    rows = np.linspace(0.0, 1.0, HEIGHT, dtype=np.float32)[:, None]
    wall = np.concatenate([188 - 30 * rows, 196 - 34 * rows, 200 - 40 * rows], axis=1)[:, None, :]
    hall = np.repeat(wall, WIDTH, axis=1).astype(np.float32)
    hall[int(HEIGHT * 0.82) :] = (96, 104, 112)
    for left in (0.10, 0.72):
        x0, x1 = int(WIDTH * left), int(WIDTH * (left + 0.18))
        cv2.rectangle(hall, (x0, int(HEIGHT * 0.12)), (x1, int(HEIGHT * 0.82)), (214, 206, 196), -1)
        cv2.rectangle(hall, (x0, int(HEIGHT * 0.12)), (x1, int(HEIGHT * 0.82)), (120, 116, 112), 4)
    return cv2.GaussianBlur(hall, (0, 0), 1.2).astype(np.float32)


@dataclass(frozen=True, slots=True)
class FacePlace:
    """Where the middle of a face is in the film's picture, and how high the face is; pixels."""

    x: float
    y: float
    height: float


def face_place(entrance: Entrance, now_seconds: float) -> FacePlace | None:
    """Where someone's face is at a moment of the film; None while off stage. Also the report's ground truth.

    In from the nearer edge during the first quarter, a stay, out during the last; nearest in the middle.
    """
    share = (now_seconds - entrance.starts_seconds) / entrance.lasts_seconds
    if not 0 <= share < 1:
        return None
    outside = -0.15 if entrance.lane <= 0.5 else 1.15
    presence = min(1.0, share / 0.25, (1.0 - share) / 0.25)
    eased = presence * presence * (3 - 2 * presence)
    bob = 4.0 * sin(now_seconds * 7.0) * (1.0 - 0.7 * eased)  # a walker's head bobs
    return FacePlace(
        x=(outside + (entrance.lane - outside) * eased) * WIDTH,
        y=HEIGHT * 0.42 + bob,
        height=entrance.size_px * (0.6 + 0.4 * sin(pi * share)),
    )


def _draw(canvas: npt.NDArray[np.float32], actor: _Actor, place: FacePlace, now: float) -> None:
    """Blends the actor into the canvas, in place."""
    entrance = actor.entrance
    scale = place.height / actor.face_height
    picture = actor.pictures[int((now - entrance.starts_seconds) * FRAMES_PER_SECOND) % len(actor.pictures)]
    mask, centre = actor.mask, np.array([actor.face_x, actor.face_y])
    if scale < 0.5:  # warpAffine does not average; the face would alias unless shrunk first
        size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        centre, scale = centre * scale, 1.0
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), entrance.tilt_deg, scale)
    matrix[:, 2] += np.array([place.x, place.y]) - centre
    drawn = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT)).astype(np.float32)
    alpha = cv2.warpAffine(mask, matrix, (WIDTH, HEIGHT))[..., None]
    canvas += alpha * (np.clip(drawn * entrance.brightness, 0, 255) - canvas)


def _draw_body(canvas: npt.NDArray[np.float32], place: FacePlace, number: int) -> None:
    """A plain figure under the head, down to the floor: most of the pictures end at the collar."""
    colour = _CLOTHES[number % len(_CLOTHES)]
    face = place.height
    centre = (int(place.x), int(place.y + face * 1.85))
    cv2.ellipse(canvas, centre, (int(face * 0.98), int(face * 1.3)), 0, 180, 360, colour, -1, cv2.LINE_AA)
    left, right = int(place.x - face * 0.98), int(place.x + face * 0.98)
    cv2.rectangle(canvas, (left, centre[1]), (right, HEIGHT), colour, -1)


def _cut_out(entrance: Entrance, media: Path, vision: VisionPipeline) -> _Actor:
    path = media / entrance.picture
    if path.suffix == ".mp4":
        pictures = _read_clip(path, int(entrance.lasts_seconds * FRAMES_PER_SECOND))
    else:
        pictures = [vision.decode(path.read_bytes())]
    box = _face_box(pictures[0], entrance, vision)
    # Head, hair and shoulders; more of the photograph would bring its background along.
    x0 = int(max(0, box.x - 0.55 * box.width))
    x1 = int(min(pictures[0].shape[1], box.x + 1.55 * box.width))
    y0 = int(max(0, box.y - 0.5 * box.height))
    y1 = int(min(pictures[0].shape[0], box.y + 1.75 * box.height))
    crops = tuple(picture[y0:y1, x0:x1] for picture in pictures)
    face_x, face_y = box.x + box.width / 2 - x0, box.y + box.height / 2 - y0
    return _Actor(entrance, crops, _mask(y1 - y0, x1 - x0, face_x, face_y, box), box.height, face_x, face_y)


def _mask(height: int, width: int, face_x: float, face_y: float, box: Box) -> Mask:
    """An ellipse around the head joined to one around the shoulders, feathered."""
    mask = np.zeros((height, width), np.float32)
    head = (int(box.width * 0.78), int(box.height * 0.86))
    cv2.ellipse(mask, (int(face_x), int(face_y)), head, 0, 0, 360, 1.0, -1)
    shoulders = (int(box.width * 1.02), int(box.height * 0.62))
    cv2.ellipse(mask, (int(face_x), int(face_y + box.height * 1.28)), shoulders, 0, 0, 360, 1.0, -1)
    feather = max(1.0, box.height * 0.05)
    border = max(1, int(feather))
    mask[:border] = mask[-border:] = 0.0
    mask[:, :border] = mask[:, -border:] = 0.0
    return cv2.GaussianBlur(mask, (0, 0), feather).astype(np.float32)


def _face_box(picture: BgrImage, entrance: Entrance, vision: VisionPipeline) -> Box:
    found = sorted(vision.detector.detect(picture), key=lambda face: face.box.x)
    largest = max((face.box.height for face in found), default=0.0)
    faces = [face for face in found if face.box.height > largest / 3]
    if len(faces) <= entrance.face:
        raise NotAVideoError(
            f"{entrance.picture} shows {len(faces)} faces; the film needs face number {entrance.face + 1}.",
            hint="Pull the sample media again: `footfall models pull --media`.",
        )
    return faces[entrance.face].box


def _read_clip(path: Path, frames: int) -> list[BgrImage]:
    """The first `frames` of a clip, taken at the film's rate."""
    capture = cv2.VideoCapture(str(path))
    try:
        step = (capture.get(cv2.CAP_PROP_FPS) or 25.0) / FRAMES_PER_SECOND
        pictures: list[BgrImage] = []
        wanted, index = 0.0, 0
        while len(pictures) < frames:
            ok, frame = capture.read()
            if not ok:
                break
            if index >= wanted:
                pictures.append(frame.astype(np.uint8))
                wanted += step
            index += 1
    finally:
        capture.release()
    if not pictures:
        raise NotAVideoError(f"{path.name} cannot be read as video.", hint="Pull the sample media again.")
    return pictures
