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
    """`looks_matchable`: detections that a track needs in order to count, when one of them can be matched;
    `looks_other`: when none can, and it would only be counted. False detections are short and poor."""

    sure_after: timedelta
    lost_after: timedelta
    looks_matchable: int = 2
    looks_other: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """One followed face. `ended_at`: the last look that is known to be of this person. `verified_at`: the last look
    that was compared with the track. `strikes`: failed comparisons since. `parted`: another face took its place,
    so only its look can bring it back. `announced`: its event was sent with revision 0."""

    event_id: UUID
    motion: Motion
    started_at: datetime
    ended_at: datetime
    detections: int
    shots: tuple[Shot, ...]
    verified_at: datetime
    strikes: int = 0
    parted: bool = False
    announced: bool = False

    @property
    def references(self) -> tuple[Float32Array, ...]:
        """Vectors of its shots, as far as they were worked out."""
        return tuple(shot.vector for shot in self.shots if shot.vector is not None)

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
        verified_at=at,
    )


def seen(track: FaceTrack, shot: Shot, *, verified: bool) -> FaceTrack:
    """The track after another look at its face; `verified` when that look was compared and agreed."""
    at = shot.captured_at
    return replace(
        track,
        motion=followed(track.motion, shot.face.box, at.timestamp()),
        ended_at=at,
        detections=track.detections + 1,
        shots=keep_best(track.shots, shot),
        verified_at=at if verified else track.verified_at,
        strikes=0 if verified else track.strikes,
        parted=False,
    )


def doubted(track: FaceTrack, shot: Shot, *, strike: bool) -> FaceTrack:
    """The track after a look that may be of somebody else: the box is followed, but nothing counts until a later
    look agrees."""
    return replace(
        track,
        motion=followed(track.motion, shot.face.box, shot.captured_at.timestamp()),
        strikes=track.strikes + (1 if strike else 0),
    )


def left(track: FaceTrack, *, swapped: bool) -> FaceTrack:
    """The track after another person was found in its place.

    `swapped`: the change went unseen at first, so looks since the last comparison are nobody's for certain, and
    those that were never compared are given up unless nothing else is left.
    """
    certain = tuple(
        shot for shot in track.shots if not swapped or shot.vector is not None or shot.captured_at <= track.verified_at
    )
    return replace(track, shots=certain or track.shots, strikes=0, parted=True)


def is_over(track: FaceTrack, now: datetime, policy: TrackPolicy) -> bool:
    return now.timestamp() - track.motion.seen_at > policy.lost_after.total_seconds()


def counts(track: FaceTrack, policy: TrackPolicy) -> bool:
    """True when the track was looked at often enough to be taken for a person."""
    return track.detections >= (policy.looks_matchable if track.matchable else policy.looks_other)


def is_sure(track: FaceTrack, policy: TrackPolicy, *, matching: bool) -> bool:
    """True once the track is old enough to be told of and, where faces are matched, has a face that can be."""
    old_enough = track.ended_at - track.started_at >= policy.sure_after
    return old_enough and counts(track, policy) and (track.matchable or not matching)
