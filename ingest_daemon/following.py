"""Which faces of a frame belong to which tracks, and the tracks after it. When frames are looked at is `lookout`'s,
what becomes due is `pipeline`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest_daemon.continuity import Comparison, LikenessPolicy, Settlement, ask, comparison_needed, settle
from ingest_daemon.crops import face_picture
from ingest_daemon.embedding import ShotEmbedder
from ingest_daemon.events import EventIds
from ingest_daemon.shots import Shot
from ingest_daemon.sources.base import Frame
from ingest_daemon.tally import Count, Tally
from ingest_daemon.tracking import associate
from ingest_daemon.tracks import FaceTrack, begun, doubted, left, seen


class Follower:
    """Settles one frame at a time. `embedder`: for the few looks that have to be compared."""

    def __init__(self, embedder: ShotEmbedder, event_ids: EventIds, tally: Tally) -> None:
        self._embedder = embedder
        self._event_ids = event_ids
        self._tally = tally

    def follow(
        self, tracks: Sequence[FaceTrack], shots: Sequence[Shot], frame: Frame, policy: LikenessPolicy, *, cut: bool
    ) -> list[FaceTrack]:
        """`tracks`, which were looked for, after the frame that gave `shots`: in their order, then the new ones."""
        association = associate(
            [None if track.parted else track.motion for track in tracks],
            [shot.face.box for shot in shots],
            frame.captured_at.timestamp(),
        )
        asks = [ask(tracks[pair.track], shots[pair.face], firm=pair.firm, cut=cut) for pair in association.pairs]
        comparison = comparison_needed(tracks, shots, association, asks, policy)
        tracks, shots = self._with_vectors(tracks, shots, comparison)
        settlement = settle(tracks, shots, association, asks, policy, cut=cut)
        return self._settled(tracks, settlement, shots, frame, matching=policy.matching)

    def _settled(
        self,
        before: Sequence[FaceTrack],
        settlement: Settlement,
        shots: Sequence[Shot],
        frame: Frame,
        *,
        matching: bool,
    ) -> list[FaceTrack]:
        tracks = list(before)
        for index, verdict in settlement.verdicts.items():
            track = tracks[index]
            if verdict.kind == "parted":
                tracks[index] = left(track)
                self._tally.add(Count.TRACKS_SPLIT)
            elif verdict.face is not None and verdict.kind == "doubted":
                tracks[index] = doubted(track, shots[verdict.face], strike=verdict.compared)
            elif verdict.face is not None:
                looked = seen(track, shots[verdict.face], agreed=verdict.compared)
                tracks[index] = _pictured(looked, shots[verdict.face], frame, matching=matching)
        for index, face in settlement.relinked.items():
            looked = seen(tracks[index], shots[face], agreed=True)
            tracks[index] = _pictured(looked, shots[face], frame, matching=matching)
            self._tally.add(Count.TRACKS_RELINKED)
        for number, face in enumerate(settlement.born):
            track = begun(self._event_ids(frame.captured_at, number), shots[face])
            tracks.append(_pictured(track, shots[face], frame, matching=matching))
            self._tally.add(Count.TRACKS_STARTED)
        return tracks

    def _with_vectors(
        self, before: Sequence[FaceTrack], shots: Sequence[Shot], comparison: Comparison
    ) -> tuple[list[FaceTrack], list[Shot]]:
        """`shots` with vectors where they are to be compared; so get the best shot and the last look of each track
        that they may belong to. The last look matters most: a head turns bit by bit."""
        tracks, result = list(before), list(shots)
        compared = [tracks[index] for index in comparison.tracks]
        worked_out = iter(
            self._embedder.of_shots(
                [
                    *(shots[index] for index in comparison.faces),
                    *(shot for track in compared for shot in (track.shots[0], track.last)),
                ]
            )
        )
        for index in comparison.faces:
            result[index] = next(worked_out)
        for index, track in zip(comparison.tracks, compared, strict=True):
            best, last = next(worked_out), next(worked_out)
            tracks[index] = replace(track, shots=(best, *track.shots[1:]), last=last)
        return tracks, result


def _pictured(track: FaceTrack, shot: Shot, frame: Frame, *, matching: bool) -> FaceTrack:
    """`track` with a picture cut for `shot`, if it was kept: most looks are not, and cutting costs."""
    if not matching:
        return track
    return replace(
        track,
        shots=tuple(
            replace(kept, picture=face_picture(frame.image, kept.face.box)) if kept is shot else kept
            for kept in track.shots
        ),
    )
