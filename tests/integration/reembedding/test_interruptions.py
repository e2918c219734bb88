"""A backfill that is paused, killed or run twice at once ends as one that was left alone; pictures that cannot be
used are set aside, each with its message."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest

from footfall.errors import ConflictError, ObjectsUnavailableError, ServiceUnavailableError
from footfall.reembedding import list_lost, retry_lost
from footfall.reembedding_switch import pause, retire
from footfall.stores.standins import MemoryVectorStore
from tests.integration.footfall.enrolments import enrolled, hired
from tests.integration.footfall.world import jpeg, portrait
from tests.integration.reembedding.two_versions import NEW, OLD, TwoVersions, later

ONE_AT_A_TIME = patch("footfall.reembedding.BATCH_ROWS", 1)


def test_a_pause_holds_it_after_the_batch_at_hand_and_it_goes_on_from_there(two: TwoVersions) -> None:
    for number in range(4):
        two.see(number)
    two.begin()
    seen = 0

    def pause_after_the_third(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 4:  # the first is the turn from photographs, of which there are none
            pause(two.operator, NEW, paused=True)

    with ONE_AT_A_TIME:
        held = two.bring_over(pause_after_the_third)
    assert (held.outcome, held.embedded, held.coverage.untried) == ("paused", 3, 5)
    assert two.bring_over().outcome == "paused"
    with pytest.raises(ConflictError, match="5 templates of 1 tenants were not tried in mock-2 yet"):
        two.switch()
    two.see(9)  # is written in both all the same
    assert two.coverage().untried == 5
    pause(two.operator, NEW, paused=False)
    assert two.bring_over().embedded == 5


def test_a_killed_run_is_finished_by_the_next_and_nothing_is_made_twice(two: TwoVersions) -> None:
    for number in range(6):
        two.see(number)
    two.begin()
    done: list[int] = []

    def die_on_the_way(batch: object) -> None:
        done.append(1)
        if len(done) == 5:
            raise KeyboardInterrupt

    with ONE_AT_A_TIME, pytest.raises(KeyboardInterrupt):
        two.bring_over(die_on_the_way)
    left = two.coverage().untried
    assert 0 < left < 12
    resumed = two.bring_over()
    assert (resumed.outcome, resumed.embedded, resumed.coverage.untried) == ("complete", left, 0)
    assert two.world.count("customer_template_versions") == two.world.count("event_template_versions") == 6
    assert two.bring_over().embedded == 0


def test_two_runs_at_once_share_the_work(two: TwoVersions) -> None:
    for number in range(8):
        two.see(number)
    two.begin()
    with ONE_AT_A_TIME, ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(two.bring_over) for _ in range(2)]
    assert sum(run.result().embedded for run in runs) == 16
    assert two.coverage().untried == 0


def test_a_corrupt_crop_falls_back_on_the_photograph_and_without_both_is_set_aside(two: TwoVersions) -> None:
    ada = hired(two.world)
    kept = enrolled(two.world, ada, jpeg(portrait(1)))
    lost = enrolled(two.world, hired(two.world, "Grace"), jpeg(portrait(2)))
    spoil(two, kept.face_id, "crop.png")
    spoil(two, lost.face_id, "crop.png")
    spoil(two, lost.face_id, "photograph.jpg")
    two.begin()
    done = two.bring_over()
    assert (done.embedded, done.set_aside, done.coverage.staff_faces_known) == (1, 1, 1)
    [told] = list_lost(two.operator.engine, two.tenant_id, NEW, limit=10)
    assert (told.item.kind, told.item.row_id, told.item.fault) == ("face", lost.face_id, "corrupt")
    assert told.message == "Its stored picture cannot be read."


def test_each_picture_that_gives_nothing_has_its_message(two: TwoVersions) -> None:
    unpictured = two.see(1, pictured=False)
    gone = two.see(2)
    spoilt = two.see(3)
    objects, tenant_id = two.world.services.objects, two.tenant_id
    objects.delete(tenant_id, "raw", [f"{tenant_id}/events/{gone.event_id}.jpg"])
    objects.put(tenant_id, "raw", f"events/{spoilt.event_id}.jpg", b"\xff\xd8\xff not a picture", "image/jpeg")
    two.begin()
    done = two.bring_over()
    assert (done.embedded, done.set_aside, done.coverage.untried) == (0, 6, 0)
    told = {
        lost.item.row_id: lost.message
        for lost in list_lost(two.operator.engine, tenant_id, NEW, limit=10)
        if lost.item.kind == "sighting"
    }
    assert told == {
        unpictured.event_id: "No picture of it was stored: it cannot be brought to another model.",
        gone.event_id: "Its stored picture is no longer in the object store.",
        spoilt.event_id: "Its stored picture cannot be read.",
    }


def test_what_was_set_aside_is_tried_again_when_asked(two: TwoVersions) -> None:
    receipt = two.see(1)
    key = f"{two.tenant_id}/events/{receipt.event_id}.jpg"
    picture = two.world.services.objects.get(two.tenant_id, "raw", key)
    two.lose_pictures()
    two.begin()
    assert two.bring_over().set_aside == 2
    assert two.bring_over().set_aside == 0  # tried once, and told
    two.world.services.objects.put(two.tenant_id, "raw", f"events/{receipt.event_id}.jpg", picture, "image/jpeg")
    assert retry_lost(two.operator.engine, two.tenant_id, NEW) == 2
    assert two.bring_over().embedded == 2


def test_a_store_that_is_away_is_no_fault_of_the_pictures(two: TwoVersions) -> None:
    two.see(1)
    two.begin()
    with (
        patch.object(type(two.operator.objects), "get", side_effect=ObjectsUnavailableError("The store is away.")),
        pytest.raises(ObjectsUnavailableError),
    ):
        two.bring_over()
    assert two.bring_over().embedded == 2


def test_a_removal_does_not_lose_a_photograph_unasked(two: TwoVersions) -> None:
    lost = enrolled(two.world, hired(two.world), jpeg(portrait(1)))
    spoil(two, lost.face_id, "crop.png")
    spoil(two, lost.face_id, "photograph.jpg")
    two.begin()
    two.bring_over()
    two.switch()
    with pytest.raises(ConflictError, match="1 photographs of staff and 0 opt-outs are known in mock-1 alone"):
        retire(two.operator, OLD)
    assert retire(two.operator, OLD, give_up=True).staff_faces == 1
    assert two.world.count("staff_face_images") == 0
    assert two.world.derived_keys() == []


def test_a_switch_that_died_between_the_stores_refuses_events_as_away_until_it_is_made_again(two: TwoVersions) -> None:
    customer = two.see(1).decision.person_id
    two.begin()
    two.bring_over()
    switch = type(two.operator.vectors).rebuild

    def die_after_the_alias(store: MemoryVectorStore, *arguments: object, **named: object) -> None:
        switch(store, *arguments, **named)  # type: ignore[arg-type]  # handed through as they came
        raise KeyboardInterrupt

    with patch.object(MemoryVectorStore, "rebuild", die_after_the_alias), pytest.raises(KeyboardInterrupt):
        two.switch()
    with pytest.raises(ServiceUnavailableError, match="serves another model version"):
        two.see(1, at=later(1))
    two.switch()
    assert two.see(1, at=later(1), model_version=NEW).decision.person_id == customer


def test_only_the_companion_is_brought_over(two: TwoVersions) -> None:
    with pytest.raises(ConflictError, match="mock-2 is neither served nor beside mock-1"):
        two.bring_over()
    with pytest.raises(ConflictError, match="nothing stands beside mock-1"):
        pause(two.operator, NEW, paused=True)


def spoil(two: TwoVersions, face_id: object, name: str) -> None:
    objects = two.world.services.objects
    [key] = [key for key in two.world.derived_keys() if key.endswith(f"{face_id}/{name}")]
    objects.put(two.tenant_id, "derived", key.removeprefix(f"{two.tenant_id}/"), b"spoilt", "image/png")
