"""One row for every tenant table, with ids that can be bent to reach into another tenant. Inserting only.

The rows are such as the API can show: tests/abuse plants them, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from contracts.base import TenantId
from tests.vectors import person

_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
_LATER = datetime(2126, 11, 20, 10, 0, tzinfo=UTC)
_DIGEST = b"\x01" * 32
_TEMPLATE = person(1).astype("<f4").tobytes()
_BOX = '{"x": 1, "y": 1, "width": 80, "height": 80}'
_LANDMARKS = "[[22, 30], [58, 30], [40, 46], [26, 62], [54, 62]]"
_QUALITY = '{"score": 0.8, "size_px": 80, "sharpness": 200, "yaw_deg": 0, "roll_deg": 0, "detection_score": 0.9}'
_EVIDENCE = (
    '{"score": 0.2, "threshold_low": 0.3, "threshold_high": 0.5, "threshold_source": "a test", "templates": [1, 1],'
    ' "sightings": [1, 1], "last_seen_at": [null, null]}'
)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a tenant's rows: its own keys, through which its other rows reach them."""

    tenant_id: TenantId
    site_id: UUID = field(default_factory=uuid4)
    camera_id: UUID = field(default_factory=uuid4)
    user_id: UUID = field(default_factory=uuid4)
    key_id: UUID = field(default_factory=uuid4)
    staff_id: UUID = field(default_factory=uuid4)
    face_id: UUID = field(default_factory=uuid4)
    customer_id: UUID = field(default_factory=uuid4)
    template_id: UUID = field(default_factory=uuid4)
    visit_id: UUID = field(default_factory=uuid4)
    event_id: UUID = field(default_factory=uuid4)
    correction_id: UUID = field(default_factory=uuid4)
    item_id: UUID = field(default_factory=uuid4)
    opt_out_id: UUID = field(default_factory=uuid4)
    session_id: UUID = field(default_factory=uuid4)
    token_id: UUID = field(default_factory=uuid4)
    worker_id: UUID = field(default_factory=uuid4)
    command_id: UUID = field(default_factory=uuid4)
    claim_id: UUID = field(default_factory=uuid4)
    hold_id: UUID = field(default_factory=uuid4)
    request_id: UUID = field(default_factory=uuid4)
    name: str = field(default_factory=lambda: uuid4().hex)

    def with_fresh(self, *names: str) -> Ids:
        """The same, but for new ids of those names and a new `name`."""
        fresh: dict[str, Any] = {name: uuid4() for name in names}
        return replace(self, name=uuid4().hex, **fresh)


KEYS = tuple(found.name for found in fields(Ids) if found.name not in {"tenant_id", "name"})
"""The names of every id in Ids, which `with_fresh` takes."""

Row = Mapping[str, object]

