"""Real photographs through the real detector and embedder, the real stores and the domain: the parts fit together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.base import StaffId
from contracts.people import StaffCreate
from footfall.enrolment import enrol_face
from footfall.errors import SeveralFacesError
from footfall.recognition_trial import recognition_test
from footfall.roster import create_staff
from footfall.services import Services, open_services
from footfall.settings import Settings
from footfall.vision.types import Float32Array
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.world import ACTOR, MORNING, World, settle_in


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Over every real part, with a collection of the test's own."""
    own = settings.milvus.model_copy(update={"alias": f"faces_{uuid4().hex[:8]}"})
    opened = open_services(settings.model_copy(update={"milvus": own}))
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def world(services: Services, new_tenant: NewTenant) -> World:
    return settle_in(services, new_tenant("identify"))


@pytest.fixture
def obama(world: World) -> StaffId:
    made = create_staff(world.services.engine, world.tenant_id, StaffCreate(display_name="Barack Obama"), actor=ACTOR)
    return StaffId(made.staff_id)


def seen(world: World, photograph: Path) -> Float32Array:
    """The template of the largest face, as a worker makes it."""
    faces = world.services.vision.analyse_bytes(photograph.read_bytes())
    vector = max(faces, key=lambda face: face.quality.size_px).vector
    assert vector is not None
    return vector


def test_staff_are_told_from_strangers_by_other_photographs_than_the_enrolled_one(
    world: World, obama: StaffId, sample_media: Path
) -> None:
    enrol_face(world.services, world.tenant_id, obama, (sample_media / "obama.jpg").read_bytes(), actor=ACTOR)

    staff = world.see(seen(world, sample_media / "obama2.jpg"))
    stranger = world.see(seen(world, sample_media / "biden.jpg"))
    another = world.see(seen(world, sample_media / "kim1_crop.jpg"))
    known = world.see(seen(world, sample_media / "biden.jpg"), at=MORNING + timedelta(hours=1))

    assert (staff.decision.kind, staff.decision.person_id) == ("staff", obama)
    assert [receipt.decision.kind for receipt in (stranger, another)] == ["new_customer", "new_customer"]
    assert known.decision.person_id == stranger.decision.person_id


def test_a_recognition_test_names_whom_the_photograph_shows(world: World, obama: StaffId, sample_media: Path) -> None:
    enrol_face(world.services, world.tenant_id, obama, (sample_media / "obama.jpg").read_bytes(), actor=ACTOR)

    same = recognition_test(world.services, world.tenant_id, obama, (sample_media / "obama3.jpg").read_bytes())
    other = recognition_test(world.services, world.tenant_id, obama, (sample_media / "biden.jpg").read_bytes())

    assert same.matches
    assert not other.matches
    assert other.faces[0].candidates[0].display_name == "Barack Obama"


def test_a_group_photograph_is_not_enrolled(world: World, obama: StaffId, sample_media: Path) -> None:
    with pytest.raises(SeveralFacesError, match=r"^\d faces were found"):
        enrol_face(world.services, world.tenant_id, obama, (sample_media / "t1.jpg").read_bytes(), actor=ACTOR)
    assert not world.derived_keys()
