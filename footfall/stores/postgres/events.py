"""Table face_events. Rows in and out; no rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, CustomerId, EventId, SiteId, StaffId, TenantId, VisitId
from contracts.events import FaceDetectedV1
from contracts.people import DecisionKind, LivenessReport, RecheckVerdict


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A face event as decided. `keep_detail`: whether box, landmarks, quality and parts go into the row."""

    event: FaceDetectedV1
    site_id: SiteId
    keep_detail: bool
    model_version: str | None
    image_key: str | None
    decision: DecisionKind
    reason: str
    staff_id: StaffId | None
    customer_id: CustomerId | None
    score: float | None
    margin: float | None
    threshold_low: float
    threshold_high: float
    threshold_source: str
    visit_id: VisitId | None
    liveness: LivenessReport | None = None
    recheck: RecheckVerdict | None = None
    recheck_score: float | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a receipt is made of, and what a later revision needs."""

    event_id: EventId
    revision: int
    camera_id: CameraId
    site_id: SiteId
    started_at: datetime
    ended_at: datetime
    decision: DecisionKind
    reason: str
    staff_id: StaffId | None
    customer_id: CustomerId | None
    score: float | None
    margin: float | None
    threshold_low: float
    threshold_high: float
    threshold_source: str
    visit_id: VisitId | None
    committed_at: datetime
    recheck: RecheckVerdict | None


def select_event(connection: Connection, event_id: EventId) -> EventRow | None:
    row = connection.execute(
        text("""
            select event_id, revision, camera_id, site_id, started_at, ended_at, decision, reason, staff_id,
                   customer_id, score, margin, threshold_low, threshold_high, threshold_source, visit_id, committed_at,
                   recheck
            from footfall.face_events
            where event_id = :event_id
        """),
        {"event_id": event_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _event(found)


def insert_event(connection: Connection, tenant_id: TenantId, new: NewEvent) -> EventRow:
    """The row as stored. The caller holds the tenant's gallery and has seen that the event is new."""
    event = new.event
    row = connection.execute(
        text("""
            insert into footfall.face_events (
                tenant_id, event_id, revision, site_id, camera_id, worker, captured_at, started_at, ended_at, frames,
                box, landmarks, quality, pipeline, model_version, image_key, decision, reason, staff_id, customer_id,
                score, margin, threshold_low, threshold_high, threshold_source, visit_id,
                liveness_verdict, liveness_score, liveness_model, recheck, recheck_score
            )
            values (
                :tenant_id, :event_id, :revision, :site_id, :camera_id, :worker, :captured_at, :started_at, :ended_at,
                :frames, cast(:box as jsonb), cast(:landmarks as jsonb), cast(:quality as jsonb),
                cast(:pipeline as jsonb), :model_version, :image_key, :decision, :reason, :staff_id, :customer_id,
                :score, :margin, :threshold_low, :threshold_high, :threshold_source, :visit_id,
                :liveness_verdict, :liveness_score, :liveness_model, :recheck, :recheck_score
            )
            returning event_id, revision, camera_id, site_id, started_at, ended_at, decision, reason, staff_id,
                      customer_id, score, margin, threshold_low, threshold_high, threshold_source, visit_id,
                      committed_at, recheck
        """),
        {
            "tenant_id": tenant_id,
            "event_id": event.event_id,
            "revision": event.revision,
            "site_id": new.site_id,
            "camera_id": event.camera_id,
            "worker": event.worker,
            "captured_at": event.captured_at,
            "started_at": event.track.started_at,
            "ended_at": event.track.ended_at,
            "frames": event.track.frames,
            "box": event.face.box.model_dump_json() if new.keep_detail else "{}",
            "landmarks": json.dumps(event.face.landmarks) if new.keep_detail else "[]",
            "quality": event.face.quality.model_dump_json() if new.keep_detail else "{}",
            "pipeline": event.pipeline.model_dump_json(),
            "model_version": new.model_version,
            "image_key": new.image_key,
            "decision": new.decision,
            "reason": new.reason,
            "staff_id": new.staff_id,
            "customer_id": new.customer_id,
            "score": new.score,
            "margin": new.margin,
            "threshold_low": new.threshold_low,
            "threshold_high": new.threshold_high,
            "threshold_source": new.threshold_source,
            "visit_id": new.visit_id,
            "liveness_verdict": None if new.liveness is None else new.liveness.verdict,
            "liveness_score": None if new.liveness is None else new.liveness.score,
            "liveness_model": None if new.liveness is None else new.liveness.model_version,
            "recheck": new.recheck,
            "recheck_score": new.recheck_score,
        },
    )
    return _event(row.mappings().one())


def extend_event(connection: Connection, event: FaceDetectedV1) -> EventRow:
    """Stretches the stored event over a later revision's span; who it was stays as decided."""
    row = connection.execute(
        text("""
            update footfall.face_events
            set revision = :revision,
                started_at = least(started_at, :started_at),
                ended_at = greatest(ended_at, :ended_at),
                frames = greatest(frames, :frames)
            where event_id = :event_id
            returning event_id, revision, camera_id, site_id, started_at, ended_at, decision, reason, staff_id,
                      customer_id, score, margin, threshold_low, threshold_high, threshold_source, visit_id,
                      committed_at, recheck
        """),
        {
            "event_id": event.event_id,
            "revision": event.revision,
            "started_at": event.track.started_at,
            "ended_at": event.track.ended_at,
            "frames": event.track.frames,
        },
    )
    return _event(row.mappings().one())


def delete_events_of_staff(connection: Connection, staff_id: StaffId) -> tuple[int, list[str]]:
    """Deletes every event in which the staff member was recognised; their number and the keys of their images."""
    rows = connection.execute(
        text("delete from footfall.face_events where staff_id = :staff_id returning image_key"), {"staff_id": staff_id}
    )
    keys = list(rows.scalars())
    return len(keys), [key for key in keys if key is not None]


def _event(row: RowMapping) -> EventRow:
    return EventRow(**row)
