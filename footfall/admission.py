"""What is let in of a face event: its camera, its picture and template under the tenant's privacy mode. No table is
written, and nobody is recognised; times and geometry are `footfall.event_checks`'."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from contracts.base import CameraId, PrivacyMode
from contracts.events import MAX_CROP_BYTES, MAX_CROP_SIDE_PX, FaceDetectedV1
from contracts.people import LivenessReport
from footfall.cameras import missing_camera
from footfall.errors import EventRejectedError, ForbiddenError, ImageTooLargeError
from footfall.event_recheck import Recheck, is_due, recheck
from footfall.services import Services
from footfall.settings import VisionSettings
from footfall.stores.postgres.places import SightingPlace, select_sighting_place
from footfall.templates import parse_embedding
from footfall.vision.types import BgrImage, DetectedFace, Float32Array

NO_EMBEDDING = "no embedding came with the face"
"""The flaw of a face that was fit for matching and came without its template."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What was let in of an event. `vector`: (512,) float32 of norm 1, only of a face over the quality floor;
    `flaw` says why there is none. `picture`: the crop, checked to be an image. `liveness`: of the face in the crop;
    None without a crop, and where no liveness model is on. `recheck`: the server's own look at the crop, if any."""

    vector: Float32Array | None
    flaw: str
    picture: bytes | None
    liveness: LivenessReport | None = None
    recheck: Recheck | None = None


def place_of(connection: Connection, event: FaceDetectedV1, allowed_cameras: Collection[UUID] | None) -> SightingPlace:
    """Where the event's camera stands. Raises ForbiddenError for a camera that is not the caller's, NotFoundError for
    one that the tenant does not have, EventRejectedError for one that is switched off, or was archived
    before the event."""
    if allowed_cameras is not None and event.camera_id not in allowed_cameras:
        raise ForbiddenError(
            f"This key may not send events of the camera {event.camera_id}.",
            hint="Use the key that was made for this camera.",
        )
    place = select_sighting_place(connection, CameraId(event.camera_id))
    if place is None:
        raise missing_camera(event.camera_id)
    if place.archived_at is not None and event.captured_at >= place.archived_at:
        # What was seen before, and comes late out of an outbox, is taken.
        raise EventRejectedError(f"The camera {event.camera_id} is archived.", hint="Bring it back to take events.")
    if not place.enabled:
        raise EventRejectedError(f"The camera {event.camera_id} is switched off.", hint="Switch it on to take events.")
    return place


def admit(
    services: Services, event: FaceDetectedV1, image: bytes | None, privacy_mode: PrivacyMode, *, decides: bool = True
) -> Probe:
    """The checked probe of an event. In count_only neither the template nor the image is looked at. `decides`: whether
    it is going to be matched; a later revision of a recorded event is not, so its template is not made again.

    A template that the server's own look at the picture contradicts is not used, and none is where `re_embed` says
    always and no picture came. Raises EmbeddingInvalidError, ModelVersionMismatchError, NotAnImageError,
    ImageTooLargeError.
    """
    if privacy_mode == "count_only":
        return Probe(None, "the tenant only counts", None)
    vector = None if event.embedding is None else parse_embedding(event.embedding, services.model_version)
    picture = None if image is None else _checked_crop(services, image)
    flaw = flaw_of(event, services.settings.vision)
    if vector is None or flaw or not decides or not is_due(services.settings):
        return Probe(None if flaw else vector, flaw, image, _liveness_of(services, picture, None))
    if picture is None:
        if services.settings.re_embed == "always":
            return Probe(None, "no picture came to check the embedding by", None)
        return Probe(vector, "", None)
    faces = services.vision.detector.detect(picture)
    found = recheck(services.vision, picture, faces, vector)
    liveness = _liveness_of(services, picture, faces)
    if found.vector is None:
        return Probe(None, "the picture that came with the embedding shows no face", image, liveness, found)
    own = found.verdict == "disagrees" or services.settings.re_embed == "always"
    return Probe(found.vector if own else vector, "", image, liveness, found)


def flaw_of(event: FaceDetectedV1, limits: VisionSettings) -> str:
    """Why the face is not fit for matching; empty when it is."""
    quality = event.face.quality
    size_px = min(quality.size_px, event.face.box.width, event.face.box.height)
    if size_px < limits.min_face_px:
        return f"the face is {size_px:.0f} px, under the {limits.min_face_px} px that matching needs"
    if quality.score < limits.quality_floor:
        return f"the quality {quality.score:.2f} lies under the floor of {limits.quality_floor:.2f}"
    if event.embedding is None:
        return NO_EMBEDDING
    return ""


def _liveness_of(
    services: Services, picture: BgrImage | None, faces: Sequence[DetectedFace] | None
) -> LivenessReport | None:
    """Of the largest face in the crop, which is looked for anew unless `faces` are known: the event states where it is
    in the frame."""
    model = services.vision.liveness
    if model is None or picture is None:
        return None
    found = services.vision.detector.detect(picture) if faces is None else faces
    largest = max(found, key=lambda face: face.box.shorter_side, default=None)
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
