"""What a face event must fulfil before anything is made of it, and what the tenant's privacy lets in. No table is
written, and nobody is recognised."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from contracts.base import CameraId, PrivacyMode
from contracts.events import MAX_CROP_BYTES, MAX_CROP_SIDE_PX, FaceDetectedV1
from contracts.people import LivenessReport
from footfall.errors import EventFromFutureError, EventRejectedError, ForbiddenError, ImageTooLargeError
from footfall.places import missing_camera
from footfall.services import Services
from footfall.settings import VisionSettings
from footfall.stores.postgres.places import SightingPlace, select_sighting_place
from footfall.templates import parse_embedding
from footfall.vision.types import BgrImage, Float32Array

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A camera clock that was never set says 1970; visits of then would stay open to everything."""

LONGEST_TRACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What was let in of an event. `vector`: (512,) float32 of norm 1, only of a face over the quality floor;
    `flaw` says why there is none. `picture`: the crop, checked to be an image. `liveness`: of the face in the crop;
    None without a crop, and where no liveness model is on."""

    vector: Float32Array | None
    flaw: str
    picture: bytes | None
    liveness: LivenessReport | None = None


def check_times(event: FaceDetectedV1, *, now: datetime, max_future: timedelta) -> None:
    """Raises EventFromFutureError for a track that ends further ahead of the clock than `max_future`, and
    EventRejectedError for one before 2000 or longer than a day."""
    ahead = event.track.ended_at - now
    if ahead > max_future:
        raise EventFromFutureError(
            f"The event ends {ahead.total_seconds():.0f} s ahead of the server's clock.",
            hint="Set the camera host's clock (NTP), then send the event again.",
        )
    if event.track.started_at < EARLIEST:
        raise EventRejectedError(
            "The event lies before the year 2000.", hint="The camera host's clock is not set; use NTP."
        )
    if event.track.ended_at - event.track.started_at > LONGEST_TRACK:
        raise EventRejectedError("The track is longer than 24 hours.", hint="A track ends when its face is lost.")


def place_of(connection: Connection, event: FaceDetectedV1, allowed_cameras: Collection[UUID] | None) -> SightingPlace:
    """Where the event's camera stands. Raises ForbiddenError for a camera that is not the caller's, NotFoundError for
    one that the tenant does not have, EventRejectedError for one that is switched off."""
    if allowed_cameras is not None and event.camera_id not in allowed_cameras:
        raise ForbiddenError(
            f"This key may not send events of the camera {event.camera_id}.",
            hint="Use the key that was made for this camera.",
        )
    place = select_sighting_place(connection, CameraId(event.camera_id))
    if place is None:
        raise missing_camera(event.camera_id)
    if not place.enabled:
        raise EventRejectedError(f"The camera {event.camera_id} is switched off.", hint="Switch it on to take events.")
    return place


def admit(services: Services, event: FaceDetectedV1, image: bytes | None, privacy_mode: PrivacyMode) -> Probe:
    """The checked probe of an event. In count_only neither the template nor the image is looked at.

    Raises EmbeddingInvalidError, ModelVersionMismatchError, NotAnImageError, ImageTooLargeError.
    """
    if privacy_mode == "count_only":
        return Probe(None, "the tenant only counts", None)
    vector = None if event.embedding is None else parse_embedding(event.embedding, services.model_version)
    picture = None if image is None else _checked_crop(services, image)
    flaw = flaw_of(event, services.settings.vision)
    return Probe(None if flaw else vector, flaw, image, None if picture is None else _liveness_of(services, picture))


def flaw_of(event: FaceDetectedV1, limits: VisionSettings) -> str:
    """Why the face is not fit for matching; empty when it is."""
    quality = event.face.quality
    if quality.size_px < limits.min_face_px:
        return f"the face is {quality.size_px:.0f} px, under the {limits.min_face_px} px that matching needs"
    if quality.score < limits.quality_floor:
        return f"the quality {quality.score:.2f} lies under the floor of {limits.quality_floor:.2f}"
    if event.embedding is None:
        return "no embedding came with the face"
    return ""


def _liveness_of(services: Services, picture: BgrImage) -> LivenessReport | None:
    """Of the largest face in the crop, which is looked for anew: the event states where it is in the frame."""
    model = services.vision.liveness
    if model is None:
        return None
    largest = max(services.vision.detector.detect(picture), key=lambda face: face.box.shorter_side, default=None)
    if largest is None:
        return LivenessReport(verdict="unknown", model_version=model.model_version)
    return model.judge(picture, largest.box).report()


def _checked_crop(services: Services, image: bytes) -> BgrImage:
    if len(image) > MAX_CROP_BYTES:
        raise ImageTooLargeError(
            f"The event's image has {len(image)} bytes; {MAX_CROP_BYTES} are allowed.",
            hint="Send the face's crop, not the frame.",
        )
    picture = services.vision.decode(image)
    height, width = picture.shape[:2]
    if max(height, width) > MAX_CROP_SIDE_PX:
        raise ImageTooLargeError(
            f"The event's image is {width}x{height} px; {MAX_CROP_SIDE_PX} px a side are allowed.",
            hint="Send the face's crop, not the frame.",
        )
    return picture
