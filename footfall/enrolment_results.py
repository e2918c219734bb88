"""What is said of a photograph that was sent for enrolment. Nothing is looked at or stored here."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.enrolment import Objection, PhotographResult
from contracts.people import StaffFace
from contracts.verdicts import PhotographVerdict
from footfall.enrolment_identity import Identity
from footfall.errors import ImageTooLargeError, NotAnImageError
from footfall.face_reports import quality_report
from footfall.photographs import Portrait, Unfit
from footfall.vision.types import Float32Array

_DUPLICATE = "This photograph of the staff member is enrolled already."
_ANOTHER = "Choose another photograph."


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file as it came. `filename` is only ever shown."""

    filename: str
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A photograph that is fit, not yet judged for whom it shows. `position`: its place in the request. `twin`: its
    template in the other model version, where there are two."""

    position: int
    photograph: Photograph
    digest: bytes
    portrait: Portrait
    vector: Float32Array
    twin: Float32Array | None = None


def refusal(candidate: Candidate, identity: Identity, overruled: frozenset[Objection]) -> PhotographResult | None:
    """The first objection that was not set aside; None when the photograph may be enrolled."""
    for objection in identity.objections:
        if objection.verdict not in overruled:
            return _result(candidate, identity, objection.verdict, objection.reason, objection.hint)
    return None


def enrolled(candidate: Candidate, identity: Identity, face: StaffFace) -> PhotographResult:
    reason = f"Enrolled, quality {candidate.portrait.face.quality.score:.2f}."
    seen = candidate.portrait.liveness
    if seen is not None and seen.verdict == "spoof":
        reason += " The liveness model takes it for a photograph of a photograph or of a screen."
    result = _result(candidate, identity, "enrolled", reason, None)
    return result.model_copy(update={"face": face})


def _result(
    candidate: Candidate, identity: Identity, verdict: PhotographVerdict, reason: str, hint: str | None
) -> PhotographResult:
    seen = candidate.portrait.liveness
    return PhotographResult(
        filename=candidate.photograph.filename,
        verdict=verdict,
        reason=reason,
        hint=hint,
        quality=quality_report(candidate.portrait.face.quality),
        agreement=identity.agreement,
        other=identity.other,
        liveness=None if seen is None else seen.report(),
    )


def unfit(photograph: Photograph, found: Unfit) -> PhotographResult:
    """What is wrong with the photograph by itself."""
    return PhotographResult(
        filename=photograph.filename,
        verdict=found.verdict,
        reason=found.reason,
        hint=found.hint,
        quality=None if found.quality is None else quality_report(found.quality),
        liveness=None if found.liveness is None else found.liveness.report(),
    )


def unreadable(photograph: Photograph, error: NotAnImageError | ImageTooLargeError) -> PhotographResult:
    return PhotographResult(
        filename=photograph.filename,
        verdict="too_large" if isinstance(error, ImageTooLargeError) else "not_an_image",
        reason=error.message,
        hint=error.hint or "Save it as JPEG, PNG, WebP or BMP.",
    )


def duplicate(photograph: Photograph) -> PhotographResult:
    return PhotographResult(
        filename=photograph.filename, verdict="duplicate_photograph", reason=_DUPLICATE, hint=_ANOTHER
    )
