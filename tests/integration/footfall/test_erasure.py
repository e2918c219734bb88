"""Erasing a person, a period and a tenant: every store, the proof, the certificate; going on after death anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.erasure import CameraSubject, ErasureRequest, StaffSubject, StepName
from footfall.erasure import Phase, plan
from footfall.erasure_certificate import jwks_of, read_jwks, verify
from footfall.erasure_requests import request_tenant_erasure
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.legal_hold import Subject, lift_hold, place_hold
from footfall.signing_keys import SigningKeys
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres.face_keys import ensure_keys
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.erasing import (
    Erasures,
    Killed,
    answer,
    colleague,
    erasures_of,
    of_customer,
    visitor,
    worker,
)
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import MORNING, World
from tests.vectors import person


@pytest.fixture
def erasures(world: World) -> Iterator[Erasures]:
    with erasures_of(world) as made:
        yield made


def held_of(world: World, subject: str) -> int:
    """Rows of any table of the database that name the id, the log and the request apart."""
    found = 0
    for row in world.rows(
        "select table_name as name from information_schema.tables where table_schema = 'footfall'"
        " and table_type = 'BASE TABLE'"
    ):
        if row["name"] not in {"audit_log", "erasure_requests", "erasure_items"}:
            found += world.rows(
                f"select count(*) as n from footfall.{row['name']} as t where t::text like :wanted",
                wanted=f"%{subject}%",
            )[0]["n"]
    return found


def test_a_customer_is_gone_everywhere_and_others_stay(erasures: Erasures) -> None:
    world = erasures.world
    ada, other = visitor(world, 1), visitor(world, 2)
    kept_vectors, kept_images = len(world.vector_ids()), len(world.raw_keys())
    request = erasures.request(of_customer(ada))
    done = erasures.run(request.request_id)
    assert (done.status, [step.state for step in done.steps]) == ("completed", ["done"] * 7)
    assert held_of(world, str(ada)) == 0
    assert len(world.vector_ids()) == kept_vectors / 2
    assert len(world.raw_keys()) == kept_images / 2
    assert (world.count("customers"), world.count("visits")) == (1, 1)
    assert world.rows("select customer_id from footfall.customers") == [{"customer_id": other}]
    assert world.count("erasure_items") == 0
    # The person comes back as a stranger.
    assert world.see(person(1), MORNING + timedelta(days=2)).decision.kind == "new_customer"


def test_the_certificate_says_what_was_proved_and_of_nobody(erasures: Erasures) -> None:
    world = erasures.world
    ada = visitor(world, 1)
    request = erasures.request(of_customer(ada))
    erasures.run(request.request_id)
    signed = erasures.certificate(request.request_id)
    document = signed.model_dump_json()
    for secret in (ada, request.request_id, world.tenant_id, "Letter"):
        assert str(secret) not in document
    stores = {proof.store: proof for proof in signed.certificate.stores}
    assert set(stores) == {"postgres", "keys", "vectors", "objects", "workers", "marts"}
    assert stores["keys"].erased["keys"] == stores["postgres"].erased["face_events"]
    assert stores["postgres"].erased["face_events"] == stores["objects"].erased["raw"] == 2
    assert stores["vectors"].erased["vectors"] >= 1
    # Whoever has the public keys can verify it, and nobody else's will do.
    keys = SigningKeys.load_or_create(world.services.settings.keys_path)
    known = read_jwks(json.dumps(jwks_of({keys.kid: keys.public})).encode())
    verified = verify(document.encode(), known)
    assert verified.kid == keys.kid == signed.certificate.key_thumbprint
    assert verified.is_about(ada)
    assert not verified.is_about(request.request_id)
    with pytest.raises(InputError, match="not known"):
        verify(document.encode(), {})
    rewritten = document.replace('"verified_at":"20', '"verified_at":"19', 1)
    with pytest.raises(InputError, match="not what was signed"):
        verify(rewritten.encode(), known)
    [header, payload, signature] = signed.jws.split(".")
    other = signed.model_copy(update={"jws": f"{header}.{payload}.{signature[:-8]}AAAAAAAA"})
    with pytest.raises(InputError, match="signature is not good"):
        verify(other.model_dump_json().encode(), known)


def test_a_staff_member_with_corrections_and_a_promoted_customer(erasures: Erasures) -> None:
    world = erasures.world
    staff_id = colleague(world, 3)
    visitor(world, 4)
    erasures.run(erasures.request(StaffSubject(kind="staff", staff_id=staff_id)).request_id)
    assert held_of(world, str(staff_id)) == 0
    assert world.derived_keys() == []
    assert world.count("staff") == 0
    assert world.count("customers") == 1


def test_a_period_of_a_camera(erasures: Erasures) -> None:
    world = erasures.world
    visitor(world, 1)
    ada = visitor(world, 1, at=MORNING + timedelta(days=1))
    once = visitor(world, 2, at=MORNING + timedelta(days=1))
    noon = MORNING + timedelta(hours=12)
    request = erasures.request(
        CameraSubject(kind="camera", camera_id=world.cameras[0], since=noon, until=noon + timedelta(days=1))
    )
    assert erasures.run(request.request_id).status == "completed"
    # Who was seen before, too, stays with what was seen before; who was seen then alone is gone.
    assert [(visit.started_at, visit.person_id) for visit in world.visits()] == [(MORNING, ada)]
    assert held_of(world, str(once)) == 0
    assert len(world.raw_keys()) == world.count("face_events") == 2


def end_of(erasures: Erasures) -> ErasureRequest:
    world = erasures.world
    with tenant_transaction(erasures.services.engine, world.tenant_id) as connection:
        connection.execute(text("update footfall.tenants set status = 'deletion_requested'"))
        made = request_tenant_erasure(connection, reference="Its end", now=MORNING, actor="test")
    assert made is not None
    return made


def test_a_tenant_leaves_a_row_without_a_name(erasures: Erasures, worlds: Worlds) -> None:
    world, neighbour = erasures.world, worlds("identify")
    visitor(neighbour, 1)
    visitor(world, 1)
    colleague(world, 3)
    worker(world)
    request = end_of(erasures)
    waiting = erasures.run(request.request_id)
    assert waiting.status == "waiting"
    assert "entrance-pi" in (waiting.error or "")
    # What needs no answer is done: nobody is left, and the worker can still say that it has forgotten.
    assert (world.count("face_events"), world.count("staff"), world.count("workers")) == (0, 0, 1)
    assert world.raw_keys() == world.derived_keys() == []
    assert answer(world) == 1
    assert erasures.run(request.request_id).status == "completed"
    assert world.rows("select slug like 'erased-%' as unnamed, name, status from footfall.tenants") == [
        {"unnamed": True, "name": "An erased tenant", "status": "erased"}
    ]
    assert world.count("workers") == world.count("api_keys") == 0
    assert neighbour.count("face_events") == len(neighbour.raw_keys()) == 2


def test_a_tenants_certificate_counts_the_keys_of_its_faces(erasures: Erasures, worlds: Worlds) -> None:
    world, neighbour = erasures.world, worlds("identify")
    for one in (world, neighbour):
        visitor(one, 1)
    colleague(world, 3)
    keys = world.count("face_keys")
    assert keys == world.count("face_events") + world.count("staff_face_images") == 4
    request = end_of(erasures)
    assert erasures.run(request.request_id).status == "completed"
    stores = {proof.store: proof for proof in erasures.certificate(request.request_id).certificate.stores}
    assert stores["keys"].erased == {"keys": keys}
    assert "face_keys" not in stores["postgres"].erased
    assert (world.count("face_keys"), neighbour.count("face_keys")) == (0, 2)


def test_a_key_that_is_made_while_a_tenant_is_erased_is_found_and_goes_too(erasures: Erasures) -> None:
    world = erasures.world
    visitor(world, 1)
    request = end_of(erasures)

    def meanwhile() -> None:
        with tenant_transaction(world.services.engine, world.tenant_id) as connection:
            ensure_keys(connection, world.tenant_id, [uuid4()])

    found = erasures.run(request.request_id, refresh_marts=meanwhile)
    assert (found.status, world.count("face_keys")) == ("failed", 1)
    assert "face_keys" in (found.error or "")
    assert erasures.run(request.request_id).status == "completed"
    stores = {proof.store: proof for proof in erasures.certificate(request.request_id).certificate.stores}
    assert (stores["keys"].erased, world.count("face_keys")) == ({"keys": 3}, 0)


def test_a_tenants_end_can_be_taken_back_for_a_day(erasures: Erasures) -> None:
    request = end_of(erasures)
    with tenant_transaction(erasures.services.engine, erasures.world.tenant_id) as connection:
        connection.execute(text("update footfall.erasure_requests set not_before = now() + interval '1 hour'"))
    with pytest.raises(ConflictError, match="taken back"):
        erasures.run(request.request_id)
    with tenant_transaction(erasures.services.engine, erasures.world.tenant_id) as connection:
        connection.execute(text("update footfall.tenants set status = 'active'"))
    with pytest.raises(ConflictError, match="not asked for"):
        erasures.run(request.request_id, at_once=True)


@pytest.mark.parametrize(
    "phase", ["worked", *(pytest.param(phase, marks=pytest.mark.e2e) for phase in ("begun", "recorded"))]
)
def test_whoever_goes_on_after_a_death_completes_it(erasures: Erasures, phase: Phase) -> None:
    world = erasures.world
    visitor(world, 99, sightings=1)
    steps: tuple[StepName, ...] = ("rows", "keys", "vectors", "objects", "workers", "marts", "proof")
    for who, step in enumerate(steps, start=1):
        ada = visitor(world, who, sightings=1)
        request = erasures.request(of_customer(ada))
        with pytest.raises(Killed):
            erasures.run(request.request_id, die_at=(step, phase))
        assert (erasures.run(request.request_id).status, step) == ("completed", step)
        stores = {proof.store: proof for proof in erasures.certificate(request.request_id).certificate.stores}
        assert (stores["postgres"].erased["face_events"], stores["objects"].erased.get("raw", 0)) == (1, 1)
        assert len(world.raw_keys()) == world.count("customers") == 1


@pytest.mark.parametrize("step", ["rows", "remains"])
def test_a_tenants_erasure_goes_on_after_a_death(erasures: Erasures, step: StepName) -> None:
    visitor(erasures.world, 1)
    request = end_of(erasures)
    for phase in ("begun", "part", "worked", "recorded"):
        with suppress(Killed):
            erasures.run(request.request_id, die_at=(step, phase))
    assert erasures.run(request.request_id).status == "completed"


def test_a_store_that_is_away_leaves_the_request_open_with_its_error(fragile: World, outage: Outage) -> None:
    ada = visitor(fragile, 1)
    with erasures_of(fragile) as erasures:
        request = erasures.request(of_customer(ada))
        outage.away = {"vectors.erase"}
        failed = erasures.run(request.request_id)
        states = {step.step: (step.state, step.error) for step in failed.steps}
        assert failed.status == "failed"
        assert failed.error is not None
        assert states["vectors"] == ("failed", failed.error)
        assert (states["rows"][0], states["objects"][0]) == ("done", "pending")
        with pytest.raises(NotFoundError, match="failed"):
            erasures.certificate(request.request_id)
        outage.away = set()
        assert erasures.run(request.request_id).status == "completed"


def test_what_is_found_after_all_is_erased_by_the_next_run(erasures: Erasures) -> None:
    world = erasures.world
    ada = visitor(world, 1)
    vectors = world.services.vectors
    [template_id, *_] = sorted(world.vector_ids())
    request = erasures.request(of_customer(ada))

    def meanwhile() -> None:
        """A rebuild that read the rows before they went."""
        vectors.upsert(
            world.services.model_version, [StoredTemplate(template_id, world.tenant_id, "customer", ada, person(1))]
        )

    failed = erasures.run(request.request_id, refresh_marts=meanwhile)
    assert (failed.status, failed.error) == (
        "failed",
        "Found after all: 1 in vectors (vectors). The next run erases that again.",
    )
    assert erasures.run(request.request_id).status == "completed"
    assert world.vector_ids() == set()


def test_what_a_legal_hold_keeps_is_refused_and_waits(erasures: Erasures) -> None:
    world = erasures.world
    ada = visitor(world, 1)
    request = erasures.request(of_customer(ada))
    subject = Subject("customer", ada)
    hold = place_hold(world.services.engine, world.tenant_id, subject, reference="File 7", actor="test")
    waiting = erasures.run(request.request_id)
    assert (waiting.status, world.count("customers")) == ("waiting", 1)
    with pytest.raises(ConflictError, match="legal hold"):
        erasures.request(of_customer(visitor(world, 2)).model_copy(update={"customer_id": ada}))
    lift_hold(world.services.engine, world.tenant_id, hold.hold_id, actor="test")
    assert erasures.run(request.request_id).status == "completed"


def test_one_process_at_a_time(erasures: Erasures) -> None:
    ada = visitor(erasures.world, 1)
    request = erasures.request(of_customer(ada))

    def again() -> None:
        with pytest.raises(ConflictError, match="Another process"):
            erasures.run(request.request_id)

    assert erasures.run(request.request_id, refresh_marts=again).status == "completed"


def test_every_step_is_planned_once(erasures: Erasures) -> None:
    customer = erasures.request(of_customer(visitor(erasures.world, 1)))
    tenant = end_of(erasures)
    assert set(plan(tenant)) - set(plan(customer)) == {"remains"}
    assert plan(tenant)[-1] == "proof"
