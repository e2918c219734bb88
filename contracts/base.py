"""The base of every contract and the value types that several share. No single contract lives here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, NewType
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

TenantId = NewType("TenantId", UUID)
SiteId = NewType("SiteId", UUID)
CameraId = NewType("CameraId", UUID)
StaffId = NewType("StaffId", UUID)
CustomerId = NewType("CustomerId", UUID)
FaceId = NewType("FaceId", UUID)
EventId = NewType("EventId", UUID)
VisitId = NewType("VisitId", UUID)
TemplateId = NewType("TemplateId", UUID)
UserId = NewType("UserId", UUID)

PersonKind = Literal["staff", "customer"]
PrivacyMode = Literal["count_only", "staff_only", "identify"]
Role = Literal["system_admin", "tenant_admin", "site_manager", "worker"]

Unit = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Cosine = Annotated[float, Field(ge=-1.0, le=1.0, allow_inf_nan=False)]
Pixels = Annotated[float, Field(allow_inf_nan=False, ge=-100_000, le=100_000)]
Label = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Contract(BaseModel):
    """Frozen and closed: an unknown field is an error, so a typing mistake never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", allow_inf_nan=False)


class Patch(Contract):
    """A change of some fields: those that are left out stay as they are, and so do those that are null, unless null
    means to empty them."""

    def changes(self, *, emptied_by_null: Collection[str] = ()) -> dict[str, object]:
        """What is to be changed, by field."""
        stated = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        return {name: value for name, value in stated.items() if value is not None or name in emptied_by_null}


class FaceBox(Contract):
    """Axis-aligned box in pixels of the frame or image it was found in; origin top left."""

    x: Pixels
    y: Pixels
    width: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
    height: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]


Landmark = tuple[Pixels, Pixels]
Landmarks5 = tuple[Landmark, Landmark, Landmark, Landmark, Landmark]
"""Right eye, left eye, nose tip, right mouth corner, left mouth corner (the person's right and left), (x, y) pixels."""


class FaceQualityReport(Contract):
    """How fit a face is for matching. `score` is the product's own 0..1 summary; the rest are its parts."""

    score: Unit
    size_px: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(description="Shorter side of the box, pixels.")
    sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="Variance of the Laplacian over the aligned grey 112x112 crop."
    )
    yaw_deg: float = Field(ge=-180, le=180, description="Turn of the head estimated from landmarks; 0 is frontal.")
    roll_deg: float = Field(ge=-180, le=180, description="Tilt of the eye line; 0 is level.")
    detection_score: Unit
