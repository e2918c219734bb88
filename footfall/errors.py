"""The one tree of errors. A class says what went wrong; the rim decides what that means in HTTP or exit codes.

Messages are for the person who must act. They never hold a template, an image, a password or a key.
"""

from __future__ import annotations

from typing import ClassVar


class FootfallError(Exception):
    """Root of everything Footfall raises on purpose. `slug` is stable and public; `hint` says what to do."""

    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Footfall could not do this"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(FootfallError):
    slug = "configuration-error"
    title = "The configuration does not work"


class SchemaMismatchError(ConfigurationError):
    slug = "schema-mismatch"
    title = "The program and the database's schema do not go together"


class SchemaMissingError(SchemaMismatchError):
    slug = "schema-missing"
    title = "The database has no schema of Footfall"


# --- what the caller sent ---------------------------------------------------------------------------


class InputError(FootfallError):
    slug = "invalid-input"
    title = "The input cannot be used"


class NotAnImageError(InputError):
    slug = "not-an-image"
    title = "The file is not a readable image"


class ImageTooLargeError(InputError):
    slug = "image-too-large"
    title = "The image is too large"


class NotAVideoError(InputError):
    slug = "not-a-video"
    title = "The source cannot be read as video"


class FaceRejectedError(InputError):
    slug = "face-rejected"
    title = "The photograph cannot be enrolled"


class NoFaceError(FaceRejectedError):
    slug = "no-face"
    title = "No face was found"


class SeveralFacesError(FaceRejectedError):
    slug = "several-faces"
    title = "More than one face was found"


class PoorQualityError(FaceRejectedError):
    slug = "poor-quality"
    title = "The face is under the quality floor"


class SpoofedFaceError(FaceRejectedError):
    slug = "spoofed-face"
    title = "The photograph seems to show a picture of a face"


class DisagreeingPhotographError(FaceRejectedError):
    slug = "disagrees-with-others"
    title = "The photograph shows somebody else than the person's others"


class RefusedAddressError(InputError):
    slug = "refused-address"
    title = "The address may not be connected to"


class WrongPasswordError(InputError):
    slug = "wrong-password"
    title = "The current password is not right"


class LegalBasisMissingError(InputError):
    slug = "legal-basis-missing"
    title = "Identifying visitors needs a legal basis and retention days"


class EventRejectedError(InputError):
    slug = "event-rejected"
    title = "The event cannot be taken"


class EmbeddingInvalidError(EventRejectedError):
    slug = "embedding-invalid"
    title = "The embedding is not a valid template"


class ModelVersionMismatchError(EventRejectedError):
    slug = "model-version-mismatch"
    title = "The template was made with another model version"


class EventFromFutureError(EventRejectedError):
    slug = "event-from-future"
    title = "The event's time lies ahead of the server's clock"


class PrivacyModeError(EventRejectedError):
    slug = "privacy-mode-forbids"
    title = "The tenant's privacy mode forbids this"


# --- what is not there, or not allowed --------------------------------------------------------------


class NotFoundError(FootfallError):
    slug = "not-found"
    title = "There is no such record"


class ConflictError(FootfallError):
    slug = "conflict"
    title = "The record is in the way of another"


class HistoryError(ConflictError):
    slug = "has-history"
    title = "The record has a history that would go with it"


class TakenOverError(ConflictError):
    slug = "idempotency-key-taken-over"
    title = "Another request with the same idempotency key goes on with this"


class AlreadyEnrolledError(ConflictError):
    slug = "already-enrolled-as"
    title = "The face is enrolled as another staff member"


class StaleVersionError(FootfallError):
    slug = "precondition-failed"
    title = "The record has changed since it was read"


class UnauthenticatedError(FootfallError):
    slug = "unauthenticated"
    title = "Who you are could not be established"


class ForbiddenError(FootfallError):
    slug = "forbidden"
    title = "Your role does not allow this"


# --- what is away ----------------------------------------------------------------------------------


class ServiceUnavailableError(FootfallError):
    slug = "service-unavailable"
    title = "A service that this needs is away"


class AlertNotSentError(ServiceUnavailableError):
    slug = "alert-not-sent"
    title = "An alert could not be sent"


class PostgresUnavailableError(ServiceUnavailableError):
    slug = "postgres-unavailable"
    title = "Postgres is away"


class VectorsUnavailableError(ServiceUnavailableError):
    slug = "vectors-unavailable"
    title = "The vector store is away"


class ObjectsUnavailableError(ServiceUnavailableError):
    slug = "objects-unavailable"
    title = "The object store is away"


class BusyError(ServiceUnavailableError):
    slug = "busy"
    title = "The server has as much to do as it can take"


class TooManyRequestsError(ServiceUnavailableError):
    """`retry_after_seconds`: when the same request may be tried again."""

    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, message: str, *, retry_after_seconds: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class DownloadError(ServiceUnavailableError):
    slug = "download-failed"
    title = "A file could not be fetched from any of its sources"


# --- models ----------------------------------------------------------------------------------------


class ModelError(FootfallError):
    slug = "model-error"
    title = "A model cannot be used"


class ModelMissingError(ModelError):
    slug = "model-missing"
    title = "A model's weights are not on this machine"


class ModelCorruptError(ModelError):
    slug = "model-corrupt"
    title = "A model's weights are not what the manifest states"
