"""Where API v1 hands out pictures of faces, as paths. The pictures themselves are `footfall.pictures`'."""

from __future__ import annotations

from uuid import UUID


def sighting_path(event_id: UUID) -> str:
    """Of a sighting's crop."""
    return f"/v1/sightings/{event_id}/image"


def photograph_path(staff_id: UUID, face_id: UUID) -> str:
    """Of an enrolled photograph as it was sent."""
    return f"/v1/staff/{staff_id}/faces/{face_id}/image"


def crop_path(staff_id: UUID, face_id: UUID) -> str:
    """Of the aligned face in an enrolled photograph."""
    return f"{photograph_path(staff_id, face_id)}?variant=crop"
