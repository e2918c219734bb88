"""Everything the daemon counts, in one place under one lock. How counts are published is not here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from threading import Lock


class Count(StrEnum):
    """What is counted. The value is the metric's name without its prefix and suffix."""

    FRAMES_READ = "frames_read"
    FRAMES_ANALYSED = "frames_analysed"
    FRAMES_SEARCHED = "frames_searched"
    FRAMES_DROPPED = "frames_dropped"
    FRAMES_UNREADABLE = "frames_unreadable"
    SOURCE_LOST = "source_lost"
    READERS_REPLACED = "readers_replaced"
    FACES_DETECTED = "faces_detected"
    FACES_EMBEDDED = "faces_embedded"
    TRACKS_STARTED = "tracks_started"
    TRACKS_TOO_SHORT = "tracks_too_short"
    TRACKS_SPLIT = "tracks_split"
    TRACKS_RELINKED = "tracks_relinked"
    STAFF_KNOWN = "staff_known"
    EVENTS_QUEUED = "events_queued"
    EVENTS_SENT = "events_sent"
    EVENTS_REPEATED = "events_repeated"
    EVENTS_RETRIED = "events_retried"
    EVENTS_SET_ASIDE = "events_set_aside"
    EVENTS_DROPPED = "events_dropped"


DESCRIPTIONS: Mapping[Count, str] = {
    Count.FRAMES_READ: "Frames that the source gave.",
    Count.FRAMES_ANALYSED: "Frames that were looked at for changes and for the faces that are followed.",
    Count.FRAMES_SEARCHED: "Of those, frames in which faces were looked for by the detector, in whole or in part.",
    Count.FRAMES_DROPPED: "Frames given up: a newer one of a live source came first, or the camera is disabled.",
    Count.FRAMES_UNREADABLE: "Frames or pictures that could not be decoded.",
    Count.SOURCE_LOST: "Times that a live source could not be opened or went away.",
    Count.READERS_REPLACED: "Readers of a live source given up because a call into them did not return.",
    Count.FACES_DETECTED: "Faces found, over all analysed frames.",
    Count.FACES_EMBEDDED: "Face crops turned into vectors.",
    Count.TRACKS_STARTED: "Tracks begun.",
    Count.TRACKS_TOO_SHORT: "Tracks dropped for too few detections.",
    Count.TRACKS_SPLIT: "Tracks parted because another person had taken the first one's place.",
    Count.TRACKS_RELINKED: "Lost tracks taken up again by the look of the face.",
    Count.STAFF_KNOWN: "Events of people whom this host knew for staff before the server said so.",
    Count.EVENTS_QUEUED: "Events written to the outbox.",
    Count.EVENTS_SENT: "Events that the server acknowledged.",
    Count.EVENTS_REPEATED: "Acknowledged events that the server already had.",
    Count.EVENTS_RETRIED: "Failed attempts at sending that will be made again.",
    Count.EVENTS_SET_ASIDE: "Events that the server refused for good; they are kept in the dead letters.",
    Count.EVENTS_DROPPED: "Events dropped because the outbox was full.",
}


class Tally:
    """Counts of one daemon since it started. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[Count] = Counter()

    def add(self, count: Count, amount: int = 1) -> None:
        with self._lock:
            self._counts[count] += amount

    def __getitem__(self, count: Count) -> int:
        with self._lock:
            return self._counts[count]

    def snapshot(self) -> dict[Count, int]:
        """Every count, those at zero included, as of one moment."""
        with self._lock:
            return {count: self._counts[count] for count in Count}
