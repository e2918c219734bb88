"""Who needs whom: what a limited stack brings along, and in which order everything stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.stack.credentials import load_or_create
from cli.stack.plan import Plan
from cli.stack.ports import PortBook
from cli.stack.wiring import wire
from footfall.errors import ConfigurationError
from footfall.settings import load_settings


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return wire(load_settings(home=tmp_path), load_or_create(tmp_path / "secrets"), PortBook(before={}))


def test_every_part_stands_after_those_it_needs(plan: Plan) -> None:
    seen: set[str] = set()
    for planned in plan.parts:
        assert seen.issuperset(planned.needs), planned.name
        seen.add(planned.name)


def test_no_two_ports_are_the_same(plan: Plan) -> None:
    ports = [choice.port for choice in plan.ports.values()]
    assert len(ports) == len(set(ports))


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (["milvus"], {"milvus"}),
        (["schema"], {"postgres", "schema"}),
        (["s3"], {"s3", "s3-expiry"}),
        (["dashboards"], {"postgres", "milvus", "s3", "s3-expiry", "schema", "api", "dashboards"}),
        (["dagster-web", "milvus"], {"postgres", "milvus", "s3", "s3-expiry", "schema", "dagster-code", "dagster-web"}),
    ],
)
def test_a_limited_stack_brings_what_its_parts_need(plan: Plan, only: list[str], expected: set[str]) -> None:
    assert {planned.name for planned in plan.limited_to(only).parts} == expected


def test_no_limit_means_everything(plan: Plan) -> None:
    assert plan.limited_to([]) == plan


def test_an_unknown_part_is_refused_with_the_known_ones(plan: Plan) -> None:
    with pytest.raises(ConfigurationError, match="no part webserver") as caught:
        plan.limited_to(["webserver"])
    assert caught.value.hint is not None
    assert "dagster-web" in caught.value.hint


def test_nothing_stops_before_what_needs_it(plan: Plan) -> None:
    order = {name: index for index, level in enumerate(reversed(plan.levels())) for name in level}
    assert order.keys() == {planned.name for planned in plan.parts}
    for planned in plan.parts:
        for need in planned.needs:
            assert order[need] > order[planned.name]


def test_a_plan_of_external_servers_shows_no_secret(tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path,
        postgres={"dsn": "postgresql://owner:sesame@db/footfall"},
        milvus={"uri": "http://milvus:19530", "token": "sesame"},
        s3={"endpoint": "s3:9000", "access_key": "sesame", "secret_key": "sesame"},
    )
    shown = repr(wire(settings, load_or_create(tmp_path / "secrets"), PortBook(before={})))
    assert "milvus" in shown
    assert "sesame" not in shown


def test_the_plan_shows_no_secret(plan: Plan, tmp_path: Path) -> None:
    credentials = load_or_create(tmp_path / "secrets")
    shown = repr(plan)
    assert "postgres" in shown
    assert not any(getattr(credentials, name) in shown for name in credentials.__slots__)
