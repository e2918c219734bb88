"""A face event becomes a decision, a visit and what may be kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from footfall.stores.base import StoredTemplate
from footfall.templates import decode_vector
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import MORNING, World, jpeg, portrait
from tests.vectors import between, like, person

ADA = person(1)
GRACE = person(2)
STRANGER = person(3)


def test_a_staff_member_is_recognised_and_gets_a_visit(world: World) -> None:
    ada = world.hire(ADA)
    world.hire(GRACE, "Grace Hopper")

    receipt = world.see(like(ADA, 0.8), lasts=timedelta(seconds=90))

    assert (receipt.decision.kind, receipt.decision.person_kind, receipt.decision.person_id) == ("staff", "staff", ada)
    assert receipt.decision.score == pytest.approx(0.8, abs=1e-4)
    assert receipt.decision.margin == pytest.approx(0.8, abs=0.2)
    assert (receipt.duplicate, receipt.revision) == (False, 0)
    [visit] = world.visits()
    assert receipt.visit_id == visit.visit_id
    assert (visit.person_id, visit.display_name, visit.is_first_visit) == (ada, "Ada Byron", True)
    assert (visit.dwell_seconds, visit.sightings, visit.camera_ids) == (90.0, 1, (world.cameras[0],))
    assert visit.best_score == pytest.approx(0.8, abs=1e-4)


def test_a_stranger_becomes_a_customer_and_is_known_from_then_on(world: World) -> None:
    first = world.see(STRANGER)
    second = world.see(like(STRANGER, 0.75), at=MORNING + timedelta(hours=5))

    assert (first.decision.kind, first.decision.person_kind) == ("new_customer", "customer")
    assert (second.decision.kind, second.decision.person_id) == ("customer", first.decision.person_id)
    earlier, later = world.visits()
    assert [visit.person_kind for visit in (earlier, later)] == ["customer", "customer"]
    assert [visit.is_first_visit for visit in (earlier, later)] == [True, False]
    assert earlier.best_score is None
    assert later.best_score == pytest.approx(0.75, abs=1e-4)
    assert earlier.display_name is None
    assert world.count("customers") == 1


def test_a_new_customers_template_is_in_postgres_and_in_the_vector_store(world: World) -> None:
    receipt = world.see(STRANGER)

    [template] = world.rows(
        "select template_id, customer_id, event_id, embedding, opener from footfall.customer_gallery_templates"
    )
    assert (template["customer_id"], template["event_id"]) == (receipt.decision.person_id, receipt.event_id)
    assert np.allclose(decode_vector(bytes(template["embedding"])), STRANGER, atol=1e-6)
    assert world.vector_ids() == {template["template_id"]}


def test_a_face_between_the_thresholds_stays_anonymous(world: World) -> None:
    world.hire(ADA)

    receipt = world.see(like(ADA, 0.42))

    assert (receipt.decision.kind, receipt.decision.person_id, receipt.visit_id) == ("unsure", None, None)
    assert receipt.decision.score == pytest.approx(0.42, abs=1e-4)
    assert receipt.decision.threshold_low < 0.42 < receipt.decision.threshold_high
    assert (world.count("face_events"), world.count("visits"), world.count("customers")) == (1, 0, 0)


def test_a_face_that_two_people_match_is_neither(world: World) -> None:
    world.hire(ADA)
    world.hire(GRACE, "Grace Hopper")

    receipt = world.see(between(ADA, GRACE))

    assert receipt.decision.kind == "unsure"
    assert receipt.decision.score is not None
    assert receipt.decision.score > receipt.decision.threshold_high
    assert world.count("visits") == 0


@pytest.mark.parametrize(
    ("particulars", "reason"),
    [
        ({"quality": 0.34}, "quality 0.34 lies under the floor of 0.35"),
        ({"size_px": 31.0}, "31 px, under the 32 px"),
    ],
)
def test_a_face_under_the_quality_floor_is_counted_and_never_matched(
    world: World, particulars: dict[str, Any], reason: str
) -> None:
    world.hire(ADA)

    receipt = world.see(ADA, **particulars)

    assert receipt.decision.kind == "poor_quality"
    assert reason in receipt.decision.reason
    assert (receipt.decision.score, receipt.visit_id) == (None, None)
    assert (world.count("face_events"), world.count("customers")) == (1, 0)


def test_a_face_without_a_template_is_counted(world: World) -> None:
    receipt = world.see(None)

    assert receipt.decision.kind == "poor_quality"
    assert "no embedding" in receipt.decision.reason


def test_the_events_image_is_kept_under_its_id(world: World) -> None:
    image = jpeg(portrait(1, side_px=160))

    receipt = world.send(world.event(STRANGER), image)

    [key] = world.raw_keys()
    assert key == f"{world.tenant_id}/events/{receipt.event_id}.jpg"
    assert world.picture("raw", key) == image
    assert world.rows("select image_key from footfall.face_events") == [{"image_key": key}]


def test_a_repeated_event_gets_the_first_answer_again(world: World) -> None:
    event = world.event(STRANGER)

    first = world.send(event, jpeg(portrait(1, side_px=160)))
    again = world.send(event, jpeg(portrait(2, side_px=160)))

    assert again == first.model_copy(update={"duplicate": True})
    assert (world.count("face_events"), world.count("customers"), len(world.raw_keys())) == (1, 1, 1)
    assert world.picture("raw", world.raw_keys()[0]) == jpeg(portrait(1, side_px=160))


def test_a_later_revision_stretches_the_event_and_its_visit(world: World) -> None:
    ada = world.hire(ADA)
    opened = world.event(like(ADA, 0.8), lasts=timedelta(seconds=2), frames=10)
    first = world.send(opened)

    # The whole track's best shot looks like somebody else: who it was stays as first decided.
    closed = world.event(
        GRACE, event_id=opened.event_id, revision=1, lasts=timedelta(minutes=3), frames=900, at=MORNING
    )
    second = world.send(closed)

    assert second == first.model_copy(update={"revision": 1})
    assert second.decision.person_id == ada
    [visit] = world.visits()
    assert (visit.dwell_seconds, visit.sightings) == (180.0, 1)
    [row] = world.rows("select revision, frames, ended_at from footfall.face_events")
    assert row == {"revision": 1, "frames": 900, "ended_at": MORNING + timedelta(minutes=3)}


def test_a_first_revision_that_comes_after_the_later_one_changes_nothing(world: World) -> None:
    world.hire(ADA)
    closed = world.event(ADA, revision=1, lasts=timedelta(minutes=3))
    first = world.send(closed)

    late = world.send(world.event(ADA, event_id=closed.event_id, revision=0))

    assert late == first.model_copy(update={"duplicate": True})
    assert world.visits()[0].dwell_seconds == 180.0


def test_a_later_revision_of_an_anonymous_face_has_no_visit(world: World) -> None:
    opened = world.event(None)
    world.send(opened)

    receipt = world.send(world.event(ADA, event_id=opened.event_id, revision=1, lasts=timedelta(minutes=2)))

    assert (receipt.revision, receipt.duplicate, receipt.visit_id) == (1, False, None)
    assert receipt.decision.kind == "poor_quality"


def test_a_customers_last_seen_follows_a_later_revision(world: World) -> None:
    opened = world.event(STRANGER)
    world.send(opened)

    world.send(world.event(STRANGER, event_id=opened.event_id, revision=1, lasts=timedelta(minutes=7)))

    assert world.rows("select first_seen_at, last_seen_at from footfall.customers") == [
        {"first_seen_at": MORNING, "last_seen_at": MORNING + timedelta(minutes=7)}
    ]


def test_the_worker_was_heard_of(world: World) -> None:
    event = world.event(None)
    world.send(event)
    [first] = world.rows("select worker, first_seen_at, last_seen_at from footfall.workers")
    world.send(event)
    [second] = world.rows("select worker, first_seen_at, last_seen_at from footfall.workers")

    assert first["worker"] == second["worker"] == "entrance-pi"
    assert second["first_seen_at"] == first["first_seen_at"] <= first["last_seen_at"] < second["last_seen_at"]


def test_a_vector_without_its_row_matches_nobody(world: World) -> None:
    """What a failed write left in the vector store must neither match nor stand in the way."""
    ghost = StoredTemplate(
        template_id=world.event(None).event_id,  # type: ignore[arg-type]
        tenant_id=world.tenant_id,
        person_kind="customer",
        person_id=uuid4(),
        vector=STRANGER,
    )
    world.services.vectors.upsert(world.services.model_version, [ghost])

    receipt = world.see(STRANGER)

    assert receipt.decision.kind == "new_customer"
    assert receipt.decision.person_id != ghost.person_id


def test_another_tenants_people_are_strangers_here(world: World, worlds: Worlds) -> None:
    known_there = worlds("identify").see(STRANGER)

    receipt = world.see(STRANGER)

    assert receipt.decision.kind == "new_customer"
    assert receipt.decision.person_id != known_there.decision.person_id
    assert len(world.vector_ids()) == 1


# --- a customer's templates -------------------------------------------------------------------------


def test_a_better_shot_of_a_known_customer_is_kept_beside_the_first(world: World) -> None:
    world.see(STRANGER, quality=0.6)
    better = world.see(like(STRANGER, 0.8), at=MORNING + timedelta(minutes=1), quality=0.9)

    templates = world.rows("select event_id, quality_score from footfall.customer_templates order by quality_score")
    assert [round(row["quality_score"], 3) for row in templates] == [0.6, 0.9]
    assert templates[1]["event_id"] == better.event_id
    assert len(world.vector_ids()) == 2


@pytest.mark.parametrize("quality", [0.5, 0.6])
def test_a_shot_that_is_no_better_is_not_kept(world: World, quality: float) -> None:
    world.see(STRANGER, quality=0.6)
    world.see(like(STRANGER, 0.8), at=MORNING + timedelta(minutes=1), quality=quality)

    assert world.count("customer_templates") == len(world.vector_ids()) == 1


def test_the_worst_template_gives_way_when_a_customer_has_enough(world: World) -> None:
    most = world.services.settings.recognition.max_templates_per_customer
    qualities = [0.5 + 0.02 * number for number in range(most + 2)]

    for number, quality in enumerate(qualities):
        world.see(like(STRANGER, 0.95, shot=number), at=MORNING + timedelta(minutes=number), quality=quality)

    kept = world.rows("select template_id, quality_score from footfall.customer_templates order by quality_score")
    assert [round(row["quality_score"], 3) for row in kept] == pytest.approx(qualities[-most:], abs=1e-3)
    assert world.vector_ids() == {row["template_id"] for row in kept}
    assert world.count("customers") == 1


def test_an_unsure_face_teaches_nothing(world: World) -> None:
    world.see(STRANGER, quality=0.5)
    world.see(like(STRANGER, 0.40), at=MORNING + timedelta(minutes=1), quality=0.99)

    assert world.count("customer_templates") == 1
