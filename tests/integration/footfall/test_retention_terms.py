"""Terms of sightings, visits and audit entries: what is older goes, what the marts counted stays counted, and an audit
chain that lost its beginning to its term is still proven whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from contracts.base import TenantId
from footfall import audit
from footfall.audit_chain import Anchor, chain_ends, verify_chain
from footfall.errors import InputError
from footfall.legal_hold import Subject, lift_hold, place_hold
from footfall.retention_terms import Aged, age_records, read_terms, set_terms, terms_of
from footfall.settings import RetentionSettings
from footfall.stores.postgres.retention_terms import TermsRow
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.test_audit_chain import tamper
from tests.integration.footfall.world import ACTOR, World
from tests.integration.marts import engine_of
from tests.servers import MigratedPostgres
from tests.vectors import person

NOW = datetime.now(UTC)
NO_TERMS = RetentionSettings()


@pytest.fixture
def operator(postgres: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(postgres.operator_dsn)
    yield engine
    engine.dispose()


def age(
    operator: Engine,
    tenant_id: TenantId,
    terms: RetentionSettings = NO_TERMS,
    *,
    now: datetime = NOW,
    dry_run: bool = False,
    batch_rows: int = 2,
) -> dict[str, Aged]:
    found = age_records(operator, [tenant_id], terms, now=now, dry_run=dry_run, batch_rows=batch_rows)
    return {each.kind: each for each in found}


def test_a_tenants_own_term_goes_before_the_installations(world: World) -> None:
    installation = RetentionSettings(audit_days=400, event_days=90)
    assert terms_of(TermsRow(event_days=7), installation).event_days == 7
    set_terms(world.services.engine, world.tenant_id, audit_days=None, event_days=7, mart_days=800, actor=ACTOR)
    terms = read_terms(world.services.engine, world.tenant_id, installation)
    assert (terms.audit_days, terms.event_days, terms.mart_days) == (400, 7, 800)
    with pytest.raises(InputError, match="between 30"):
        set_terms(world.services.engine, world.tenant_id, audit_days=7, event_days=None, mart_days=None, actor=ACTOR)


def test_sightings_and_visits_past_their_term_go_without_a_note_for_the_marts(world: World, operator: Engine) -> None:
    """Of a customer who came three times the first visit stays with the customer, so that the next is no first one."""
    for days in (20, 15, 12, 1):
        world.see(person(1), NOW - timedelta(days=days))
    world.see(None, NOW - timedelta(days=20), quality=0.01)
    notes = world.count("traffic_changes")
    planned = age(operator, world.tenant_id, RetentionSettings(event_days=10), dry_run=True)
    assert (planned["events"].rows, planned["visits"].rows, world.count("face_events")) == (4, 2, 5)

    done = age(operator, world.tenant_id, RetentionSettings(event_days=10))
    assert (done["events"].deleted, done["visits"].deleted) == (4, 2)
    assert [visit.is_first_visit for visit in world.visits(now=NOW)] == [True, False]
    assert world.count("traffic_changes") == notes
    [whole] = world.rows("select whole_since from footfall.retention_terms")
    assert whole["whole_since"] == NOW - timedelta(days=10)
    again = world.see(person(1), NOW)
    assert again.decision.kind == "customer"
    assert [visit.is_first_visit for visit in world.visits(now=NOW)] == [True, False, False]


def test_held_sightings_stay(world: World, operator: Engine) -> None:
    for camera in world.cameras:
        world.see(person(1), NOW - timedelta(days=20), camera=camera)
        world.see(person(2), NOW - timedelta(days=20, hours=1), camera=camera)
    subject = Subject("camera", world.cameras[0])
    place_hold(world.services.engine, world.tenant_id, subject, reference="File 12", actor=ACTOR)
    done = age(operator, world.tenant_id, RetentionSettings(event_days=10), batch_rows=1)
    assert done["events"].deleted == 2
    assert {row["camera_id"] for row in world.rows("select camera_id from footfall.face_events")} == {world.cameras[0]}
    assert len(world.visits(now=NOW)) == 2


def write(world: World, tenant_id: TenantId, number: int) -> None:
    for each in range(number):
        with tenant_transaction(world.services.engine, tenant_id) as connection:
            audit.record(connection, actor="user:1", action=f"a.{each}", subject_kind="x", subject_id=str(each))


def test_a_shortened_audit_log_is_still_proven(
    world: World, operator: Engine, new_tenant: NewTenant, postgres: MigratedPostgres
) -> None:
    tenant_id = new_tenant("count_only")
    write(world, tenant_id, 5)
    early = chain_ends(operator, [tenant_id])[tenant_id]
    terms = RetentionSettings(audit_days=30)
    # The database has the last word: what is younger than thirty days stays, whatever it is told.
    assert age(operator, tenant_id, terms, now=NOW, batch_rows=2)["audit"].deleted == 0
    tamper(
        postgres,
        tenant_id,
        "delete from footfall.audit_log",
        "delete from footfall.audit_chain",
        "delete from footfall.audit_heads",
        *(
            "insert into footfall.audit_log (tenant_id, at, actor, action, subject_kind, subject_id)"
            f" values (footfall.current_tenant(), now() - interval '90 days', 'user:1', 'a.{each}', 'x', '{each}')"
            for each in range(5)
        ),
    )
    rechain(postgres, tenant_id)
    write(world, tenant_id, 2)
    end = chain_ends(operator, [tenant_id])[tenant_id]
    assert verify_chain(operator, tenant_id).entries == 7

    hold = place_hold(world.services.engine, tenant_id, Subject("tenant", tenant_id), reference="File", actor=ACTOR)
    assert age(operator, tenant_id, terms)["audit"].deleted == 0
    lift_hold(world.services.engine, tenant_id, hold.hold_id, actor=ACTOR)

    assert age(operator, tenant_id, terms)["audit"].deleted == 5
    report = verify_chain(operator, tenant_id, end)
    assert report.intact, report.findings
    assert report.begins_after == 5
    assert verify_chain(operator, tenant_id, Anchor(3, early.link)).intact, "an anchor from before proves nothing"
    assert not verify_chain(operator, tenant_id, Anchor(5, early.link[::-1])).intact

    tamper(postgres, tenant_id, "update footfall.audit_heads set begins_after = 6, begins_link = sha256('x')")
    assert "no entry says why" in str(verify_chain(operator, tenant_id).findings)


def rechain(postgres: MigratedPostgres, tenant_id: TenantId) -> None:
    """`tamper` holds the triggers back that chain an entry."""
    tamper(
        postgres,
        tenant_id,
        "do $$ declare entry footfall.audit_log; begin"
        " for entry in select * from footfall.audit_log order by audit_id loop"
        " perform footfall.chain_audit_entry(entry); end loop; end $$",
    )


def test_nobody_shortens_the_log_by_hand(world: World, operator: Engine) -> None:
    for engine in (world.services.engine, operator):
        with pytest.raises(Exception, match="permission denied"), tenant_transaction(engine, world.tenant_id) as bound:
            bound.execute(text("delete from footfall.audit_log"))
    with (
        pytest.raises(Exception, match="permission denied"),
        tenant_transaction(world.services.engine, world.tenant_id) as bound,
    ):
        bound.execute(text("select footfall.shorten_audit(now() - interval '90 days', 1, '{}')"))
    with pytest.raises(Exception, match="thirty days"), tenant_transaction(operator, world.tenant_id) as bound:
        bound.execute(text("select footfall.shorten_audit(now(), 1, '{}')"))


def test_lapsed_answers_and_snapshots_go(world: World, operator: Engine) -> None:
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        for number, hours in enumerate((-1, -1, -1, 1)):
            connection.execute(
                text(
                    "insert into footfall.idempotency_keys"
                    " (tenant_id, principal, key, claim_id, operation, lease_until, expires_at)"
                    " values (footfall.current_tenant(), 'user:1', :key, gen_random_uuid(), 'POST /v1/sites',"
                    " now() - interval '2 hours', now() + make_interval(hours => :hours))"
                ),
                {"key": str(number), "hours": hours},
            )
    done = age(operator, world.tenant_id)
    assert (done["answers"].deleted, done["snapshots"].deleted) == (3, 0)
    assert world.count("idempotency_keys") == 1
