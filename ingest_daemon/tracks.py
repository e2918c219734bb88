"""A followed face and its life from first look to last: frozen values and pure transitions. No vision call, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from footfall.vision.types import Float32Array
from ingest_daemon.shots import Shot, keep_best
from ingest_daemon.tracking import Motion, followed


@dataclass(frozen=True, slots=True)
class TrackPolicy:
    """When a track is sure and when it is over, and what it needs to count as a person.

    False detections are short, small or faint. A face that can be matched and was once detected with `clear_score`
    needs `looks_clear` detections; any other `looks_other`, one of them with `least_side_px` and `least_score`, and
    where no look can be matched they must span `lasting`: a pattern that flickers like a face does so for a moment.
    """

    sure_after: timedelta
    lost_after: timedelta
    looks_clear: int = 2
    looks_other: int = 5
    lasting: timedelta = timedelta(seconds=0.5)
    clear_score: float = 0.8
    least_side_px: float = 12.0
    least_score: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """One followed face. `ended_at`: the last look that is known to be of this person, and `last` that look itself.
    `strikes`: comparisons that failed since. `parted`: another face took its place, so only its look can bring it
    back. `announced`: its event was sent with revision 0."""

    event_id: UUID
    motion: Motion
    started_at: datetime
    ended_at: datetime
    detections: int
    shots: tuple[Shot, ...]
    last: Shot
    strikes: int = 0
    parted: bool = False
    announced: bool = False

    @property
    def references(self) -> tuple[Float32Array, ...]:
        """(512,) vectors to compare a look with: those of its shots and of its last look, where worked out."""
        return tuple(shot.vector for shot in (*self.shots, self.last) if shot.vector is not None)

    @property
    def matchable(self) -> bool:
        """True when some shot lies over the quality floor."""
        return bool(self.shots) and self.shots[0].acceptable


def begun(event_id: UUID, shot: Shot) -> FaceTrack:
    at = shot.captured_at
    return FaceTrack(
        event_id=event_id,
        motion=Motion(shot.face.box, at.timestamp()),
        started_at=at,
        ended_at=at,
        detections=1,
        shots=(shot,),
        last=shot,
    )


def seen(track: FaceTrack, shot: Shot, *, agreed: bool) -> FaceTrack:
    """The track after another look at its face; `agreed` when that look was compared and is of the same person."""
    at = shot.captured_at
    return replace(
        track,
        motion=followed(track.motion, shot.face.box, at.timestamp()),
        ended_at=at,
        detections=track.detections + 1,
        shots=keep_best(track.shots, shot),
        last=shot,
        strikes=0 if agreed else track.strikes,
        parted=False,
    )


def stayed(track: FaceTrack, at: datetime) -> FaceTrack:
    """The track while its face has not changed: it was not looked at, and is where it was."""
    return replace(track, motion=followed(track.motion, track.motion.box, at.timestamp()), ended_at=at)


def doubted(track: FaceTrack, shot: Shot, *, strike: bool) -> FaceTrack:
    """The track after a look that may be of somebody else: the box is followed, but nothing counts until a later
    look agrees."""
    return replace(
        track,
        motion=followed(track.motion, shot.face.box, shot.captured_at.timestamp()),
        strikes=track.strikes + (1 if strike else 0),
    )


def left(track: FaceTrack) -> FaceTrack:
    """The track after another person was found in its place."""
    return replace(track, strikes=0, parted=True)


def is_over(track: FaceTrack, now: datetime, policy: TrackPolicy) -> bool:
    """True when the person was not seen for long; a face that is only followed in doubt does not count as seen."""
    return now - track.ended_at > policy.lost_after


def counts(track: FaceTrack, policy: TrackPolicy) -> bool:
    """True when the track was looked at often and well enough to be taken for a person."""
    if any(shot.acceptable and shot.face.score >= policy.clear_score for shot in track.shots):
        return track.detections >= policy.looks_clear
    lasted = track.matchable or track.ended_at - track.started_at >= policy.lasting
    return (
        lasted
        and track.detections >= policy.looks_other
        and any(
            shot.face.box.shorter_side >= policy.least_side_px and shot.face.score >= policy.least_score
            for shot in track.shots
        )
    )


def is_sure(track: FaceTrack, policy: TrackPolicy, *, matching: bool) -> bool:
    """True once the track is old enough to be told of and, where faces are matched, has a face that can be."""
    old_enough = track.ended_at - track.started_at >= policy.sure_after
    return old_enough and counts(track, policy) and (track.matchable or not matching)
