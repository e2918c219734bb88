"""Whether a detection that lies where a track lay is the same person: pure decisions by look and by gap. Geometry is
tracking's, vectors are vision's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ingest_daemon.pixels import is_smooth
from ingest_daemon.shots import Shot, likeness
from ingest_daemon.tracking import Association, Pairing
from ingest_daemon.tracks import FaceTrack

UNWATCHED = timedelta(seconds=0.5)
"""After a gap longer than this the boxes alone prove nothing: the next person through a door stands where the last
one stood."""
STRIKES = 2
"""Comparisons in a row that must fail before a well-placed face is taken for another: one may be a hand before it."""

Ask = Literal["no", "due", "must"]
"""`due`: the face does not look as it did a moment ago. `must`: not even its place speaks for it."""


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

    `compared`: by the embedder, which agreed (continued) or did not, which is a strike (doubted)."""

    kind: Literal["continued", "doubted", "parted"]
    face: int | None = None
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """`verdicts` by track index, `relinked` track index to face index, `born` the faces that belong to no track."""

    verdicts: dict[int, Verdict]
    relinked: dict[int, int]
    born: tuple[int, ...]


def ask(track: FaceTrack, shot: Shot, *, firm: bool, cut: bool) -> Ask:
    """Whether a detection that continues `track` by geometry has to be compared with it."""
    # ended_at and not the last box: a doubted track stays unwatched until a look agrees.
    if cut or not firm or shot.captured_at - track.ended_at > UNWATCHED:
        return "must"
    return "no" if track.strikes == 0 and is_smooth(track.last.look, shot.look) else "due"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Indices of the faces and of the tracks that `settle` needs vectors of."""

    faces: tuple[int, ...]
    tracks: tuple[int, ...]


def comparison_needed(
    tracks: Sequence[FaceTrack],
    shots: Sequence[Shot],
    association: Association,
    asks: Sequence[Ask],
    policy: LikenessPolicy,
) -> Comparison:
    """What has to be embedded before `settle` can decide; `asks` stands beside `association.pairs`."""
    if not policy.matching:
        return Comparison((), ())
    asked = [
        pair
        for pair, asked in zip(association.pairs, asks, strict=True)
        if asked != "no" and _comparable(tracks[pair.track], shots[pair.face], policy)
    ]
    faces, needed = {pair.face for pair in asked}, {pair.track for pair in asked}
    # A track without its face, or one that may lose it now, may be found again among the faces without a track.
    lost = {index for index in association.free_tracks if tracks[index].matchable}
    free = {index for index in association.free_faces if shots[index].acceptable}
    if free and (lost or needed):
        faces |= free
    if faces:
        needed |= lost
    return Comparison(tuple(sorted(faces)), tuple(sorted(needed)))


def settle(
    tracks: Sequence[FaceTrack],
    shots: Sequence[Shot],
    association: Association,
    asks: Sequence[Ask],
    policy: LikenessPolicy,
    *,
    cut: bool,
) -> Settlement:
    """Decides for every track and every face. The shots named by `comparison_needed` carry their vectors, and so do
    the best shot and the last look of the tracks it names, so far as they can be matched."""
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
        return Verdict("continued", pair.face)
    if _comparable(track, shot, policy):
        return _compared(track, shot, pair, asked, policy)
    if cut:
        return Verdict("parted")
    # A matchable track whose face is turned away: wait for a look that can be compared.
    waiting = track.matchable and policy.matching and (asked == "must" or track.strikes > 0)
    return Verdict("doubted" if waiting else "continued", pair.face)


def _compared(track: FaceTrack, shot: Shot, pair: Pairing, asked: Ask, policy: LikenessPolicy) -> Verdict:
    if shot.vector is None:
        raise ValueError("a shot that is to be compared carries no vector")
    if likeness(shot.vector, track.references) >= policy.agree_at:
        return Verdict("continued", pair.face, compared=True)
    if asked == "must" or track.strikes + 1 >= STRIKES:
        return Verdict("parted")
    return Verdict("doubted", pair.face, compared=True)


def _relinked(
    tracks: Sequence[FaceTrack],
    shots: Sequence[Shot],
    free_tracks: Sequence[int],
    free_faces: Sequence[int],
    policy: LikenessPolicy,
) -> dict[int, int]:
    """Tracks taken up again by look alone, wherever the face is now; the greatest likeness first."""
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
