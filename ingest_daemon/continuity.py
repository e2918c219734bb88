"""Whether a detection that lies where a track lay is the same person: pure decisions by look and by gap. Geometry is
tracking's, vectors are vision's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ingest_daemon.shots import Shot, likeness
from ingest_daemon.tracking import Association, Pairing
from ingest_daemon.tracks import FaceTrack

VERIFY_EVERY = timedelta(seconds=1)
"""However well the boxes overlap, the face is compared with its track this often: two people who cross swap boxes."""
UNWATCHED = timedelta(seconds=0.5)
"""After a gap longer than this the boxes alone prove nothing: the next person through a door stands where the last
one stood."""
STRIKES = 2
"""Comparisons in a row that must fail before a well-placed face is taken for another: one may be a hand before it."""

Ask = Literal["no", "due", "must"]
"""`due`: time for a comparison. `must`: the boxes prove nothing."""


@dataclass(frozen=True, slots=True)
class LikenessPolicy:
    """Cosines. `agree_at`: a face lying where the track lay is the same person from here on. `same_at`: a face lying
    anywhere is. `matching` false: the tenant only counts, and nothing may be compared."""

    agree_at: float
    same_at: float
    matching: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was made of a track: `continued` and `doubted` by detection `face`, or `parted` from its place.

    `checked`: a comparison agreed (continued), failed and is a strike (doubted), or failed for the last time though
    the face was well placed (parted)."""

    kind: Literal["continued", "doubted", "parted"]
    face: int | None
    checked: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """`verdicts` by track index, `relinked` track index to face index, `born` the faces that belong to no track."""

    verdicts: dict[int, Verdict]
    relinked: dict[int, int]
    born: tuple[int, ...]


def ask(track: FaceTrack, now: datetime, *, firm: bool, cut: bool) -> Ask:
    """Whether a detection that continues `track` by geometry has to be compared with it."""
    # ended_at and not the last box: a doubted track stays unwatched until a look agrees.
    if cut or not firm or now - track.ended_at > UNWATCHED:
        return "must"
    return "due" if track.strikes or now - track.verified_at >= VERIFY_EVERY else "no"


def faces_to_compare(
    tracks: Sequence[FaceTrack],
    shots: Sequence[Shot],
    association: Association,
    asks: Sequence[Ask],
    policy: LikenessPolicy,
) -> set[int]:
    """Indices of the shots whose vectors `settle` needs; `asks` stands beside `association.pairs`."""
    if not policy.matching:
        return set()
    asked = {
        pair.face
        for pair, asked in zip(association.pairs, asks, strict=True)
        if asked != "no" and _comparable(tracks[pair.track], shots[pair.face], policy)
    }
    # A track without its face, or one that may lose it now, may be found again among the faces without a track.
    seeking = any(tracks[index].matchable for index in association.free_tracks) or "must" in asks
    free = {index for index in association.free_faces if shots[index].acceptable} if seeking else set()
    return asked | free


def settle(
    tracks: Sequence[FaceTrack],
    shots: Sequence[Shot],
    association: Association,
    asks: Sequence[Ask],
    policy: LikenessPolicy,
    *,
    cut: bool,
) -> Settlement:
    """Decides for every track and every face. The shots named by `faces_to_compare` carry their vectors, and so does
    at least one shot of every matchable track."""
    verdicts = {
        pair.track: _verdict(tracks[pair.track], shots[pair.face], pair, asked, policy, cut=cut)
        for pair, asked in zip(association.pairs, asks, strict=True)
    }
    parted = [track for track, verdict in verdicts.items() if verdict.kind == "parted"]
    freed = [pair.face for pair in association.pairs if pair.track in parted]
    relinked = _relinked(
        tracks, shots, sorted([*association.free_tracks, *parted]), sorted([*association.free_faces, *freed]), policy
    )
    homeless = sorted({*association.free_faces, *freed} - set(relinked.values()))
    return Settlement(verdicts, relinked, tuple(homeless))


def _comparable(track: FaceTrack, shot: Shot, policy: LikenessPolicy) -> bool:
    return policy.matching and shot.acceptable and track.matchable


def _verdict(track: FaceTrack, shot: Shot, pair: Pairing, asked: Ask, policy: LikenessPolicy, *, cut: bool) -> Verdict:
    if asked == "no":
        return Verdict("continued", pair.face, checked=False)
    if _comparable(track, shot, policy):
        return _compared(track, shot, pair, asked, policy)
    if cut:
        return Verdict("parted", None, checked=False)
    # A matchable track whose face is turned away: wait for a look that can be compared.
    waiting = track.matchable and policy.matching and (asked == "must" or track.strikes > 0)
    return Verdict("doubted" if waiting else "continued", pair.face, checked=False)


def _compared(track: FaceTrack, shot: Shot, pair: Pairing, asked: Ask, policy: LikenessPolicy) -> Verdict:
    if shot.vector is None:
        raise ValueError("a shot that is to be compared carries no vector")
    if likeness(shot.vector, track.references) >= policy.agree_at:
        return Verdict("continued", pair.face, checked=True)
    if asked == "must":
        return Verdict("parted", None, checked=False)
    last_strike = track.strikes + 1 >= STRIKES
    return Verdict("parted", None, checked=True) if last_strike else Verdict("doubted", pair.face, checked=True)


def _relinked(
    tracks: Sequence[FaceTrack],
    shots: Sequence[Shot],
    free_tracks: Sequence[int],
    free_faces: Sequence[int],
    policy: LikenessPolicy,
) -> dict[int, int]:
    """Tracks taken up again by look alone, wherever the face is now; the greatest likeness first."""
    if not policy.matching:
        return {}
    candidates = sorted(
        (-cosine, track, face)
        for track in free_tracks
        if tracks[track].references
        for face in free_faces
        if (vector := shots[face].vector) is not None
        and (cosine := likeness(vector, tracks[track].references)) >= policy.same_at
    )
    relinked: dict[int, int] = {}
    for _, track, face in candidates:
        if track not in relinked and face not in relinked.values():
            relinked[track] = face
    return relinked
