"""`footfall gallery reembed` and `footfall models serve | retire`, as an operator types them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from cli.main import app as footfall
from footfall.errors import ConflictError, InputError
from footfall.services import Services
from tests.integration.reembedding.two_versions import NEW, OLD, TwoVersions, later

Type = Callable[..., str]


@pytest.fixture
def type_in(two: TwoVersions) -> Iterator[Type]:
    """Runs a command in this process, over the test's stores; its error is raised."""

    @contextmanager
    def operator() -> Iterator[Services]:
        yield two.operator

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(footfall, list(arguments), catch_exceptions=False, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    with patch("cli.reembedding_commands._operator", operator):
        yield run


def test_an_operator_goes_from_one_model_to_another_and_removes_the_first(two: TwoVersions, type_in: Type) -> None:
    customer = two.see(1).decision.person_id
    two.see(2, at=later(1), pictured=False)
    said = type_in("gallery", "reembed", "--to", NEW)
    assert "mock-2, standing, 1 tenants:" in said
    assert "1 of 2 customers are known in it" in said
    assert "2 templates are set aside, 0 were not tried yet" in said
    assert "No picture of it was stored" in said
    served = type_in("models", "serve", NEW)
    assert "mock-2 is served: 1 vectors in" in served
    assert "1 customers and 0 opt-outs are known in mock-1 alone." in served
    assert two.see(1, at=later(2), model_version=NEW).decision.person_id == customer
    assert "mock-1 is gone, and with it 1 templates of customers" in type_in("models", "retire", OLD)


def test_a_pause_holds_and_the_status_says_so(two: TwoVersions, type_in: Type) -> None:
    two.see(1)
    two.begin()
    assert "mock-2, paused" in type_in("gallery", "reembed", "--pause")
    told = json.loads(type_in("gallery", "reembed", "--status", "--json"))
    assert (told["state"], told["totals"]["untried"]) == ("paused", 2)
    told = json.loads(type_in("gallery", "reembed", "--resume", "--json"))
    assert (told["state"], told["totals"]["untried"]) == ("standing", 0)
    assert told["tenants"][str(two.tenant_id)]["customers_known"] == 1


def test_what_was_set_aside_is_tried_again(two: TwoVersions, type_in: Type) -> None:
    two.see(1, pictured=False)
    told = json.loads(type_in("gallery", "reembed", "--to", NEW, "--json"))
    assert told["totals"]["set_aside"] == 2
    told = json.loads(type_in("gallery", "reembed", "--retry", "--json"))
    assert told["totals"]["set_aside"] == 2


def test_what_cannot_be_done_is_said(two: TwoVersions, type_in: Type) -> None:
    assert two.world.services.model_version == OLD
    with pytest.raises(ConflictError, match="No version stands beside mock-1"):
        type_in("gallery", "reembed")
    with pytest.raises(InputError, match="exclude each other"):
        type_in("gallery", "reembed", "--pause", "--status")
    with pytest.raises(ConflictError, match="nothing stands beside mock-1"):
        type_in("models", "serve", NEW)
