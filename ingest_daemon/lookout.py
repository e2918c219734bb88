"""Which parts of a frame are looked at by the detector, and when: new changes at once, known ones at intervals, faces
that are followed as often as they need. Detecting is `finding`'s, following is `following`'s."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import cv2
import numpy as np
import numpy.typing as npt

from footfall.vision.types import Box, Float32Array
from ingest_daemon.changes import Cells, View, is_unchanged
from ingest_daemon.regions import Region, Scene, around, cell_side, cells_of, merged, of_cells, widened
from ingest_daemon.shots import BEST_SHOTS, SHOT_SPACING
from ingest_daemon.tracking import intersection_over_union, predicted
from ingest_daemon.tracks import FaceTrack, TrackPolicy, counts

CHANGE_AGAIN_SECONDS = 0.2
"""A change in a place where nothing was found is looked at again this soon, for as long as it goes on."""
SWEEP_SECONDS = 3.0
"""The whole picture is searched this often while anything changes in it ..."""
QUIET_SWEEP_SECONDS = 10.0
"""... and this often while nothing does: for what changes too slowly to be noticed."""
HURRY = timedelta(seconds=0.6)
"""A new face that can be matched is looked at in every frame for at most this long, until it counts: it may be gone at
once."""
UNSETTLED_SECONDS = 0.1
MOVING_SECONDS = 0.3
"""Well under the half second after which a place proves nothing (`continuity.UNWATCHED`)."""
RESTING_SECONDS = 5.0
"""A face whose pixels have not changed is where it was."""
MOST_MISSED = 3
_SLACK_SECONDS = 0.02
_FACE_MARGIN = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What is remembered of a followed face. `box` and `patch`: what was found at `looked_at`, and what the small
    picture showed there; `missed`: looks since then that did not find it."""

    looked_at: float
    box: Box
    patch: Float32Array
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """`regions` to search now; `resting`: tracks whose faces have not changed since they were last found."""

    regions: tuple[Region, ...]
    resting: frozenset[UUID]


