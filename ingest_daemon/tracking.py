"""Which detection continues which track, by geometry alone: pure functions over frozen values. No image, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from footfall.vision.types import Box

REACH_FACES = 1.0
"""A face may be this many of its own sides away from where it was expected at once ..."""
REACH_FACES_PER_SECOND = 2.5
"""... and this much further for each second since it was seen. A person walking at 1.4 m/s crosses about nine widths
of a face (0.16 m) a second, but keeps most of the speed that the prediction already knows."""
LONGEST_REACH_FACES = 3.0
LARGEST_SIZE_CHANGE = 2.0
"""Between two looks a face does not double or halve its side."""
FIRM_IOU = 0.3
"""Over this overlap the boxes alone say that it is the same face; the customary gate of SORT (Bewley et al., 2016)."""
PREDICT_SECONDS = 0.5
"""A velocity is believed for this long; beyond it the face is expected to have stopped where it was heading."""
VELOCITY_GAIN = 0.5


@dataclass(frozen=True, slots=True)
class Motion:
    """Where a tracked face was last seen. `velocity_x`, `velocity_y`: of its centre, pixels a second."""

    box: Box
    seen_at: float
    velocity_x: float = 0.0
    velocity_y: float = 0.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """Detection `face` continues track `track` (indices into what was given). `firm`: the boxes overlap enough to
    say so by themselves; else only the distance speaks for it."""

    track: int
    face: int
    firm: bool


@dataclass(frozen=True, slots=True)
class Association:
    pairs: tuple[Pairing, ...]
    free_tracks: tuple[int, ...]
    free_faces: tuple[int, ...]


def intersection_over_union(first: Box, second: Box) -> float:
    """0..1; 0 for boxes that do not touch."""
    width = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    height = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (first.width * first.height + second.width * second.height - shared)


def centre_distance(first: Box, second: Box) -> float:
    """Distance of the centres in units of the mean side of both boxes."""
    side = (first.width + first.height + second.width + second.height) / 4
    return (
        hypot(
            first.x + first.width / 2 - second.x - second.width / 2,
            first.y + first.height / 2 - second.y - second.height / 2,
        )
        / side
    )


def predicted(motion: Motion, at: float) -> Box:
    """The box where the face is expected at time `at` (seconds)."""
    ahead = min(max(at - motion.seen_at, 0.0), PREDICT_SECONDS)
    box = motion.box
    return Box(box.x + motion.velocity_x * ahead, box.y + motion.velocity_y * ahead, box.width, box.height)


def followed(motion: Motion, box: Box, at: float) -> Motion:
    """The motion after its face was seen in `box` at time `at` (seconds); the velocity is smoothed."""
    elapsed = at - motion.seen_at
    if elapsed <= 0:
        return Motion(box, at, motion.velocity_x, motion.velocity_y)
    before = motion.box
    across = (box.x + box.width / 2 - before.x - before.width / 2) / elapsed
    down = (box.y + box.height / 2 - before.y - before.height / 2) / elapsed
    return Motion(
        box,
        at,
        motion.velocity_x + VELOCITY_GAIN * (across - motion.velocity_x),
        motion.velocity_y + VELOCITY_GAIN * (down - motion.velocity_y),
    )


def affinity(motion: Motion, box: Box, at: float) -> float | None:
    """How well `box` continues `motion`: overlap plus closeness, 0..2, or None where it cannot be the same face.

    The overlap with the last box counts as well as with the predicted one: a person who stops is where they were.
    """
    change = (box.width * box.height / (motion.box.width * motion.box.height)) ** 0.5
    if not 1 / LARGEST_SIZE_CHANGE <= change <= LARGEST_SIZE_CHANGE:
        return None
    expected = predicted(motion, at)
    overlap = _overlap(motion, box, at)
    distance = min(centre_distance(expected, box), centre_distance(motion.box, box))
    reach = min(REACH_FACES + REACH_FACES_PER_SECOND * max(at - motion.seen_at, 0.0), LONGEST_REACH_FACES)
    if overlap < FIRM_IOU and distance > reach:
        return None
    return overlap + max(0.0, 1.0 - distance / reach)


def associate(motions: Sequence[Motion | None], boxes: Sequence[Box], at: float) -> Association:
    """Pairs every track with at most one detection, the best affinities first; a track without a motion has lost
    its place and is left free.

    Greedy instead of optimal on purpose: see docs/adr/tracking-by-place-and-look.md. Ties fall to the lower indices,
    so that a file played twice is tracked alike.
    """
    candidates = sorted(
        (-score, track, face)
        for track, motion in enumerate(motions)
        if motion is not None
        for face, box in enumerate(boxes)
        if (score := affinity(motion, box, at)) is not None
    )
    pairs: dict[int, Pairing] = {}
    taken: set[int] = set()
    for _, track, face in candidates:
        motion = motions[track]
        if motion is None or track in pairs or face in taken:
            continue
        pairs[track] = Pairing(track, face, firm=_overlap(motion, boxes[face], at) >= FIRM_IOU)
        taken.add(face)
    return Association(
        pairs=tuple(pairs[track] for track in sorted(pairs)),
        free_tracks=tuple(track for track in range(len(motions)) if track not in pairs),
        free_faces=tuple(face for face in range(len(boxes)) if face not in taken),
    )


def _overlap(motion: Motion, box: Box, at: float) -> float:
    return max(
        intersection_over_union(predicted(motion, at), box),
        intersection_over_union(motion.box, box),
    )
