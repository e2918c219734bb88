"""Records face events: in one transaction the decision, the visit and what is kept. The rules of admission, matching
and visits are in their own modules."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.base import CameraId, CustomerId, EventId, PersonKind, StaffId, TenantId
from contracts.events import FaceDetectedV1
from contracts.people import Decision, DecisionKind, EventReceipt
from footfall import audit
from footfall.admission import Probe, admit, place_of
from footfall.customers import TemplateChange
from footfall.errors import ConflictError, ServiceUnavailableError
from footfall.event_checks import check_geometry, check_times
from footfall.event_recheck import Recheck, bound_of
from footfall.identification import identify
from footfall.pictures import kind_of, put_picture
from footfall.reembedding_events import in_both_versions, keep_twin, of_one_version, still_wanted
from footfall.services import Services
from footfall.serving import SecondLook, hold_gallery, refresh
from footfall.stores.postgres import customers, event_templates, events, places
from footfall.stores.postgres.event_templates import SightingTemplate
from footfall.stores.postgres.events import EventRow, NewEvent
from footfall.stores.postgres.locks import lock_gallery
from footfall.stores.postgres.places import SightingPlace
from footfall.stores.postgres.visits import Person
from footfall.stores.rules import object_key
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.visit_ledger import match_score, settle
from footfall.visits import Sighting

logger = logging.getLogger(__name__)


def record_sighting(
    services: Services,
    tenant_id: TenantId,
    event: FaceDetectedV1,
    image: bytes | None,
    *,
    actor: str,
    allowed_cameras: Collection[UUID] | None,
) -> EventReceipt:
    """Decides who the face is, files the sighting under a visit and commits; or writes nothing.

    Idempotent by event id: a revision that is not newer than the stored one gets the stored answer, with `duplicate`
    true. A newer revision stretches the event and its visit over the whole track; who it was stays as first decided.
    `image` is the face's crop as a file; `allowed_cameras` None means every camera of the tenant. A tenant's sightings
    are decided one after the other, so that two cameras that see one stranger at once make one customer of it.

    Raises EventRejectedError and its kinds, NotAnImageError, ImageTooLargeError, NotFoundError for an unknown camera,
    ForbiddenError for one that is not the caller's, ConflictError for an event id that another camera has used,
    ServiceUnavailableError when a store is away.
    """
    check_times(event, now=datetime.now(UTC), limits=services.settings.recognition)
    check_geometry(event)
    change: TemplateChange | None = None
    with ExitStack() as undo:
        with tenant_transaction(services.engine, tenant_id) as connection:
            place = place_of(connection, event, allowed_cameras)
            stored = _stored(connection, event)
            if stored is None or stored.revision < event.revision:
                made_with = refresh(services, connection).served
                decides = stored is None
                event, look = in_both_versions(services, event, image, place.privacy_mode, decides=decides)
                with of_one_version(services, made_with):
                    probe = admit(services, event, image, place.privacy_mode, decides=decides)
                hold_gallery(connection, services, tenant_id, embedded_with=made_with)
                # Once more: the same event may have been recorded while this one waited.
                stored = _stored(connection, event)
            duplicate = stored is not None and stored.revision >= event.revision
            if stored is None:
                look = still_wanted(services, look)
                row, change = _record(
                    connection, services, tenant_id, event, place=place, probe=probe, look=look, undo=undo
                )
            elif duplicate:
                row = stored
            else:
                row = _extend(connection, tenant_id, event, place)
            places.touch_worker(connection, tenant_id, event.worker)
        undo.pop_all()
    if change is not None:
        _forget_retired(services, tenant_id, change)
    logger.debug("%s sent event %s: %s, duplicate: %s", actor, row.event_id, row.decision, duplicate)
    return _receipt(row, duplicate=duplicate)


def _stored(connection: Connection, event: FaceDetectedV1) -> EventRow | None:
    stored = events.select_event(connection, EventId(event.event_id))
    if stored is not None and stored.camera_id != event.camera_id:
        raise ConflictError(
            f"The event id {event.event_id} was used by another camera.", hint="Make a new id for every track."
        )
    return stored


def _record(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    event: FaceDetectedV1,
    *,
    place: SightingPlace,
    probe: Probe,
    look: SecondLook | None,
    undo: ExitStack,
) -> tuple[EventRow, TemplateChange | None]:
    """Writes the rows, then the image and the template, and leaves the commit to the caller; `undo` withdraws what was
    written outside Postgres."""
    outcome = identify(connection, services, tenant_id, event, probe, privacy_mode=place.privacy_mode, look=look)
    person = _person(outcome.decision)
    visit_id = None
    if person is not None:
        sighting = Sighting(
            event_id=EventId(event.event_id),
            camera_id=CameraId(event.camera_id),
            started_at=event.track.started_at,
            ended_at=event.track.ended_at,
            score=match_score(outcome.decision.kind, outcome.decision.score),
        )
        visit_id = settle(connection, tenant_id, person, sighting, site_id=place.site_id, gap=place.visit_gap)
    picture = probe.picture if outcome.keep else None
    image_name = None if picture is None else f"events/{event.event_id}{kind_of(picture).suffix}"
    image_key = None if image_name is None else object_key(tenant_id, image_name)
    decision = outcome.decision
    row = events.insert_event(
        connection,
        tenant_id,
        NewEvent(
            event=event,
            site_id=place.site_id,
            keep_detail=outcome.keep,
            model_version=services.model_version if outcome.keep and probe.vector is not None else None,
            image_key=image_key,
            decision=decision.kind,
            reason=decision.reason,
            staff_id=StaffId(person.person_id) if person is not None and person.person_kind == "staff" else None,
            customer_id=(
                CustomerId(person.person_id) if person is not None and person.person_kind == "customer" else None
            ),
            score=decision.score,
            margin=decision.margin,
            threshold_low=decision.threshold_low,
            threshold_high=decision.threshold_high,
            threshold_source=decision.threshold_source,
            visit_id=visit_id,
            liveness=probe.liveness if outcome.keep else None,
            recheck=None if probe.recheck is None else probe.recheck.verdict,
            recheck_score=None if probe.recheck is None else probe.recheck.score,
        ),
    )
    if probe.recheck is not None and probe.recheck.verdict != "agrees":
        _raise_alarm(connection, services, event, probe.recheck)
    if person is not None and probe.vector is not None and place.privacy_mode == "identify":
        # Whom the sighting turns out to be can be corrected later, and the template must go along.
        event_templates.insert_event_template(
            connection,
            tenant_id,
            SightingTemplate(
                row.event_id, services.model_version, encode_vector(probe.vector), event.face.quality.score
            ),
        )
        keep_twin(connection, tenant_id, row.event_id, look)
    if image_key is not None or outcome.change is not None:
        undo.callback(_withdraw, services, tenant_id, row.event_id, image_key, outcome.change)
    # Before the commit, so that no row ever names an image that is not there. The template, too: a vector without a
    # row matches nobody (`footfall.recognition` asks Postgres), while a row without a vector would be a customer whom
    # nobody recognises.
    if picture is not None and image_name is not None:
        put_picture(
            connection,
            services.objects,
            tenant_id,
            picture,
            bucket="raw",
            name=image_name,
            face_id=event.event_id,
        )
    if outcome.change is not None:
        services.vectors.upsert(services.model_version, [outcome.change.added])
    return row, outcome.change


def _raise_alarm(connection: Connection, services: Services, event: FaceDetectedV1, found: Recheck) -> None:
    """A worker is broken or lies, or its key is in other hands."""
    logger.warning("event %s of worker %s: its template and its picture disagree", event.event_id, event.worker)
    audit.record(
        connection,
        actor="server",
        action="event.disagreed_with_its_picture",
        subject_kind="event",
        subject_id=event.event_id,
        detail={
            "worker": event.worker,
            "camera_id": str(event.camera_id),
            "verdict": found.verdict,
            "cosine": found.score,
            "bound": bound_of(services.vision),
        },
    )


def _extend(connection: Connection, tenant_id: TenantId, event: FaceDetectedV1, place: SightingPlace) -> EventRow:
    row = events.extend_event(connection, event)
    person = _person(row)
    if person is None or row.visit_id is None:
        return row
    if row.customer_id is not None:
        customers.widen_seen(connection, row.customer_id, row.started_at, row.ended_at)
    sighting = Sighting(
        event_id=row.event_id,
        camera_id=row.camera_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        score=match_score(row.decision, row.score),
    )
    visit_id = settle(
        connection, tenant_id, person, sighting, site_id=row.site_id, gap=place.visit_gap, counted_in=row.visit_id
    )
    return replace(row, visit_id=visit_id)


def _withdraw(
    services: Services, tenant_id: TenantId, event_id: EventId, image_key: str | None, change: TemplateChange | None
) -> None:
    """Removes what a failed write left outside Postgres. The event is looked for first, under the lock: the commit may
    have gone through although its answer was lost, or a repetition may have been recorded since."""
    try:
        with tenant_transaction(services.engine, tenant_id) as connection:
            lock_gallery(connection, tenant_id)
            if events.select_event(connection, event_id) is not None:
                return
            if image_key is not None:
                services.objects.delete(tenant_id, "raw", [image_key])
            if change is not None:
                services.vectors.delete(tenant_id, [change.added.template_id])
    except ServiceUnavailableError as error:
        # Harmless: the repetition overwrites both, the image expires, and an unrecorded vector matches nobody.
        logger.warning("what event %s left outside Postgres could not be withdrawn: %s", event_id, error)


def _forget_retired(services: Services, tenant_id: TenantId, change: TemplateChange) -> None:
    """After the commit: a template must not be missing from the search while its row is still there."""
    if not change.retired:
        return
    try:
        services.vectors.delete(tenant_id, change.retired)
    except ServiceUnavailableError as error:
        logger.warning("%d replaced templates stay in the vector store: %s", len(change.retired), error)


def _person(source: Decision | EventRow) -> Person | None:
    if isinstance(source, Decision):
        if source.person_kind is None or source.person_id is None:
            return None
        return Person(source.person_kind, source.person_id)
    if source.staff_id is not None:
        return Person("staff", source.staff_id)
    return None if source.customer_id is None else Person("customer", source.customer_id)


def _receipt(row: EventRow, *, duplicate: bool) -> EventReceipt:
    person = _person(row)
    kind, reason = _as_corrected(row, person)
    return EventReceipt(
        event_id=row.event_id,
        revision=row.revision,
        duplicate=duplicate,
        decision=Decision(
            kind=kind,
            reason=reason,
            person_kind=None if person is None else person.person_kind,
            person_id=None if person is None else person.person_id,
            score=row.score,
            margin=row.margin,
            threshold_low=row.threshold_low,
            threshold_high=row.threshold_high,
            threshold_source=row.threshold_source,
        ),
        visit_id=row.visit_id,
        committed_at=row.committed_at,
        recheck=row.recheck,
    )


def _as_corrected(row: EventRow, person: Person | None) -> tuple[DecisionKind, str]:
    """The row keeps what was decided; a receipt names whom a correction has found the face to be."""
    decided: PersonKind | None = None
    if row.decision in {"customer", "new_customer"}:
        decided = "customer"
    elif row.decision == "staff":
        decided = "staff"
    now = None if person is None else person.person_kind
    if now == decided:
        return row.decision, row.reason
    return now or "unsure", "corrected by hand"
