"""A process that a dead supervisor left is known as the same only when nothing of its launch has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.stack.parts.base import Launch
from cli.stack.takeover import fingerprint, marked

LAUNCH = Launch(("server", "--port", "1"), {"FOOTFALL_S3__SECRET_KEY": "sesame"}, Path("there"))


def test_the_same_launch_has_the_same_fingerprint() -> None:
    assert fingerprint(LAUNCH, "key") == fingerprint(replace(LAUNCH, environment=dict(LAUNCH.environment)), "key")


def test_the_order_of_variables_does_not_matter() -> None:
    one = replace(LAUNCH, environment={"A": "1", "B": "2"})
    two = replace(LAUNCH, environment={"B": "2", "A": "1"})
    assert fingerprint(one, "key") == fingerprint(two, "key")


@pytest.mark.parametrize(
    "changed",
    [
        replace(LAUNCH, argv=("server", "--port", "2")),
        replace(LAUNCH, environment={"FOOTFALL_S3__SECRET_KEY": "changed"}),
        replace(LAUNCH, environment={}),
        replace(LAUNCH, working_directory=Path("elsewhere")),
        replace(LAUNCH, user_id=1),
    ],
)
def test_any_change_changes_it(changed: Launch) -> None:
    assert fingerprint(changed, "key") != fingerprint(LAUNCH, "key")


def test_a_secret_cannot_be_tried_out_without_the_key() -> None:
    assert fingerprint(LAUNCH, "key") != fingerprint(LAUNCH, "another key")


def test_a_launch_bears_its_home() -> None:
    assert marked(LAUNCH, Path("home")).environment == {**LAUNCH.environment, "FOOTFALL_HOME": "home"}
