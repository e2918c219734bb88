"""One camera's frames in, its due events out: detection, tracks, best shots, templates. No thread, no network, no
disk; the same frames give the same events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.base import PrivacyMode
from contracts.events import FaceDetectedV1
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import AnalysedFace, Float32Array
from ingest_daemon.changes import ChangeDetector, View
from ingest_daemon.continuity import LikenessPolicy
from ingest_daemon.crops import jpeg_within
from ingest_daemon.embedding import ShotEmbedder
from ingest_daemon.events import EventIds, Lineage, face_event
from ingest_daemon.finding import faces_in
from ingest_daemon.following import Follower
from ingest_daemon.lookout import Lookout, touched
from ingest_daemon.pixels import is_cut, look_of
from ingest_daemon.regions import Scene
from ingest_daemon.shots import Shot, template_of
from ingest_daemon.sources.base import Cadence, Frame
from ingest_daemon.staff_gallery import KnownStaff
from ingest_daemon.tally import Count, Tally
from ingest_daemon.tracks import FaceTrack, TrackPolicy, counts, is_over, is_sure, stayed


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event that is due. `image`: the face as JPEG, only together with a template. `read_at`: when the frame that
    made it due was read, `time.monotonic()` seconds."""

    event: FaceDetectedV1
    image: bytes | None
    read_at: float


StaffLookup = Callable[[Float32Array, str], KnownStaff | None]
"""From a (512,) unit template and its model version to whom it is of."""


def nobody(_template: Float32Array, _model_version: str) -> KnownStaff | None:
    """The lookup of a host without a gallery."""
    return None