# In the order in which they can be inserted.
ROWS: dict[str, Callable[[Ids], Row]] = {
    "sites": lambda ids: {"site_id": ids.site_id, "name": ids.name, "timezone": "Europe/Vienna"},
    "cameras": lambda ids: {"camera_id": ids.camera_id, "site_id": ids.site_id, "name": ids.name},
    "users": lambda ids: {
        "user_id": ids.user_id,
        "email": f"{ids.name}@example.com",
        "password_hash": "none",
        "role": "site_manager",
    },
    "user_sites": lambda ids: {"user_id": ids.user_id, "site_id": ids.site_id},
    "api_keys": lambda ids: {
        "key_id": ids.key_id,
        "name": ids.name,
        "secret_sha256": _DIGEST,
        "role": "worker",
        "camera_ids": [ids.camera_id],
    },
    "sessions": lambda ids: {"session_id": ids.session_id, "user_id": ids.user_id, "expires_at": _AT},
    "refresh_tokens": lambda ids: {
        "token_id": ids.token_id,
        "session_id": ids.session_id,
        "secret_sha256": _DIGEST,
        "expires_at": _AT,
    },
    "staff": lambda ids: {"staff_id": ids.staff_id, "display_name": ids.name},
    "staff_face_images": lambda ids: {
        "face_id": ids.face_id,
        "staff_id": ids.staff_id,
        "image_key": f"{ids.tenant_id}/staff/{ids.name}/image.jpg",
        "image_sha256": bytes.fromhex(ids.name) * 2,
        "crop_key": f"{ids.tenant_id}/staff/{ids.name}/crop.png",
        "box": _BOX,
        "landmarks": _LANDMARKS,
        "quality": _QUALITY,
        "model_version": "mock-1",
        # Each of somebody else: of staff who look alike the API would tell every pair.
        "embedding": person(int(ids.name[:8], 16)).astype("<f4").tobytes(),
    },
    "customers": lambda ids: {"customer_id": ids.customer_id, "first_seen_at": _AT, "last_seen_at": _AT},
    "customer_templates": lambda ids: {
        "template_id": ids.template_id,
        "customer_id": ids.customer_id,
        "event_id": ids.event_id,
        "model_version": "mock-1",
        "embedding": _TEMPLATE,
        "quality_score": 0.9,
    },
    "visits": lambda ids: {
        "visit_id": ids.visit_id,
        "site_id": ids.site_id,
        "person_kind": "customer",
        "customer_id": ids.customer_id,
        "started_at": _AT,
        "ended_at": _AT,
        "sightings": 1,
        "camera_ids": [ids.camera_id],
        "is_first_visit": True,
    },
    "face_events": lambda ids: {
        "event_id": ids.event_id,
        "site_id": ids.site_id,
        "camera_id": ids.camera_id,
        "worker": "worker-1",
        "captured_at": _AT,
        "started_at": _AT,
        "ended_at": _AT,
        "frames": 1,
        "box": _BOX,
        "landmarks": _LANDMARKS,
        "quality": _QUALITY,
        "pipeline": "{}",
        "decision": "customer",
        "reason": "a test",
        "customer_id": ids.customer_id,
        "threshold_low": 0.3,
        "threshold_high": 0.5,
        "threshold_source": "a test",
        "visit_id": ids.visit_id,
    },
    "workers": lambda ids: {
        "worker": ids.name,
        "worker_id": ids.worker_id,
        "key_id": ids.key_id,
        "managed": True,
    },
    "worker_cameras": lambda ids: {"worker_id": ids.worker_id, "camera_id": ids.camera_id},
    "worker_commands": lambda ids: {
        "command_id": ids.command_id,
        "worker_id": ids.worker_id,
        "kind": "snapshot",
        "camera_id": ids.camera_id,
        "payload": f'{{"kind": "snapshot", "camera_id": "{ids.camera_id}"}}',
        "created_by": ids.name,
        "expires_at": _LATER,
    },
    "worker_snapshots": lambda ids: {"command_id": ids.command_id, "image": b"jpeg", "expires_at": _LATER},
    "live_heads": lambda _ids: {"position": 0},
    "live_events": lambda ids: {"kind": "visit.new", "subject_id": ids.visit_id, "site_ids": [ids.site_id]},
    "erasure_requests": lambda ids: {
        "request_id": ids.request_id,
        "customer_id": ids.customer_id,
        "reference": ids.name,
        "requested_by": ids.name,
        "due_at": _AT,
    },
    "legal_holds": lambda ids: {
        "hold_id": ids.hold_id,
        "subject_kind": "customer",
        "subject_id": ids.hold_id,
        "reference": ids.name,
        "placed_by": ids.name,
    },
    "orphaned_vectors": lambda ids: {"template_id": ids.template_id},
    "retention_terms": lambda ids: {"event_days": 3650, "updated_by": ids.name},
    "idempotency_keys": lambda ids: {
        "principal": "user:1",
        "key": ids.name,
        "claim_id": ids.claim_id,
        "operation": "POST /v1/sites",
        "lease_until": _AT,
        "expires_at": _AT,
    },
    "audit_log": lambda ids: {"actor": ids.name, "action": "a.b", "subject_kind": "x", "subject_id": "1"},
    "calibrations": lambda ids: {
        "model_version": "mock-1",
        "source": ids.name,
        "target_fpir": 0.003,
        "unsure_fpir": 0.1,
        "gallery_people": 1,
        "gallery_size": 1.0,
        "own_people": 1,
        "own_pairs": 0,
        "genuine_pairs": 0,
        "own_weight": 0.0,
        "threshold_low": 0.3,
        "threshold_low_interval": [0.2, 0.4],
        "threshold_high": 0.5,
        "threshold_high_interval": [0.4, 0.6],
        "document": '{"impostor_histogram": [0, 0, 1, 0], "genuine_histogram": [0, 0, 0, 1]}',
    },
    "traffic_changes": lambda ids: {"site_id": ids.site_id, "touched_at": _AT},
    "event_templates": lambda ids: {
        "event_id": ids.event_id,
        "model_version": "mock-1",
        "embedding": _TEMPLATE,
        "quality_score": 0.9,
    },
    "corrections": lambda ids: {
        "correction_id": ids.correction_id,
        "kind": "detach",
        "actor": ids.name,
        "detail": "{}",
    },
    "review_items": lambda ids: {
        "item_id": ids.item_id,
        "kind": "mixture",
        "customer_id": ids.customer_id,
        "score": 0.2,
        "evidence": _EVIDENCE,
    },
    "opt_outs": lambda ids: {"opt_out_id": ids.opt_out_id, "consent": ids.name, "created_by": ids.name},
    "opt_out_templates": lambda ids: {
        "opt_out_id": ids.opt_out_id,
        "model_version": "mock-1",
        "embedding": _TEMPLATE,
    },
    "staff_face_versions": lambda ids: {"face_id": ids.face_id, "model_version": "mock-2", "embedding": _TEMPLATE},
    "customer_template_versions": lambda ids: {
        "template_id": ids.template_id,
        "model_version": "mock-2",
        "embedding": _TEMPLATE,
    },
    "event_template_versions": lambda ids: {"event_id": ids.event_id, "model_version": "mock-2", "fault": "no_image"},
    "reembeddings": lambda ids: {"model_version": ids.name},
    # Not of a face above: their templates are plain, as from before there were keys.
    "face_keys": lambda ids: {"face_id": ids.claim_id, "wrapped": b"\x01" * 60, "master_id": b"\x01" * 8},
}


