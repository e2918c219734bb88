"""How well a tenant's staff are enrolled: consistency, expiry, reminders, and what is wrong with a gallery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from contracts.base import StaffId
from contracts.enrolment import Objection, Reminder
from footfall.enrolment import enrol_photographs
from footfall.enrolment_results import Photograph
from footfall.errors import NotFoundError
from footfall.gallery_health import consistency, reminders
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.enrolments import ADA, GRACE, enrolled, faces_of, hired, seen
from tests.integration.footfall.world import ACTOR, World, jpeg

VALID_DAYS = 365
TWINS: tuple[Objection, ...] = ("already_enrolled_as",)
CHANGED: tuple[Objection, ...] = ("disagrees_with_others",)
ANOTHER_SIZE = jpeg(ADA)


@pytest.fixture
def expiring(world: World) -> World:
    """A tenant whose photographs are matched for a year."""
    settings = world.services.settings
    recognition = settings.recognition.model_copy(update={"enrolment_valid_days": VALID_DAYS})
    services = replace(world.services, settings=settings.model_copy(update={"recognition": recognition}))
    return replace(world, services=services)


def let_pass(world: World, days: int) -> None:
    """As if every photograph had been enrolled so many days earlier."""
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        connection.execute(
            text("""
                update footfall.staff_face_images
                set created_at = created_at - make_interval(days => :days),
                    expires_at = expires_at - make_interval(days => :days)
            """),
            {"days": days},
        )


def reminded(world: World) -> list[Reminder]:
    return list(reminders(world.services, world.tenant_id, now=datetime.now(UTC)).items)


def kinds(world: World) -> list[str]:
    return [reminder.kind for reminder in reminded(world)]


# --- consistency ------------------------------------------------------------------------------------


def test_a_persons_photographs_have_a_score_of_how_well_they_agree(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))
    enrolled(world, ada, jpeg(ADA, quality=80))

    found = consistency(world.services, world.tenant_id, ada)

    assert found.score == found.lowest == pytest.approx(1.0, abs=0.02)
    assert [(face.outlier, face.expired, face.crop, face.note) for face in found.faces] == [
        (False, False, "ok", None)
    ] * 2


def test_a_photograph_that_was_forced_in_is_an_outlier(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))
    enrolled(world, ada, jpeg(ADA, quality=80))
    forced = [Photograph("grace.jpg", jpeg(GRACE))]
    enrol_photographs(world.services, world.tenant_id, ada, forced, actor=ACTOR, overruled=CHANGED)

    found = consistency(world.services, world.tenant_id, ada)

    assert [face.outlier for face in found.faces] == [False, False, True]
    assert "may show somebody else" in (found.faces[2].note or "")
    [reminder] = reminded(world)
    assert (reminder.kind, reminder.staff_id) == ("outlier", ada)
    assert "1 of Ada Byron's 3 photographs" in reminder.message


def test_one_photograph_has_nothing_to_agree_with(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))
    found = consistency(world.services, world.tenant_id, ada)
    assert (found.score, found.lowest, found.faces[0].agreement) == (None, None, None)


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        (None, "missing", "is missing"),
        (b"\x89PNG\r\n\x1a\n broken", "corrupt", "cannot be read"),
        (jpeg(ADA), "corrupt", "cannot be read"),
    ],
)
def test_a_stored_crop_that_is_gone_or_broken_is_told_with_what_to_do(
    world: World, content: bytes | None, state: str, words: str
) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))
    [row] = world.rows("select crop_key from footfall.staff_face_images")
    world.services.objects.delete(world.tenant_id, "derived", [row["crop_key"]])
    if content is not None:
        name = row["crop_key"].partition("/")[2]
        world.services.objects.put(world.tenant_id, "derived", name, content, "image/png")

    [face] = consistency(world.services, world.tenant_id, ada).faces

    assert face.crop == state
    assert words in (face.note or "")
    assert "Enrol the photograph again" in (face.note or "")


def test_nobody_has_no_consistency(world: World) -> None:
    with pytest.raises(NotFoundError):
        consistency(world.services, world.tenant_id, StaffId(world.tenant_id))


# --- expiry -----------------------------------------------------------------------------------------


def test_without_the_setting_a_photograph_never_expires(world: World) -> None:
    ada = hired(world)
    assert enrolled(world, ada, jpeg(ADA)).expires_at is None
    let_pass(world, 4000)
    assert kinds(world) == []
    assert world.see(seen(world, jpeg(ADA))).decision.kind == "staff"


def test_an_expired_photograph_is_no_longer_matched_until_it_is_enrolled_anew(expiring: World) -> None:
    ada = hired(expiring)
    face = enrolled(expiring, ada, jpeg(ADA))
    assert face.expires_at is not None
    assert face.expires_at - face.created_at == timedelta(days=VALID_DAYS)
    assert expiring.see(seen(expiring, jpeg(ADA))).decision.kind == "staff"

    let_pass(expiring, VALID_DAYS + 1)

    # Nobody is new whom a camera sees once more, so a photograph that was never enrolled stands for the camera.
    assert expiring.see(seen(expiring, jpeg(ADA, quality=60))).decision.kind == "new_customer"
    [state] = consistency(expiring.services, expiring.tenant_id, ada).faces
    assert state.expired
    assert "expired" in (state.note or "")
    enrolled(expiring, ada, jpeg(ADA, quality=90))
    assert expiring.see(seen(expiring, jpeg(ADA, quality=60))).decision.kind == "staff"


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, []), (VALID_DAYS - 31, []), (VALID_DAYS - 29, ["expiring"]), (VALID_DAYS + 1, ["empty_gallery", "expired"])],
)
def test_reminders_begin_in_time(expiring: World, days: int, expected: list[str]) -> None:
    enrolled(expiring, hired(expiring), jpeg(ADA))
    let_pass(expiring, days)
    assert kinds(expiring) == expected


def test_a_reminder_ends_when_a_newer_photograph_is_enrolled(expiring: World) -> None:
    ada = hired(expiring)
    enrolled(expiring, ada, jpeg(ADA))
    let_pass(expiring, VALID_DAYS - 10)
    [reminder] = reminded(expiring)
    assert reminder.due_at == faces_of(expiring, ada)[0].expires_at
    enrolled(expiring, ada, jpeg(ADA, quality=80))
    assert kinds(expiring) == []


# --- what is wrong with a gallery -------------------------------------------------------------------


def test_an_empty_gallery_says_that_everybody_is_a_visitor(world: World) -> None:
    [reminder] = reminded(world)
    assert reminder.kind == "empty_gallery"
    assert "Everybody is a visitor" in reminder.message


def test_staff_without_a_photograph_are_named(world: World) -> None:
    enrolled(world, hired(world, "Ada"), jpeg(ADA))
    grace = hired(world, "Grace")
    [reminder] = reminded(world)
    assert (reminder.kind, reminder.staff_id, reminder.display_name) == ("no_photograph", grace, "Grace")


def test_one_person_under_two_names_is_found_once(world: World) -> None:
    ada, other = hired(world, "Ada Byron"), hired(world, "Ada Lovelace")
    enrolled(world, ada, jpeg(ADA))
    doubled = [Photograph("a.jpg", jpeg(ADA, quality=80)), Photograph("b.jpg", jpeg(ADA, quality=70))]
    enrol_photographs(world.services, world.tenant_id, other, doubled, actor=ACTOR, overruled=TWINS)

    [reminder] = reminded(world)

    assert reminder.kind == "resembles_other"
    assert reminder.other is not None
    assert {reminder.staff_id, reminder.other.person_id} == {ada, other}
    assert "One person under two names" in reminder.message


def test_photographs_of_another_model_are_named_and_never_compared(world: World) -> None:
    ada, other = hired(world, "Ada"), hired(world, "Ada twice")
    enrolled(world, ada, jpeg(ADA))
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        connection.execute(text("update footfall.staff_face_images set model_version = 'older-1'"))

    # The same face as another person: across model versions nothing matches.
    assert enrolled(world, other, jpeg(ADA, quality=80)).staff_id == other
    [reminder] = reminded(world)
    assert (reminder.kind, reminder.staff_id) == ("other_model", ada)