class Lookout:
    """Of one camera; its times are seconds of the frames' own clock. Not thread-safe.

    `parts` false: the detector sees whole pictures only. `stretch` 1 or more: intervals are longer by this factor.
    """

    def __init__(self, policy: TrackPolicy, *, parts: bool) -> None:
        self.policy = policy
        self._parts = parts
        self._watches: dict[UUID, Watch] = {}
        self._searched_at: npt.NDArray[np.float64] | None = None
        self._swept_at = 0.0
        self._changed_since_sweep = False
        self.stretch = 1.0

    def hurries(self, tracks: Sequence[FaceTrack], now: datetime) -> bool:
        """Whether a face is so new that the very next frame is wanted."""
        return any(self._is_new(track, now) for track in tracks)

    def plan(
        self,
        tracks: Sequence[FaceTrack],
        view: View,
        now: datetime,
        *,
        scene: Scene,
        matching: bool,
        cut: bool,
    ) -> Plan:
        """What to search in a frame. After a `cut` it is the whole picture."""
        at = now.timestamp()
        if cut or self._searched_at is None or self._searched_at.shape != view.cells.shape:
            self._searched_at = np.full(view.cells.shape, -np.inf)
            self._swept_at = at
            self._changed_since_sweep = False
            return Plan((scene.whole,), frozenset())
        self._changed_since_sweep |= bool(view.cells.any())
        resting = frozenset(track.event_id for track in tracks if self._rests(track, view))
        sweep_after = SWEEP_SECONDS if self._changed_since_sweep else QUIET_SWEEP_SECONDS
        if at - self._swept_at >= sweep_after * self.stretch:
            self._swept_at, self._changed_since_sweep = at, False
            return Plan((scene.whole,), resting)
        wanted = [
            around(predicted(track.motion, at), scene)
            for track in tracks
            if not track.parted and self._is_due(track, now, rests=track.event_id in resting, matching=matching)
        ]
        wanted += self._changes(tracks, view, at, scene)
        if wanted and not self._parts:
            return Plan((scene.whole,), resting)
        boxes = [predicted(track.motion, at) for track in tracks if not track.parted]
        whole_faces = [widened(region, boxes, scene) for region in wanted]
        return Plan(tuple(merged(whole_faces, scene)), resting)

    def looked(self, regions: Sequence[Region], view: View, at: float) -> None:
        """Remembers what was searched."""
        if self._searched_at is None:
            return
        for region in regions:
            self._searched_at[cells_of(region, cell_side(view.scale))] = at

    def found(self, tracks: Sequence[FaceTrack], before: Collection[UUID], view: View, at: float) -> None:
        """Remembers what became of the tracks in `before`, which were looked for, and of new ones. `tracks`: all. One
        that is followed in doubt counts as missed: it may not rest."""
        watches: dict[UUID, Watch] = {}
        for track in tracks:
            known = self._watches.get(track.event_id)
            if known is None or (track.event_id in before and track.ended_at.timestamp() == at):
                watches[track.event_id] = Watch(at, track.motion.box, view.patch(track.motion.box).copy())
            elif track.event_id in before:
                watches[track.event_id] = Watch(at, known.box, known.patch, known.missed + 1)
            else:
                watches[track.event_id] = known
        self._watches = watches

    def _is_new(self, track: FaceTrack, now: datetime) -> bool:
        fresh = track.matchable and not track.parted and now - track.started_at <= HURRY
        return fresh and not counts(track, self.policy)

    def _rests(self, track: FaceTrack, view: View) -> bool:
        watch = self._watches.get(track.event_id)
        return (
            watch is not None
            and watch.missed == 0
            and track.strikes == 0
            and not track.parted
            and is_unchanged(watch.patch, view, watch.box)
        )

    def _is_due(self, track: FaceTrack, now: datetime, *, rests: bool, matching: bool) -> bool:
        watch = self._watches.get(track.event_id)
        if watch is None or self._is_new(track, now):
            return True
        interval = self._interval(track, watch, rests=rests, matching=matching) * self.stretch
        longest = self.policy.lost_after.total_seconds() / 3
        if not rests:
            interval = min(interval, longest)
        return now.timestamp() - watch.looked_at >= interval - _SLACK_SECONDS

    def _interval(self, track: FaceTrack, watch: Watch, *, rests: bool, matching: bool) -> float:
        if watch.missed:
            return UNSETTLED_SECONDS * min(watch.missed, MOST_MISSED)
        if not counts(track, self.policy) or track.strikes:
            return UNSETTLED_SECONDS
        if rests:
            return RESTING_SECONDS
        if matching and (len(track.shots) < BEST_SHOTS or not track.matchable):
            return SHOT_SPACING.total_seconds()
        return MOVING_SECONDS

    def _changes(self, tracks: Sequence[FaceTrack], view: View, at: float, scene: Scene) -> list[Region]:
        """Parts that change, are none of the followed faces, and were not searched a moment ago."""
        searched_at = self._searched_at
        if searched_at is None or not view.cells.any():
            return []
        cells = view.cells.copy()
        side = cell_side(view.scale)
        for track in tracks:
            watch = self._watches.get(track.event_id)
            if watch is not None and watch.missed == 0 and not track.parted:
                box = predicted(track.motion, at)
                cells[cells_of(around(box, scene, margin_faces=_FACE_MARGIN), side)] = False
        if not cells.any():
            return []
        waits = at - searched_at < CHANGE_AGAIN_SECONDS * self.stretch - _SLACK_SECONDS
        return of_cells(_without(cells, waits), side, scene)


def _without(cells: Cells, waits: Cells) -> Cells:
    """The connected parts of `cells` none of which was searched a moment ago."""
    if not (cells & waits).any():
        return cells
    count, labels = cv2.connectedComponents(cells.astype(np.uint8), connectivity=8)
    keep = np.ones(count, dtype=np.bool_)
    keep[labels[waits]] = False
    keep[0] = False
    return np.asarray(keep[labels])


def touched(tracks: Sequence[FaceTrack], regions: Sequence[Region], at: float) -> list[bool]:
    """Which tracks' faces are expected in one of `regions`, in whole or in part; those that lost their place may be
    anywhere."""
    return [
        track.parted
        or any(
            intersection_over_union(
                predicted(track.motion, at),
                Box(region.left, region.top, region.right - region.left, region.bottom - region.top),
            )
            > 0
            for region in regions
        )
        for track in tracks
    ]
