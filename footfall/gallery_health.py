"""How well a tenant's staff are enrolled: whose photographs disagree, expire, are missing or resemble somebody else's.
Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from contracts.base import StaffId, TenantId
from contracts.enrolment import CropState, FaceConsistency, Reminder, ReminderList, StaffConsistency
from contracts.people import MatchCandidate
from footfall.agreement import consistency_of
from footfall.enrolment_identity import same_person_cosine
from footfall.errors import ImageTooLargeError, NotAnImageError, NotFoundError
from footfall.matching import SAME_FACE_FAR, threshold_at
from footfall.pictures import fetch_picture
from footfall.roster import missing_staff
from footfall.services import Services
from footfall.serving import refresh
from footfall.stores.postgres import staff
from footfall.stores.postgres.staff import EnrolmentState, FaceRow, StaffTemplate
from footfall.templates import decode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.align import CROP_PX
from footfall.vision.types import Float32Array

_BLOCK_ROWS = 512


def consistency(services: Services, tenant_id: TenantId, staff_id: StaffId) -> StaffConsistency:
    """How well the person's photographs agree with each other, and whether their stored crops can still be read: a
    model to come is fed from those. Raises NotFoundError, ServiceUnavailableError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        refresh(services, connection)
        if staff.select_staff(connection, staff_id) is None:
            raise missing_staff(staff_id)
        rows = staff.select_faces(connection, staff_id)
        templates = staff.select_templates(connection, services.model_version, staff_id=staff_id)
    found = consistency_of([decode_vector(template.embedding) for template in templates])
    best = {template.face_id: cosine for template, cosine in zip(templates, found.best, strict=True)}
    least_cosine = same_person_cosine(services)
    now = datetime.now(UTC)
    return StaffConsistency(
        staff_id=staff_id,
        model_version=services.model_version,
        score=found.score,
        lowest=found.lowest,
        faces=tuple(
            _face(services, tenant_id, row, best.get(row.face_id), least_cosine=least_cosine, now=now) for row in rows
        ),
    )


