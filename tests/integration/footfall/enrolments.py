"""Staff members and their photographs, as tests of enrolment, removal and recognition use them."""

from __future__ import annotations

from contracts.base import StaffId
from contracts.people import StaffCreate, StaffFace
from footfall.enrolled_faces import list_faces
from footfall.enrolment import enrol_face
from footfall.roster import create_staff
from footfall.vision.types import Float32Array
from tests.integration.footfall.world import ACTOR, World, portrait

ADA = portrait(1)
GRACE = portrait(2)


def hired(world: World, name: str = "Ada Byron") -> StaffId:
    return StaffId(
        create_staff(world.services.engine, world.tenant_id, StaffCreate(display_name=name), actor=ACTOR).staff_id
    )


def enrolled(world: World, staff_id: StaffId, image: bytes) -> StaffFace:
    return enrol_face(world.services, world.tenant_id, staff_id, image, actor=ACTOR)


def faces_of(world: World, staff_id: StaffId) -> tuple[StaffFace, ...]:
    return list_faces(world.services, world.tenant_id, staff_id).items


def seen(world: World, image: bytes) -> Float32Array:
    """The template of the one face in a photograph, as a worker makes it: not fused with its mirror image's."""
    [face] = world.services.vision.analyse_bytes(image)
    assert face.vector is not None
    return face.vector


def stored(world: World) -> tuple[int, int, int]:
    return world.count("staff_face_images"), len(world.vector_ids()), len(world.derived_keys())
