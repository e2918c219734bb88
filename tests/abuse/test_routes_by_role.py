"""Every operation of the OpenAPI document, by every role, for own records and others': the answer is the access
table's, and never tells of another tenant or site, nor changes anything there."""

from __future__ import annotations

import pytest

from tests.abuse.cases import Case, cases_of
from tests.abuse.operations import operations
from tests.abuse.world import World

CASES = [case for operation in operations() for case in cases_of(operation)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answer_is_the_tables(world: World, case: Case) -> None:
    outcome = world.play(case)
    assert outcome.status in case.demanded(), outcome.text
    assert outcome.leaked == set(), outcome.text
    assert outcome.changed == set(), "the other tenant's rows of these tables are others now"
