"""One row for every tenant table, with ids that can be bent to reach into another tenant. Inserting only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from contracts.base import TenantId

_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
_DIGEST = b"\x01" * 32
_TEMPLATE = b"\x02" * 2048
_BOX = '{"x": 1, "y": 1, "width": 80, "height": 80}'


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
    name: str = field(default_factory=lambda: uuid4().hex)

    def with_fresh(self, *names: str) -> Ids:
        """The same, but for new ids of those names and a new `name`."""
        fresh: dict[str, Any] = {name: uuid4() for name in names}
        return replace(self, name=uuid4().hex, **fresh)


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
    },
    "staff": lambda ids: {"staff_id": ids.staff_id, "display_name": ids.name},
    "staff_face_images": lambda ids: {
        "face_id": ids.face_id,
        "staff_id": ids.staff_id,
        "image_key": "image",
        "image_sha256": bytes.fromhex(ids.name) * 2,
        "crop_key": "crop",
        "box": _BOX,
        "landmarks": "[]",
        "quality": "{}",
        "model_version": "mock-1",
        "embedding": _TEMPLATE,
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
        "landmarks": "[]",
        "quality": "{}",
        "pipeline": "{}",
        "decision": "customer",
        "reason": "a test",
        "customer_id": ids.customer_id,
        "threshold_low": 0.3,
        "threshold_high": 0.5,
        "threshold_source": "a test",
        "visit_id": ids.visit_id,
    },
    "workers": lambda ids: {"worker": ids.name},
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
        "document": "{}",
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
        "evidence": "{}",
    },
    "opt_outs": lambda ids: {"opt_out_id": ids.opt_out_id, "consent": ids.name, "created_by": ids.name},
    "opt_out_templates": lambda ids: {
        "opt_out_id": ids.opt_out_id,
        "model_version": "mock-1",
        "embedding": _TEMPLATE,
    },
}


def _tenant(ids: Ids) -> Row:
    """The owner's to add."""
    return {"slug": ids.name, "name": ids.name}


def insert(connection: Connection, table: str, ids: Ids) -> None:
    """Inserts the table's row for `ids.tenant_id`, whichever tenant is bound."""
    row = {"tenant_id": ids.tenant_id, **(_tenant if table == "tenants" else ROWS[table])(ids)}
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    connection.execute(text(f"insert into footfall.{table} ({columns}) values ({values})"), row)


def plant(connection: Connection, ids: Ids) -> None:
    """A row in every table of the tenant."""
    for table in ROWS:
        insert(connection, table, ids)