# Rows of the operator alone, about a planted row: the application may read them.
OF_THE_OPERATOR: dict[str, Callable[[Ids], Row]] = {
    "erasure_steps": lambda ids: {"request_id": ids.request_id, "step": "rows"},
    "erasure_items": lambda ids: {"request_id": ids.request_id, "kind": "raw", "item": ids.name},
    "purge_certificates": lambda ids: {
        "request_id": ids.request_id,
        "certificate_id": ids.request_id,
        "issued_at": _AT,
        "kid": ids.name,
        "document": "{}",
    },
}

# Rows that the application cannot make: those above, and those that the database makes itself of the others.
MADE_BY_TRIGGERS: dict[str, Callable[[Ids], Row]] = {
    "audit_chain": lambda _ids: {"seq": 1, "audit_id": 1, "digest": _DIGEST, "link": _DIGEST},
    "audit_heads": lambda _ids: {"seq": 1, "link": _DIGEST},
    **OF_THE_OPERATOR,
}


def _tenant(ids: Ids) -> Row:
    """The owner's to add."""
    return {"slug": ids.name, "name": ids.name}


_MAKERS = {"tenants": _tenant, **ROWS, **MADE_BY_TRIGGERS}


def insert(connection: Connection, table: str, ids: Ids, *, unless_there: bool = False) -> None:
    """Inserts the table's row for `ids.tenant_id`, whichever tenant is bound."""
    row = {"tenant_id": ids.tenant_id, **_MAKERS[table](ids)}
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    otherwise = " on conflict do nothing" if unless_there else ""
    connection.execute(text(f"insert into footfall.{table} ({columns}) values ({values}){otherwise}"), row)


def plant(connection: Connection, ids: Ids) -> None:
    """A row in every table of the tenant. May be called again with fresh ids: a tenant keeps the rows of which it has
    but one."""
    for table in ROWS:
        insert(connection, table, ids, unless_there=True)


def plant_as_operator(connection: Connection, ids: Ids) -> None:
    """A row in every table that the operator alone writes. After `plant`."""
    for table in OF_THE_OPERATOR:
        insert(connection, table, ids, unless_there=True)
