"""A recognition test says what would be made of each face, and stores nothing."""

from __future__ import annotations

import numpy as np

from footfall.recognition_trial import recognition_test
from tests.integration.footfall.enrolments import ADA, GRACE, enrolled, hired, stored
from tests.integration.footfall.world import World, jpeg, portrait, side_by_side


def test_a_recognition_test_says_what_would_be_made_of_each_face(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    enrolled(world, ada, jpeg(ADA))
    enrolled(world, grace, jpeg(GRACE))

    result = recognition_test(world.services, world.tenant_id, grace, jpeg(side_by_side(portrait(9), GRACE)))

    assert (result.staff_id, result.matches) == (grace, True)
    stranger, known = result.faces
    assert (stranger.decision.kind, known.decision.kind) == ("stranger", "staff")
    assert known.decision.person_id == grace
    assert [candidate.display_name for candidate in known.candidates] == ["Grace Hopper", "Ada Byron"]
    assert known.candidates[0].score == known.decision.score
    assert stranger.decision.person_id is None
    assert stranger.box.x < known.box.x


def test_a_recognition_test_of_somebody_else_does_not_match(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    enrolled(world, ada, jpeg(ADA))

    result = recognition_test(world.services, world.tenant_id, grace, jpeg(ADA))

    assert result.matches is False
    assert result.faces[0].decision.person_id == ada


def test_a_recognition_test_stores_nothing(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))
    before = (stored(world), world.count("audit_log"))

    recognition_test(world.services, world.tenant_id, ada, jpeg(portrait(9)))

    assert (stored(world), world.count("audit_log")) == before
    assert (world.count("customers"), world.count("face_events"), world.raw_keys()) == (0, 0, [])


def test_a_recognition_test_of_a_picture_without_faces_matches_nobody(world: World) -> None:
    blank = jpeg(np.full((320, 320, 3), 128, dtype=np.uint8))

    result = recognition_test(world.services, world.tenant_id, hired(world), blank)

    assert (result.matches, result.faces) == (False, ())


def test_a_poor_face_in_a_recognition_test_has_no_candidates(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))

    result = recognition_test(world.services, world.tenant_id, ada, jpeg(portrait(1, side_px=60)))

    assert result.matches is False
    assert [(face.decision.kind, face.candidates) for face in result.faces] == [("poor_quality", ())]
