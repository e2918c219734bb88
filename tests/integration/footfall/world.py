"""A tenant with a site and cameras, and the events and pictures that tests send through the domain's services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import cv2
import numpy as np
from sqlalchemy import Connection, text

from contracts.base import CameraId, FaceBox, FaceId, FaceQualityReport, SiteId, StaffId, TemplateId, TenantId
from contracts.events import DetectedFaceV1, Embedding, FaceDetectedV1, FrameSize, Pipeline, Track
from contracts.people import EventReceipt, StaffCreate
from contracts.places import CameraCreate, SiteCreate
from contracts.records import VisitRecordV1
from footfall.cameras import create_camera
from footfall.pictures import fetch_picture
from footfall.places import create_site
from footfall.roster import create_staff
from footfall.services import Services
from footfall.sightings import record_sighting
from footfall.stores.base import BucketKind, StoredTemplate
from footfall.stores.postgres import staff as staff_table
from footfall.stores.postgres.sealed_templates import opened
from footfall.stores.postgres.visit_lists import VisitFilter
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import BgrImage, Float32Array
from footfall.visit_lists import list_visits
from tests.vectors import as_base64

MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
GAP_MINUTES = 30
ACTOR = "test"


@dataclass(frozen=True)
class World:
    """One tenant's world. `cameras`: two at the site."""

    services: Services
    tenant_id: TenantId
    site_id: SiteId
    cameras: tuple[CameraId, CameraId]

    def event(
        self,
        vector: Float32Array | None,
        *,
        at: datetime = MORNING,
        lasts: timedelta = timedelta(seconds=4),
        camera: CameraId | None = None,
        quality: float = 0.8,
        size_px: float = 90.0,
        event_id: UUID | None = None,
        revision: int = 0,
        frames: int = 12,
        model_version: str | None = None,
    ) -> FaceDetectedV1:
        return FaceDetectedV1(
            event_id=event_id or uuid4(),
            revision=revision,
            camera_id=camera or self.cameras[0],
            worker="entrance-pi",
            captured_at=at,
            track=Track(started_at=at, ended_at=at + lasts, frames=frames),
            face=DetectedFaceV1(
                box=FaceBox(x=100, y=80, width=size_px, height=size_px * 1.2),
                landmarks=((120.0, 110.0), (160.0, 110.0), (140.0, 130.0), (125.0, 150.0), (155.0, 150.0)),
                quality=FaceQualityReport(
                    score=quality, size_px=size_px, sharpness=200.0, yaw_deg=3.0, roll_deg=-1.0, detection_score=0.95
                ),
                frame=FrameSize(width=1280, height=720),
            ),
            embedding=None
            if vector is None
            else Embedding(model_version=model_version or self.services.model_version, vector=as_base64(vector)),
            pipeline=Pipeline(detector="mock-1", embedder="mock-1", backend="mock-f32"),
        )

    def send(self, event: FaceDetectedV1, image: bytes | None = None) -> EventReceipt:
        return record_sighting(self.services, self.tenant_id, event, image, actor=ACTOR, allowed_cameras=None)

    def see(self, vector: Float32Array | None, at: datetime = MORNING, **particulars: Any) -> EventReceipt:
        return self.send(self.event(vector, at=at, **particulars))

    def visits(self, *, now: datetime = MORNING + timedelta(days=30)) -> list[VisitRecordV1]:
        """Earliest first."""
        page = list_visits(self.services.engine, self.tenant_id, VisitFilter(), limit=500, cursor=None, now=now)
        assert page.next_cursor is None
        return list(page.items)[::-1]

    def rows(self, sql: str, **parameters: object) -> list[Mapping[str, Any]]:
        with tenant_transaction(self.services.engine, self.tenant_id) as connection:
            rows = [dict(row) for row in connection.execute(text(sql), parameters).mappings()]
            return [_with_template_opened(connection, row) for row in rows]

    def count(self, table: str) -> int:
        return int(self.rows(f"select count(*) as n from footfall.{table}")[0]["n"])

    def vector_ids(self) -> set[TemplateId]:
        return self.services.vectors.template_ids(self.tenant_id)

    def picture(self, bucket: BucketKind, key: str) -> bytes:
        """As it was before it was sealed."""
        return fetch_picture(self.services.engine, self.services.objects, self.tenant_id, bucket, key)

    def raw_keys(self) -> list[str]:
        return [item.key for item in self.services.objects.list(self.tenant_id, "raw")]

    def derived_keys(self) -> list[str]:
        return [item.key for item in self.services.objects.list(self.tenant_id, "derived")]

    def hire(self, vector: Float32Array, name: str = "Ada Byron") -> StaffId:
        """A staff member with a template that needs no photograph."""
        made = create_staff(self.services.engine, self.tenant_id, StaffCreate(display_name=name), actor=ACTOR)
        staff_id = StaffId(made.staff_id)
        face_id = uuid4()
        shot = self.event(vector).face
        new = staff_table.NewFace(
            face_id=FaceId(face_id),
            staff_id=staff_id,
            image_key=f"{self.tenant_id}/staff/{face_id}.jpg",
            image_sha256=face_id.bytes * 2,
            crop_key=f"{self.tenant_id}/staff/{face_id}.png",
            box=shot.box,
            landmarks=shot.landmarks,
            quality=shot.quality,
            model_version=self.services.model_version,
            embedding=encode_vector(vector),
            background_faces=0,
        )
        with tenant_transaction(self.services.engine, self.tenant_id) as connection:
            assert staff_table.insert_face(connection, self.tenant_id, new) is not None
        self.services.vectors.upsert(
            self.services.model_version,
            [StoredTemplate(TemplateId(face_id), self.tenant_id, "staff", staff_id, vector)],
        )
        return staff_id


def settle_in(services: Services, tenant_id: TenantId, *, timezone: str = "Europe/Vienna") -> World:
    """A world for a tenant: one site, an entrance and an exit camera."""
    site = create_site(
        services.engine,
        tenant_id,
        SiteCreate(name=f"Shop {uuid4().hex[:6]}", timezone=timezone, visit_gap_minutes=GAP_MINUTES),
        actor=ACTOR,
    )
    entrance, exit_ = (
        create_camera(services, tenant_id, CameraCreate(site_id=site.site_id, name=name), actor=ACTOR)
        for name in ("Entrance", "Exit")
    )
    return World(services, tenant_id, SiteId(site.site_id), (CameraId(entrance.camera_id), CameraId(exit_.camera_id)))


def portrait(number: int, *, side_px: int = 320) -> BgrImage:
    """A picture in which the mock detector sees one face, another for each number."""
    random = np.random.default_rng(number)
    low = random.integers(0, 255, size=(12, 12, 3), dtype=np.uint8)
    soft = cv2.resize(low, (side_px, side_px), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    # Fine texture, or the picture would be too blurred to be enrolled.
    texture = random.integers(-9, 10, size=soft.shape, dtype=np.int16)
    return np.asarray(np.clip(soft + texture, 0, 255), dtype=np.uint8)


def side_by_side(*pictures: BgrImage) -> BgrImage:
    """A picture in which the mock detector sees as many faces as pictures."""
    return np.hstack(pictures)


def jpeg(picture: BgrImage, quality: int = 95) -> bytes:
    encoded, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert encoded
    return bytes(data.tobytes())


def _with_template_opened(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
    """Of a row that was asked for with its template's opener, the template as it was before it was sealed."""
    if "opener" in row:
        row["embedding"] = opened(connection, row["embedding"], row.pop("opener"))
    return row
