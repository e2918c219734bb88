"""Questions about who is who: found, shown with evidence, dismissed for good, gone once they are answered."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest

from contracts.base import CustomerId, EventId
from contracts.corrections import PersonRef, ReviewItem
from footfall.corrections import merge, move_sighting, split
from footfall.errors import NotFoundError
from footfall.review_queue import Questions, dismiss_question, find_questions, list_questions
from footfall.stores.postgres.sealed_templates import sealed_one
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.corrected import customer_of, see
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait
from tests.vectors import person


def find(world: World) -> Questions:
    services = world.services
    return find_questions(services.engine, world.tenant_id, services.model_version, services.settings.recognition)


def waiting(world: World) -> list[ReviewItem]:
    return list(list_questions(world.services, world.tenant_id, limit=50, cursor=None).items)


def mix(world: World) -> tuple[EventId, EventId]:
    """One customer with two people's sightings, as a wrong correction makes them."""
    first = world.send(world.event(person(1)), jpeg(portrait(1, side_px=160)))
    second = see(world, 2, 60)
    to = PersonRef(person_kind="customer", person_id=customer_of(first))
    move_sighting(world.services, world.tenant_id, EventId(second.event_id), to, actor=ACTOR)
    return EventId(first.event_id), EventId(second.event_id)


def test_a_customer_of_two_people_is_a_question_and_a_split_answers_it(world: World) -> None:
    mix(world)
    see(world, 1, 120, shot=4)
    found = find(world)
    assert (found.duplicates, found.mixtures, found.open) == (0, 1, 1)
    [item] = waiting(world)
    assert (item.kind, len(item.people)) == ("mixture", 1)
    evidence = item.evidence
    assert evidence.score < evidence.threshold_low < evidence.threshold_high
    assert (evidence.templates, len(evidence.event_ids), len(evidence.crops)) == ((2, 1), 1, 1)
    split(
        world.services, world.tenant_id, customer_of(see(world, 1, 130)), [EventId(evidence.event_ids[0])], actor=ACTOR
    )
    assert find(world).open == 0
    assert waiting(world) == []


def test_staff_under_two_names_and_a_customer_who_is_like_them_are_questions(world: World) -> None:
    one, other = world.hire(person(1), "Ada"), world.hire(person(1), "A. Byron")
    find(world)
    [item] = waiting(world)
    assert (item.kind, {ref.person_id for ref in item.people}) == ("duplicate", {one, other})
    assert item.evidence.score == pytest.approx(1.0)


def test_two_customers_of_one_person_are_a_question_until_they_are_merged(world: World) -> None:
    first, second = mix(world)
    done = split(world.services, world.tenant_id, owner(world, first), [second], actor=ACTOR)
    assert done.created is not None
    # The second customer's template becomes the first person's, as if two cameras had made two of them.
    [like_first] = world.rows(
        "select embedding, opener, model_version from footfall.sighting_templates where event_id = :id", id=first
    )
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        version, plain = like_first["model_version"], like_first["embedding"]
        sealed = sealed_one(connection, world.tenant_id, second, version, plain)
    for table in ("event_templates", "customer_templates"):
        world.rows(f"update footfall.{table} set embedding = :v where event_id = :id returning 1", v=sealed, id=second)
    assert find(world).duplicates == 1
    [item] = waiting(world)
    assert item.kind == "duplicate"
    merge(world.services, world.tenant_id, owner(world, second), owner(world, first), actor=ACTOR)
    assert waiting(world) == [], "answered at once, before the next search"
    assert find(world).open == 0


def owner(world: World, event_id: EventId) -> CustomerId:
    return CustomerId(
        world.rows("select customer_id from footfall.face_events where event_id = :id", id=event_id)[0]["customer_id"]
    )


def test_a_dismissed_question_is_not_asked_again(world: World) -> None:
    mix(world)
    find(world)
    [item] = waiting(world)
    dismiss_question(world.services.engine, world.tenant_id, item.item_id, actor=ACTOR)
    assert find(world).open == 0
    assert waiting(world) == []
    for unknown in (item.item_id, uuid4()):
        with pytest.raises(NotFoundError):
            dismiss_question(world.services.engine, world.tenant_id, unknown, actor=ACTOR)


def test_questions_are_their_tenants(world: World, worlds: Worlds) -> None:
    mix(world)
    find(world)
    other = worlds("identify")
    assert find(other) == Questions(0, 0, 0, 0)
    assert waiting(other) == []
    with pytest.raises(NotFoundError):
        dismiss_question(other.services.engine, other.tenant_id, waiting(world)[0].item_id, actor=ACTOR)


def test_no_template_is_in_a_question(world: World) -> None:
    mix(world)
    find(world)
    [row] = world.rows("select evidence::text as evidence from footfall.review_items")
    assert len(row["evidence"]) < 2_000
    assert f"{float(np.float32(person(1)[0])):.6f}" not in row["evidence"]
    assert MORNING.strftime("%Y-%m-%d") in row["evidence"]
