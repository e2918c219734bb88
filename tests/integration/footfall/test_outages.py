"""A store that is away, wherever it goes away, leaves nothing half written, and the repetition succeeds."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from cli.stack.ports import free_ports
from contracts.people import EventReceipt
from footfall.errors import (
    ObjectsUnavailableError,
    PostgresUnavailableError,
    ServiceUnavailableError,
    VectorsUnavailableError,
)
from footfall.settings import MilvusSettings, PostgresSettings
from footfall.stores.postgres.engine import open_engine, owner_engine
from footfall.stores.standins import MemoryVectorStore
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import MORNING, World, jpeg, portrait
from tests.vectors import like, person

STRANGER = person(3)
CROP = jpeg(portrait(1, side_px=160))
TABLES = ("face_events", "visits", "customers", "customer_templates", "workers")


def written(world: World) -> dict[str, int]:
    return {
        **{table: world.count(table) for table in TABLES},
        "vectors": len(world.vector_ids()),
        "images": len(world.raw_keys()),
    }


NOTHING = dict.fromkeys((*TABLES, "vectors", "images"), 0)
ONE_OF_EACH = dict.fromkeys((*TABLES, "vectors", "images"), 1)


@pytest.mark.parametrize("operation", ["vectors.search", "vectors.upsert", "objects.put"])
def test_a_store_that_is_away_leaves_nothing_and_the_repetition_succeeds(
    fragile: World, outage: Outage, operation: str
) -> None:
    event = fragile.event(STRANGER)
    outage.away = {operation}
    with pytest.raises(ServiceUnavailableError):
        fragile.send(event, CROP)
    assert written(fragile) == NOTHING

    outage.away = set()

    receipt = fragile.send(event, CROP)
    assert (receipt.decision.kind, receipt.duplicate) == ("new_customer", False)
    assert written(fragile) == ONE_OF_EACH


@pytest.mark.parametrize("operation", ["vectors.upsert", "objects.put"])
def test_an_answer_that_is_lost_after_the_work_was_done_leaves_nothing(
    fragile: World, outage: Outage, operation: str
) -> None:
    outage.lost_answer = {operation}

    with pytest.raises(ServiceUnavailableError):
        fragile.send(fragile.event(STRANGER), CROP)

    assert written(fragile) == NOTHING


def test_what_cannot_be_withdrawn_matches_nobody_and_the_repetition_overwrites_it(
    fragile: World, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    event = fragile.event(STRANGER)
    outage.lost_answer, outage.away = {"vectors.upsert"}, {"vectors.delete", "objects.delete"}
    with caplog.at_level(logging.WARNING), pytest.raises(ServiceUnavailableError):
        fragile.send(event, CROP)
    assert written(fragile) == NOTHING | {"vectors": 1, "images": 1}
    assert "could not be withdrawn" in caplog.text
    outage.lost_answer, outage.away = set(), set()

    somebody_alike = fragile.see(like(STRANGER, 0.95), at=MORNING + timedelta(hours=9))
    assert somebody_alike.decision.kind == "new_customer"

    again = fragile.send(event, CROP)
    assert (again.decision.kind, again.decision.person_id) == ("customer", somebody_alike.decision.person_id)
    assert len(fragile.raw_keys()) == 1


def test_a_commit_that_fails_withdraws_image_and_template(fragile: World, outage: Outage) -> None:
    """Postgres loses the connection after everything was written and before the commit."""

    def cut_the_connection() -> None:
        dsn = fragile.services.engine.url.render_as_string(hide_password=False)
        with owner_engine(dsn) as other, other.begin() as connection:
            connection.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where usename = current_user and application_name = 'footfall-app'"
                " and state = 'idle in transaction'"
            )

    event = fragile.event(STRANGER)
    outage.before["vectors.upsert"] = cut_the_connection
    with pytest.raises(PostgresUnavailableError):
        fragile.send(event, CROP)
    outage.before.clear()
    assert written(fragile) == NOTHING

    assert fragile.send(event, CROP).duplicate is False
    assert written(fragile) == ONE_OF_EACH


def test_without_postgres_no_store_is_touched(fragile: World) -> None:
    nowhere = open_engine(
        f"postgresql://footfall_app:none@127.0.0.1:{free_ports(1)[0]}/footfall", PostgresSettings(), application="test"
    )
    cut_off = replace(fragile, services=replace(fragile.services, engine=nowhere))

    with pytest.raises(PostgresUnavailableError):
        cut_off.send(fragile.event(STRANGER), CROP)

    assert written(fragile) == NOTHING


def test_an_event_without_a_template_needs_no_vector_store(fragile: World, outage: Outage) -> None:
    outage.away = {"vectors.search", "vectors.upsert", "vectors.delete"}

    assert fragile.see(None).decision.kind == "poor_quality"


def test_a_later_revision_needs_neither_vector_nor_object_store(fragile: World, outage: Outage) -> None:
    event = fragile.event(STRANGER)
    fragile.send(event, CROP)
    outage.away = {"vectors.search", "vectors.upsert", "objects.put"}

    receipt = fragile.send(
        fragile.event(STRANGER, event_id=event.event_id, revision=1, lasts=timedelta(minutes=1)), CROP
    )

    assert (receipt.revision, receipt.duplicate) == (1, False)


def test_a_replaced_template_that_cannot_be_deleted_is_left_for_the_rebuild(
    fragile: World, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    most = fragile.services.settings.recognition.max_templates_per_customer
    for number in range(most):
        fragile.see(STRANGER, at=MORNING + timedelta(minutes=number), quality=0.5 + number / 100)
    outage.away = {"vectors.delete"}

    with caplog.at_level(logging.WARNING):
        receipt = fragile.see(STRANGER, at=MORNING + timedelta(minutes=most), quality=0.9)

    assert receipt.decision.kind == "customer"
    assert fragile.count("customer_templates") == most
    assert len(fragile.vector_ids()) == most + 1
    assert "1 replaced templates stay in the vector store" in caplog.text


def test_cleaning_up_leaves_alone_what_a_second_delivery_has_recorded_meanwhile(fragile: World, outage: Outage) -> None:
    """The second delivery waits for the first one's lock, and gets it when the first one fails: before the clean-up."""
    event = fragile.event(STRANGER)
    with ThreadPoolExecutor(1) as second:
        deliveries: list[Future[EventReceipt]] = []

        def fail_once_the_second_delivery_waits() -> None:
            outage.before.clear()
            deliveries.append(second.submit(fragile.send, event, CROP))
            while not fragile.rows("select 1 from pg_locks where locktype = 'advisory' and not granted"):
                assert not deliveries[0].done(), "the second delivery did not wait for the first one"
            raise ObjectsUnavailableError("The test's object store is away, this once.")

        outage.before["objects.put"] = fail_once_the_second_delivery_waits
        with pytest.raises(ObjectsUnavailableError):
            fragile.send(event, CROP)
        receipt = deliveries[0].result()

    assert (receipt.duplicate, receipt.decision.kind) == (False, "new_customer")
    assert written(fragile) == ONE_OF_EACH