def reminders(services: Services, tenant_id: TenantId, *, now: datetime) -> ReminderList:
    """Everything about the enrolment of the tenant's staff that somebody should see to, the most pressing first."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        refresh(services, connection)
        states = staff.select_enrolment_states(connection, services.model_version)
        templates = staff.select_templates(connection, services.model_version)
    if not templates:
        whole = _empty_gallery(states)
        return ReminderList(items=(whole, *_about_each(services, states, now)), checked_at=now)
    names = {state.staff_id: state.display_name for state in states}
    vectors = [decode_vector(template.embedding) for template in templates]
    return ReminderList(
        items=(
            *_resemblances(services, templates, vectors, names),
            *_about_each(services, states, now),
            *_outliers(services, templates, vectors, names),
        ),
        checked_at=now,
    )


def _face(
    services: Services, tenant_id: TenantId, row: FaceRow, best: float | None, *, least_cosine: float, now: datetime
) -> FaceConsistency:
    expired = row.expires_at is not None and row.expires_at <= now
    outlier = best is not None and best < least_cosine
    crop = _crop_state(services, tenant_id, row)
    notes = {
        "The photograph has expired and is no longer matched: enrol a new one.": expired,
        f"It was enrolled with {row.model_version} and is not matched by {services.model_version}.": (
            row.model_version != services.model_version
        ),
        f"It may show somebody else: its best cosine with the others is {best or 0.0:.3f}, one person's photographs "
        f"reach {least_cosine:.3f}.": outlier,
        "Its stored crop is missing: it cannot be brought to another model. Enrol the photograph again.": (
            crop == "missing"
        ),
        "Its stored crop cannot be read: it cannot be brought to another model. Enrol the photograph again.": (
            crop == "corrupt"
        ),
    }
    said = " ".join(note for note, applies in notes.items() if applies)
    return FaceConsistency(
        face_id=row.face_id, agreement=best, outlier=outlier, expired=expired, crop=crop, note=said or None
    )


def _crop_state(services: Services, tenant_id: TenantId, row: FaceRow) -> CropState:
    try:
        crop = services.vision.decode(
            fetch_picture(services.engine, services.objects, tenant_id, "derived", row.crop_key)
        )
    except NotFoundError:
        return "missing"
    except (NotAnImageError, ImageTooLargeError):
        return "corrupt"
    return "ok" if crop.shape == (CROP_PX, CROP_PX, 3) else "corrupt"


def _empty_gallery(states: Sequence[EnrolmentState]) -> Reminder:
    people = f"{len(states)} staff are listed, but none" if states else "Nobody"
    return Reminder(
        kind="empty_gallery",
        message=f"{people} can be recognised: no photograph is enrolled that is matched. Everybody is a visitor.",
    )


def _about_each(services: Services, states: Sequence[EnrolmentState], now: datetime) -> Iterator[Reminder]:
    """Who has no photograph that is matched, and who soon has none."""
    soon = now + timedelta(days=services.settings.recognition.enrolment_reminder_days)
    for state in states:
        name, due = state.display_name, state.latest_expiry
        if state.faces == 0:
            yield _of(state, "no_photograph", f"{name} has no photograph and is not recognised.")
        elif state.of_served_version == 0:
            yield _of(
                state, "other_model", f"{name}'s photographs were enrolled with another model and are not matched."
            )
        elif state.valid == 0:
            day = "" if due is None else f" on {due:%d %b %Y}"
            yield _of(state, "expired", f"{name}'s last photograph expired{day}: enrol a new one.", due)
        elif due is not None and due <= soon:
            days = max(0, (due - now).days)
            yield _of(state, "expiring", f"{name}'s last photograph expires in {days} days: enrol a new one.", due)


def _of(state: EnrolmentState, kind: str, message: str, due_at: datetime | None = None) -> Reminder:
    return Reminder.model_validate(
        {
            "kind": kind,
            "staff_id": state.staff_id,
            "display_name": state.display_name,
            "message": message,
            "due_at": due_at,
        }
    )


def _outliers(
    services: Services,
    templates: Sequence[StaffTemplate],
    vectors: Sequence[Float32Array],
    names: Mapping[StaffId, str],
) -> Iterator[Reminder]:
    least_cosine = same_person_cosine(services)
    of_person: dict[StaffId, list[Float32Array]] = {}
    for template, vector in zip(templates, vectors, strict=True):
        of_person.setdefault(template.staff_id, []).append(vector)
    for staff_id, own in of_person.items():
        alone = sum(best is not None and best < least_cosine for best in consistency_of(own).best)
        if alone and staff_id in names:
            yield Reminder(
                kind="outlier",
                staff_id=staff_id,
                display_name=names[staff_id],
                message=f"{alone} of {names[staff_id]}'s {len(own)} photographs may show somebody else.",
            )


def _resemblances(
    services: Services,
    templates: Sequence[StaffTemplate],
    vectors: Sequence[Float32Array],
    names: Mapping[StaffId, str],
) -> Iterator[Reminder]:
    """Pairs of staff who have photographs that match each other: one person under two names, or twins. Each pair once,
    the nearest first. Compared one with one, at a stated false-accept rate."""
    match_cosine = threshold_at(services.vision.thresholds, SAME_FACE_FAR)
    rows = np.stack(vectors)
    pairs: dict[tuple[StaffId, StaffId], float] = {}
    for start in range(0, len(rows), _BLOCK_ROWS):  # blocks: all pairs of a large staff at once would fill the memory
        near = rows[start : start + _BLOCK_ROWS] @ rows.T
        for first, second in np.argwhere(near >= match_cosine):
            one, two = templates[start + int(first)].staff_id, templates[int(second)].staff_id
            if one < two:
                cosine = min(1.0, float(near[first, second]))
                pairs[one, two] = max(cosine, pairs.get((one, two), -1.0))
    for (one, two), cosine in sorted(pairs.items(), key=lambda pair: -pair[1]):
        if one in names and two in names:
            first_name, second_name = names[one], names[two]
            yield Reminder(
                kind="resembles_other",
                staff_id=one,
                display_name=first_name,
                message=f"{first_name} and {second_name} have photographs that match each other (cosine {cosine:.3f}). "
                "One person under two names is never recognised: remove one. Twins are mostly told to be unsure.",
                other=MatchCandidate(person_kind="staff", person_id=two, display_name=second_name, score=cosine),
            )
