"""The state of the bound tenant's enrolled faces of staff, as one value. The faces themselves are in `staff`."""

from __future__ import annotations

from sqlalchemy import Connection, text


def state(connection: Connection) -> str:
    """Another one whenever a face was added or removed."""
    found: str = connection.execute(
        text(
            "select count(*) || ' ' || coalesce(max(created_at)::text, '') || ' '"
            " || coalesce(sum(hashtext(face_id::text)::bigint)::text, '') from footfall.staff_face_images"
        )
    ).scalar_one()
    return found
