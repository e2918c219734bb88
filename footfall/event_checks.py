"""What an event says of itself, held against the server's clock and its own frame. Pictures and templates are not
looked at here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.events import FaceDetectedV1
from footfall.errors import EventFromFutureError, EventRejectedError
from footfall.settings import RecognitionSettings

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A camera clock that was never set says 1970; visits of then would stay open to everything."""

LONGEST_TRACK = timedelta(hours=24)

OUTSIDE_SHARE = 0.5
"""Of the box's longer side: how far box and landmarks may lie outside the frame. Detectors complete a face that is
half out of the picture."""

_NTP_HINT = "Set the camera host's clock (NTP), then send the event again."


def check_times(event: FaceDetectedV1, *, now: datetime, limits: RecognitionSettings) -> None:
    """Raises EventFromFutureError for a track that ends further ahead of the clock than `max_future_seconds`, and
    EventRejectedError for one before 2000, older than `max_age_days`, or longer than a day."""
    ahead = event.track.ended_at - now
    if ahead > timedelta(seconds=limits.max_future_seconds):
        raise EventFromFutureError(
            f"The event ends {ahead.total_seconds():.0f} s ahead of the server's clock.", hint=_NTP_HINT
        )
    if event.track.started_at < EARLIEST:
        raise EventRejectedError(
            "The event lies before the year 2000.", hint="The camera host's clock is not set; use NTP."
        )
    if now - event.track.started_at > timedelta(days=limits.max_age_days):
        raise EventRejectedError(
            f"The event began more than {limits.max_age_days} days ago.",
            hint="Set the camera host's clock (NTP); for old footage raise FOOTFALL_RECOGNITION__MAX_AGE_DAYS.",
        )
    if event.track.ended_at - event.track.started_at > LONGEST_TRACK:
        raise EventRejectedError("The track is longer than 24 hours.", hint="A track ends when its face is lost.")


def check_geometry(event: FaceDetectedV1) -> None:
    """Raises EventRejectedError for a face whose centre lies outside the frame, or of which the box or a landmark
    reaches further out of it than OUTSIDE_SHARE."""
    box, frame = event.face.box, event.face.frame
    slack = OUTSIDE_SHARE * max(box.width, box.height)
    centre = (box.x + box.width / 2, box.y + box.height / 2)
    if not (0 <= centre[0] <= frame.width and 0 <= centre[1] <= frame.height):
        raise _outside("box lies")
    if (
        min(box.x, box.y) < -slack
        or box.x + box.width > frame.width + slack
        or box.y + box.height > frame.height + slack
    ):
        raise _outside("box lies")
    if not all(
        -slack <= x <= frame.width + slack and -slack <= y <= frame.height + slack for x, y in event.face.landmarks
    ):
        raise _outside("landmarks lie")


def _outside(what: str) -> EventRejectedError:
    return EventRejectedError(
        f"The face's {what} outside its frame.", hint="Box, landmarks and frame are pixels of one picture."
    )