def test_a_vector_store_that_serves_another_model_is_away_and_the_event_is_not_to_blame(fragile: World) -> None:
    vectors = MemoryVectorStore(MilvusSettings())
    vectors.ensure("other-2")
    other_model = replace(fragile, services=replace(fragile.services, vectors=vectors))

    with pytest.raises(VectorsUnavailableError, match="another model version"):
        other_model.send(fragile.event(STRANGER), CROP)

    assert written(fragile) == NOTHING


def test_a_new_privacy_mode_waits_for_the_event_that_is_being_recorded_under_the_old_one(
    fragile: World, outage: Outage
) -> None:
    """Otherwise something could be kept of a face after the tenant was told that nothing is."""
    with ThreadPoolExecutor(1) as officer:
        changes: list[Future[object]] = []

        def change_the_mode() -> None:
            outage.before.clear()
            changes.append(
                officer.submit(
                    fragile.rows, "update footfall.tenants set privacy_mode = 'count_only' returning privacy_mode"
                )
            )
            while not fragile.rows("select 1 from pg_locks where not granted"):
                assert not changes[0].done(), "the mode changed while an event was being recorded"

        outage.before["objects.put"] = change_the_mode
        assert fragile.send(fragile.event(STRANGER), CROP).decision.kind == "new_customer"
        assert changes[0].result() == [{"privacy_mode": "count_only"}]

    assert fragile.see(STRANGER, at=MORNING + timedelta(hours=2)).decision.kind == "counted"