class CameraPipeline:
    """Follows the faces of one camera. Not thread-safe: one thread feeds it.

    Of the frames it is given it looks at one every `every_seconds`, and at every one while a face is new.
    """

    def __init__(
        self,
        vision: VisionPipeline,
        *,
        lineage: Lineage,
        event_ids: EventIds,
        track_policy: TrackPolicy,
        likeness_policy: LikenessPolicy,
        tally: Tally,
        every_seconds: float = 0.0,
        staff: StaffLookup = nobody,
    ) -> None:
        """`staff`: who of the staff a template is of, as far as this host knows."""
        self._staff = staff
        self._strangers_leave = True
        self._vision = vision
        self._lineage = lineage
        self._track_policy = track_policy
        self._likeness_policy = likeness_policy
        self._tally = tally
        self._embedder = ShotEmbedder(vision.embedder, tally)
        self._follower = Follower(self._embedder, event_ids, tally)
        self._changes = ChangeDetector()
        self._lookout = self._new_lookout()
        self._cadence = Cadence(every_seconds)
        self._tracks: list[FaceTrack] = []
        self._last_at: datetime | None = None
        self._view: View | None = None
        self._scale = 1.0

    @property
    def live_tracks(self) -> int:
        return len(self._tracks)

    @property
    def hurries(self) -> bool:
        """Whether the very next frame is wanted, be it due or not: a face is new."""
        return self._last_at is not None and self._lookout.hurries(self._tracks, self._last_at)

    def process(self, frame: Frame) -> list[Outgoing]:
        """Events that `frame` made due: of tracks that became sure (revision 0) and that ended (revision 1)."""
        now = frame.captured_at
        # A clock that was set back: spans across it would run backwards.
        due: list[Outgoing] = []
        if self._last_at is not None and now < self._last_at:
            due = self.finish(frame.read_at)
            self._changes, self._lookout = ChangeDetector(), self._new_lookout()
        self._last_at = now
        on_grid = self._cadence.is_due(now.timestamp())
        if frame.continuous and not on_grid and not self.hurries:
            return due
        view = self._changes.see(frame.image, now.timestamp())
        cut = not frame.continuous or (self._view is not None and is_cut(self._view.thumbnail, view.thumbnail))
        self._view = view
        self._tally.add(Count.FRAMES_ANALYSED)
        self._look(frame, view, cut=cut)
        return due + self._due(now, frame.read_at)

    def tune(self, policy: TrackPolicy, every_seconds: float) -> None:
        """Other times from the next frame on."""
        self._track_policy = policy
        self._lookout.policy = policy
        self._cadence = Cadence(every_seconds)

    def spare(self, *, stretch: float, scale: float) -> None:
        """Looks less often by the factor `stretch` (1 or more) and at smaller pictures by `scale` (1 or less)."""
        self._lookout.stretch = stretch
        self._scale = scale

    def set_mode(self, mode: PrivacyMode) -> None:
        """Follows the tenant's privacy mode. Where it only counts, faces that are being followed lose what identifies
        them at once; they go on being counted. Where it knows staff alone, no stranger's face leaves."""
        matching = mode != "count_only"
        self._strangers_leave = mode == "identify"
        self._likeness_policy = replace(self._likeness_policy, matching=matching)
        if not matching:
            self._tracks = [
                replace(
                    track,
                    shots=tuple(replace(shot, vector=None, picture=None) for shot in track.shots),
                    last=replace(track.last, vector=None, picture=None),
                )
                for track in self._tracks
            ]

    def _look(self, frame: Frame, view: View, *, cut: bool) -> None:
        """Searches the parts of the frame that are worth it, and brings the tracks up to it."""
        now = frame.captured_at
        at = now.timestamp()
        height, width = frame.image.shape[:2]
        plan = self._lookout.plan(
            self._tracks,
            view,
            now,
            scene=Scene(width, height, self._scale * self._vision.detection_scale(width, height)),
            matching=self._likeness_policy.matching,
            cut=cut,
        )
        followed: set[UUID] = set()
        if plan.regions:
            faces, searched = faces_in(self._vision.detector, frame.image, plan.regions)
            self._tally.add(Count.FRAMES_SEARCHED)
            self._tally.add(Count.FACES_DETECTED, len(faces))
            shots = [_shot(frame, face) for face in self._vision.analyse(frame.image, embed=False, faces=faces)]
            here = touched(self._tracks, searched, at)
            looked_for = [track for track, is_here in zip(self._tracks, here, strict=True) if is_here]
            elsewhere = [track for track, is_here in zip(self._tracks, here, strict=True) if not is_here]
            followed = {track.event_id for track in looked_for}
            self._tracks = elsewhere + self._follower.follow(looked_for, shots, frame, self._likeness_policy, cut=cut)
            self._lookout.looked(searched, view, at)
            self._lookout.found(self._tracks, followed, view, at)
        resting = plan.resting - followed
        self._tracks = [stayed(track, now) if track.event_id in resting else track for track in self._tracks]

    def finish(self, read_at: float) -> list[Outgoing]:
        """Ends every track and answers their last events; `read_at` as in Outgoing."""
        ended, self._tracks = self._tracks, []
        return self._closed(self._with_vectors(self._counting(ended)), read_at)

    def _due(self, now: datetime, read_at: float) -> list[Outgoing]:
        over = [track for track in self._tracks if is_over(track, now, self._track_policy)]
        sure = [track for track in self._tracks if track not in over and self._is_to_announce(track)]
        ending = self._counting(over)
        worked_out = self._with_vectors([*sure, *ending])
        announced = [replace(track, announced=True) for track in worked_out[: len(sure)]]
        by_event = {track.event_id: track for track in announced}
        self._tracks = [by_event.get(track.event_id, track) for track in self._tracks if track not in over]
        return [self._outgoing(track, 0, read_at) for track in announced] + self._closed(
            worked_out[len(sure) :], read_at
        )

    def _is_to_announce(self, track: FaceTrack) -> bool:
        return not track.announced and is_sure(track, self._track_policy, matching=self._likeness_policy.matching)

    def _counting(self, ended: Sequence[FaceTrack]) -> list[FaceTrack]:
        """Those that were looked at often enough; the others are dropped and counted."""
        kept = [track for track in ended if counts(track, self._track_policy)]
        self._tally.add(Count.TRACKS_TOO_SHORT, len(ended) - len(kept))
        return kept

    def _closed(self, tracks: Sequence[FaceTrack], read_at: float) -> list[Outgoing]:
        return [self._outgoing(track, 1, read_at) for track in tracks]

    def _outgoing(self, track: FaceTrack, revision: int, read_at: float) -> Outgoing:
        matchable = [shot for shot in track.shots if shot.acceptable and shot.vector is not None]
        if not matchable:
            event = face_event(track, track.shots[0], None, revision=revision, lineage=self._lineage)
            return Outgoing(event, None, read_at)
        template, used = template_of(
            [shot.vector for shot in matchable if shot.vector is not None], agree_at=self._likeness_policy.agree_at
        )
        known = self._staff(template, self._lineage.model_version)
        if known is not None:
            self._tally.add(Count.STAFF_KNOWN)
        elif not self._strangers_leave:
            # A stranger, or somebody of whom this host does not know better: counted.
            event = face_event(track, track.shots[0], None, revision=revision, lineage=self._lineage)
            return Outgoing(event, None, read_at)
        best = matchable[used[0]]
        event = face_event(track, best, template, revision=revision, lineage=self._lineage)
        return Outgoing(event, None if best.picture is None else jpeg_within(best.picture), read_at)

    def _new_lookout(self) -> Lookout:
        return Lookout(self._track_policy, parts=self._vision.detector.sees_parts)

    def _with_vectors(self, tracks: Sequence[FaceTrack]) -> list[FaceTrack]:
        return self._embedder.of_tracks(tracks) if self._likeness_policy.matching else list(tracks)


def _shot(frame: Frame, face: AnalysedFace) -> Shot:
    return Shot(
        captured_at=frame.captured_at,
        face=face.face,
        quality=face.quality,
        acceptable=face.acceptable,
        frame_width=frame.image.shape[1],
        frame_height=frame.image.shape[0],
        aligned=face.crop,
        look=look_of(face.crop),
    )
