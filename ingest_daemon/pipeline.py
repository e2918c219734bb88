"""One camera's frames in, its due events out: detection, tracks, best shots, templates. No thread, no network, no
disk; the same frames give the same events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events import FaceDetectedV1
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import AnalysedFace
from ingest_daemon.continuity import Comparison, LikenessPolicy, Settlement, ask, comparison_needed, settle
from ingest_daemon.crops import face_picture, jpeg_within
from ingest_daemon.events import EventIds, Lineage, face_event
from ingest_daemon.pixels import Thumbnail, is_cut, look_of, thumbnail
from ingest_daemon.shots import Shot, template_of
from ingest_daemon.sources.base import Frame
from ingest_daemon.tally import Count, Tally
from ingest_daemon.tracking import associate
from ingest_daemon.tracks import FaceTrack, TrackPolicy, begun, counts, doubted, is_over, is_sure, left, seen


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event that is due. `image`: the face as JPEG, only together with a template. `read_at`: when the frame that
    made it due was read, `time.monotonic()` seconds."""

    event: FaceDetectedV1
    image: bytes | None
    read_at: float


class CameraPipeline:
    """Follows the faces of one camera. Not thread-safe: one thread feeds it."""

    def __init__(
        self,
        vision: VisionPipeline,
        *,
        lineage: Lineage,
        event_ids: EventIds,
        track_policy: TrackPolicy,
        likeness_policy: LikenessPolicy,
        tally: Tally,
    ) -> None:
        self._vision = vision
        self._lineage = lineage
        self._event_ids = event_ids
        self._track_policy = track_policy
        self._likeness_policy = likeness_policy
        self._tally = tally
        self._tracks: list[FaceTrack] = []
        self._last_at: datetime | None = None
        self._thumbnail: Thumbnail | None = None

    @property
    def live_tracks(self) -> int:
        return len(self._tracks)

    def process(self, frame: Frame) -> list[Outgoing]:
        """Events that `frame` made due: of tracks that became sure (revision 0) and that ended (revision 1)."""
        now = frame.captured_at
        # A clock that was set back: spans across it would run backwards.
        due = self.finish(frame.read_at) if self._last_at is not None and now < self._last_at else []
        self._last_at = now
        after = thumbnail(frame.image)
        cut = not frame.continuous or (self._thumbnail is not None and is_cut(self._thumbnail, after))
        self._thumbnail = after

        faces = self._vision.analyse(frame.image, embed=False)
        self._tally.add(Count.FRAMES_ANALYSED)
        self._tally.add(Count.FACES_DETECTED, len(faces))
        self._follow([_shot(frame, face) for face in faces], frame, cut=cut)
        return due + self._due(now, frame.read_at)

    def set_matching(self, matching: bool) -> None:
        """Follows the tenant's privacy mode. Without matching, faces that are being followed lose what identifies
        them at once; they go on being counted."""
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

    def finish(self, read_at: float) -> list[Outgoing]:
        """Ends every track and answers their last events; `read_at` as in Outgoing."""
        ended, self._tracks = self._tracks, []
        return self._closed(self._embedded_tracks(self._counting(ended)), read_at)

    def _follow(self, shots: list[Shot], frame: Frame, *, cut: bool) -> None:
        now = frame.captured_at
        association = associate(
            [None if track.parted else track.motion for track in self._tracks],
            [shot.face.box for shot in shots],
            now.timestamp(),
        )
        asks = [ask(self._tracks[pair.track], shots[pair.face], firm=pair.firm, cut=cut) for pair in association.pairs]
        comparison = comparison_needed(self._tracks, shots, association, asks, self._likeness_policy)
        shots = self._with_vectors(shots, comparison)
        settlement = settle(self._tracks, shots, association, asks, self._likeness_policy, cut=cut)
        self._apply(settlement, shots, frame)

    def _apply(self, settlement: Settlement, shots: Sequence[Shot], frame: Frame) -> None:
        for index, verdict in settlement.verdicts.items():
            track = self._tracks[index]
            if verdict.kind == "parted":
                self._tracks[index] = left(track)
                self._tally.add(Count.TRACKS_SPLIT)
            elif verdict.face is not None and verdict.kind == "doubted":
                self._tracks[index] = doubted(track, shots[verdict.face], strike=verdict.compared)
            elif verdict.face is not None:
                looked = seen(track, shots[verdict.face], agreed=verdict.compared)
                self._tracks[index] = self._pictured(looked, shots[verdict.face], frame)
        for index, face in settlement.relinked.items():
            looked = seen(self._tracks[index], shots[face], agreed=True)
            self._tracks[index] = self._pictured(looked, shots[face], frame)
            self._tally.add(Count.TRACKS_RELINKED)
        for number, face in enumerate(settlement.born):
            track = begun(self._event_ids(frame.captured_at, number), shots[face])
            self._tracks.append(self._pictured(track, shots[face], frame))
            self._tally.add(Count.TRACKS_STARTED)

    def _pictured(self, track: FaceTrack, shot: Shot, frame: Frame) -> FaceTrack:
        """`track` with a picture cut for `shot`, if it was kept: most looks are not, and cutting costs."""
        if not self._likeness_policy.matching:
            return track
        return replace(
            track,
            shots=tuple(
                replace(kept, picture=face_picture(frame.image, kept.face.box)) if kept is shot else kept
                for kept in track.shots
            ),
        )

    def _due(self, now: datetime, read_at: float) -> list[Outgoing]:
        over = [track for track in self._tracks if is_over(track, now, self._track_policy)]
        sure = [track for track in self._tracks if track not in over and self._is_to_announce(track)]
        ending = self._counting(over)
        worked_out = self._embedded_tracks([*sure, *ending])
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
        best = matchable[used[0]]
        event = face_event(track, best, template, revision=revision, lineage=self._lineage)
        return Outgoing(event, None if best.picture is None else jpeg_within(best.picture), read_at)

    def _embedded_tracks(self, tracks: Sequence[FaceTrack]) -> list[FaceTrack]:
        """`tracks` with a vector in every shot over the quality floor, worked out in one batch."""
        if not self._likeness_policy.matching:
            return list(tracks)
        shots = iter(self._embedded([shot for track in tracks for shot in track.shots]))
        return [replace(track, shots=tuple(next(shots) for _ in track.shots)) for track in tracks]

    def _with_vectors(self, shots: Sequence[Shot], comparison: Comparison) -> list[Shot]:
        """`shots` with vectors where they are to be compared; so get the best shot and the last look of each track
        that they may belong to. The last look matters most: a head turns bit by bit."""
        tracks = [self._tracks[index] for index in comparison.tracks]
        worked_out = iter(
            self._embedded(
                [
                    *(shots[index] for index in comparison.faces),
                    *(shot for track in tracks for shot in (track.shots[0], track.last)),
                ]
            )
        )
        result = list(shots)
        for index in comparison.faces:
            result[index] = next(worked_out)
        for index, track in zip(comparison.tracks, tracks, strict=True):
            best, last = next(worked_out), next(worked_out)
            self._tracks[index] = replace(track, shots=(best, *track.shots[1:]), last=last)
        return result

    def _embedded(self, shots: Sequence[Shot]) -> list[Shot]:
        """`shots` with vectors where they can be matched and have none yet; one call of the embedder."""
        # A look that is both the best and the last of its track has one crop, and is embedded once.
        missing = {id(shot.aligned): shot.aligned for shot in shots if shot.acceptable and shot.vector is None}
        if not missing:
            return list(shots)
        vectors = self._vision.embedder.embed(list(missing.values()))
        self._tally.add(Count.FACES_EMBEDDED, len(missing))
        vector_of = dict(zip(missing, vectors, strict=True))
        return [
            replace(shot, vector=vector_of[id(shot.aligned)]) if shot.acceptable and shot.vector is None else shot
            for shot in shots
        ]


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
