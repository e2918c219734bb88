"""The server's own look at an event's picture: what disagrees raises an alarm and is not used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from footfall import event_recheck
from footfall.event_recheck import bound_of
from footfall.services import Services
from footfall.templates import decode_vector
from footfall.vision.types import Float32Array
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import World, jpeg, portrait, side_by_side
from tests.vectors import like, person

PICTURE = jpeg(portrait(1))
BLANK = jpeg(np.full((200, 200, 3), 90, np.uint8))
FORGED = person(7)


def template_of(services: Services, picture: bytes) -> Float32Array:
    [face] = services.vision.analyse_bytes(picture)
    assert face.vector is not None
    return face.vector


def looking(world: World, how: str, **more: Any) -> World:
    recognition = world.services.settings.recognition.model_copy(update={"re_embed": how, **more})
    settings = world.services.settings.model_copy(update={"recognition": recognition})
    return replace(world, services=replace(world.services, settings=settings))


@pytest.fixture
def always(world: World) -> World:
    return looking(world, "always")


def alarms(world: World) -> list[dict[str, Any]]:
    return [
        dict(row["detail"])
        for row in world.rows("select detail from footfall.audit_log where action = 'event.disagreed_with_its_picture'")
    ]


def test_a_template_of_the_picture_agrees_and_raises_nothing(always: World) -> None:
    own = template_of(always.services, PICTURE)

    receipt = always.send(always.event(like(own, 0.9)), PICTURE)

    assert (receipt.recheck, receipt.decision.kind) == ("agrees", "new_customer")
    [row] = always.rows("select recheck, recheck_score from footfall.face_events")
    assert (row["recheck"], row["recheck_score"]) == ("agrees", pytest.approx(0.9, abs=1e-3))
    assert alarms(always) == []


def test_always_uses_the_servers_own_template(always: World) -> None:
    own = template_of(always.services, PICTURE)

    always.send(always.event(like(own, 0.9)), PICTURE)

    [row] = always.rows("select embedding, opener from footfall.customer_gallery_templates")
    assert float(decode_vector(bytes(row["embedding"])) @ own) > 0.999


def test_a_forged_template_raises_an_alarm_and_makes_nobody_of_staff_appear(always: World) -> None:
    always.hire(FORGED)

    receipt = always.send(event := always.event(FORGED), PICTURE)

    assert receipt.recheck == "disagrees"
    assert receipt.decision.person_kind != "staff"
    [alarm] = alarms(always)
    assert alarm["worker"] == event.worker
    assert alarm["camera_id"] == str(event.camera_id)
    assert alarm["cosine"] < alarm["bound"] == pytest.approx(bound_of(always.services.vision))
    told = json.dumps(alarm)
    assert event.embedding is not None
    assert event.embedding.vector[:20] not in told


def test_a_picture_without_a_face_raises_an_alarm_and_matches_nobody(always: World) -> None:
    always.hire(FORGED)

    receipt = always.send(always.event(FORGED), BLANK)

    assert (receipt.recheck, receipt.decision.kind, receipt.visit_id) == ("no_face", "poor_quality", None)
    assert [alarm["verdict"] for alarm in alarms(always)] == ["no_face"]


def test_always_matches_nothing_that_came_without_a_picture(always: World) -> None:
    always.hire(FORGED)

    receipt = always.send(always.event(FORGED))

    assert (receipt.recheck, receipt.decision.kind) == (None, "poor_quality")
    assert "no picture" in receipt.decision.reason


def test_the_face_that_was_meant_is_found_beside_its_neighbour(always: World) -> None:
    both = jpeg(side_by_side(portrait(1), portrait(2)))
    faces = [face.vector for face in always.services.vision.analyse_bytes(both)]

    for vector in faces:
        assert vector is not None
        assert always.send(always.event(vector), both).recheck == "agrees"


def test_a_repetition_gets_the_same_answer_and_no_second_alarm(always: World) -> None:
    event = always.event(FORGED)

    first, second = always.send(event, PICTURE), always.send(event, PICTURE)

    assert (second.recheck, second.duplicate) == (first.recheck, True)
    assert len(alarms(always)) == 1


def test_a_sample_keeps_the_workers_template_where_the_two_agree(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = looking(world, "sample", re_embed_rate=0.25)
    sent = like(template_of(world.services, PICTURE), 0.9)
    for chance, looked_at in ((0.24, "agrees"), (0.25, None)):
        monkeypatch.setattr(event_recheck._CHANCE, "random", lambda drawn=chance: drawn)
        assert sampling.send(sampling.event(sent), PICTURE).recheck == looked_at

    templates = world.rows("select embedding, opener from footfall.sighting_templates")
    assert all(float(decode_vector(bytes(row["embedding"])) @ sent) > 0.999 for row in templates)


def test_never_believes_the_worker(world: World) -> None:
    staff_id = world.hire(FORGED)

    receipt = world.send(world.event(FORGED), PICTURE)

    assert (receipt.recheck, receipt.decision.person_id) == (None, staff_id)


def test_a_tenant_that_only_counts_has_nothing_looked_at(worlds: Worlds) -> None:
    counting = looking(worlds("count_only"), "always")

    assert counting.send(counting.event(FORGED), PICTURE).recheck is None


def test_where_the_two_disagree_the_picture_decides(always: World) -> None:
    shown = always.hire(template_of(always.services, PICTURE))

    receipt = always.send(always.event(FORGED), PICTURE)

    assert (receipt.recheck, receipt.decision.person_id) == ("disagrees", shown)
