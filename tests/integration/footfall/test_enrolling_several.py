"""Several photographs at once: a verdict for each, who somebody is already enrolled as, and nothing half written."""

from __future__ import annotations

import pytest

from contracts.base import StaffId
from contracts.enrolment import EnrolmentReport, Objection
from footfall.enrolment import enrol_photographs
from footfall.enrolment_results import Photograph
from footfall.errors import AlreadyEnrolledError, DisagreeingPhotographError, ServiceUnavailableError
from tests.integration.footfall.enrolments import ADA, GRACE, enrolled, faces_of, hired, seen, stored
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, World, jpeg, portrait, side_by_side


def sent(world: World, staff_id: StaffId, *images: bytes, overruled: tuple[Objection, ...] = ()) -> EnrolmentReport:
    photographs = [Photograph(f"{number}.jpg", image) for number, image in enumerate(images)]
    return enrol_photographs(world.services, world.tenant_id, staff_id, photographs, actor=ACTOR, overruled=overruled)


def verdicts(report: EnrolmentReport) -> list[str]:
    return [item.verdict for item in report.items]


def test_every_photograph_has_a_verdict_in_the_order_sent_and_the_fit_ones_are_enrolled(world: World) -> None:
    ada = hired(world)

    report = sent(
        world,
        ada,
        jpeg(ADA),
        b"a contract",
        jpeg(side_by_side(ADA, GRACE)),
        jpeg(portrait(1, side_px=120)),
        jpeg(ADA, quality=80),
        jpeg(ADA),
    )

    assert verdicts(report) == [
        "enrolled", "not_an_image", "several_faces", "too_small", "enrolled", "duplicate_photograph",
    ]  # fmt: skip
    assert [item.filename for item in report.items] == [f"{number}.jpg" for number in range(6)]
    assert report.enrolled == 2
    assert stored(world) == (2, 2, 4)
    assert {item.face.face_id for item in report.items if item.face} == {f.face_id for f in faces_of(world, ada)}
    assert all(item.hint for item in report.items if item.verdict != "enrolled")
    first = report.items[0]
    assert first.quality is not None
    assert first.agreement == pytest.approx(1.0, abs=0.02)  # with the other new one


def test_what_is_enrolled_already_is_told_apart_without_looking_at_it(world: World) -> None:
    ada = hired(world)
    sent(world, ada, jpeg(ADA))

    again = sent(world, ada, jpeg(ADA), jpeg(ADA, quality=70))

    assert verdicts(again) == ["duplicate_photograph", "enrolled"]
    assert stored(world) == (2, 2, 4)


def test_somebody_enrolled_under_another_name_is_named_with_the_score(world: World) -> None:
    ada, other = hired(world, "Ada Byron"), hired(world, "Ada Lovelace")
    enrolled(world, ada, jpeg(ADA))

    [found] = sent(world, other, jpeg(ADA, quality=80)).items

    assert found.verdict == "already_enrolled_as"
    assert found.other is not None
    assert (found.other.person_id, found.other.display_name) == (ada, "Ada Byron")
    assert f"already enrolled as Ada Byron: score {found.other.score:.3f}" in found.reason
    assert found.hint is not None
    assert "twins" in found.hint
    assert stored(world) == (1, 1, 2)
    with pytest.raises(AlreadyEnrolledError, match="Ada Byron"):
        enrolled(world, other, jpeg(ADA, quality=80))


def test_an_administrator_may_enrol_a_twin_and_the_log_says_so(world: World) -> None:
    ada, twin = hired(world, "Ada"), hired(world, "Anne")
    enrolled(world, ada, jpeg(ADA))

    report = sent(world, twin, jpeg(ADA, quality=80), overruled=("already_enrolled_as",))

    assert verdicts(report) == ["enrolled"]
    [entry] = world.rows("select detail from footfall.audit_log where detail ? 'overruled'")
    assert entry["detail"]["overruled"] == ["already_enrolled_as"]
    assert entry["detail"]["resembles_staff"] == str(ada)
    # Neither is taken for the other: two people score too closely to tell apart.
    assert world.see(seen(world, jpeg(ADA, quality=90))).decision.kind == "unsure"


def test_overruling_one_objection_leaves_the_other_standing(world: World) -> None:
    ada, grace = hired(world, "Ada"), hired(world, "Grace")
    enrolled(world, ada, jpeg(ADA))
    enrolled(world, grace, jpeg(GRACE))

    assert verdicts(sent(world, grace, jpeg(ADA, quality=80), overruled=("already_enrolled_as",))) == [
        "disagrees_with_others"
    ]
    assert verdicts(sent(world, grace, jpeg(ADA, quality=80), overruled=("disagrees_with_others",))) == [
        "already_enrolled_as"
    ]


def test_a_photograph_of_somebody_else_disagrees_with_the_enrolled_ones(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))

    [found] = sent(world, ada, jpeg(GRACE)).items

    assert found.verdict == "disagrees_with_others"
    assert found.agreement is not None
    assert f"the best cosine is {found.agreement:.3f}, one person's photographs reach 0.342" in found.reason
    with pytest.raises(DisagreeingPhotographError):
        enrolled(world, ada, jpeg(GRACE))
    assert verdicts(sent(world, ada, jpeg(GRACE), overruled=("disagrees_with_others",))) == ["enrolled"]


def test_without_an_enrolled_one_the_odd_photograph_out_is_refused(world: World) -> None:
    report = sent(world, hired(world), jpeg(ADA), jpeg(GRACE), jpeg(ADA, quality=80))
    assert verdicts(report) == ["enrolled", "disagrees_with_others", "enrolled"]


def test_two_photographs_of_two_people_enrol_neither(world: World) -> None:
    report = sent(world, hired(world), jpeg(ADA), jpeg(GRACE))
    assert verdicts(report) == ["disagrees_with_others"] * 2
    assert stored(world) == (0, 0, 0)


@pytest.mark.parametrize("operation", ["objects.put crop.png", "vectors.search", "vectors.upsert"])
def test_a_store_that_goes_away_leaves_nothing_of_any_photograph(
    fragile: World, outage: Outage, operation: str
) -> None:
    ada = hired(fragile)
    outage.away = {operation}

    with pytest.raises(ServiceUnavailableError):
        sent(fragile, ada, jpeg(ADA), jpeg(ADA, quality=80))

    assert stored(fragile) == (0, 0, 0)
    outage.away = set()
    assert sent(fragile, ada, jpeg(ADA), jpeg(ADA, quality=80)).enrolled == 2
