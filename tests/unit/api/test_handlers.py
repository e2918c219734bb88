"""Whatever a request ends in, the answer is a problem document that helps and gives nothing away."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal

import fastapi
import pytest
from fastapi import Body, FastAPI
from pydantic import BaseModel, Field, ValidationError

from api import handlers
from api.problems import INVALID, RefusedRequestError
from contracts.base import Contract
from contracts.problems import FieldProblem, Problem
from footfall.errors import ConfigurationError, NoFaceError, VectorsUnavailableError
from tests.unit.api.asking import ask


class Line(Contract):
    sku: str = Field(min_length=3)
    count: int = 1


class Cash(Contract):
    kind: Literal["cash"]
    amount: int


class Card(Contract):
    kind: Literal["card"]
    number: str


class Order(Contract):
    lines: tuple[Line, ...] = ()
    payment: Annotated[Cash | Card, Field(discriminator="kind")] | None = None
    notes: dict[str, int] = Field(default_factory=dict)


class Filters(BaseModel):
    limit: int = Field(default=10, le=100)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = FastAPI(openapi_url=None)
    handlers.install(made)

    @made.post("/orders")
    def order(order: Order) -> Order:
        return order

    @made.post("/payments")
    def payment(payment: Annotated[Cash | Card, Body(discriminator="kind")]) -> None:
        """Nothing to do: the body is what is looked at."""

    @made.get("/orders")
    def orders(query: Annotated[Filters, fastapi.Query()]) -> Filters:
        return query

    errors: dict[str, Exception] = {
        "no-face": NoFaceError("The photograph shows no face.", hint="Take another."),
        "vectors": VectorsUnavailableError("http://10.0.0.7:19530 refused"),
        "configuration": ConfigurationError("/srv/keys is open"),
        "refused": RefusedRequestError(INVALID, "No.", fields=[FieldProblem(field="image", message="Missing.")]),
        "bug": KeyError("password=hunter2"),
    }

    @made.get("/errors/{name}")
    def fail(name: str) -> None:
        raise errors[name]

    return made


def problem(app: FastAPI, method: str, path: str, **request: Any) -> Problem:
    answer = ask(app, method, path, **request)
    assert answer.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate_json(answer.content)
    assert found.status == answer.status_code
    assert found.instance == path.partition("?")[0]
    return found


def fields(app: FastAPI, body: object, path: str = "/orders") -> list[str]:
    found = problem(app, "POST", path, json=body)
    assert (found.status, found.type) == (422, "urn:footfall:problem:invalid-request")
    return [item.field for item in found.errors]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"lines": [{"sku": "abc"}, {"sku": "x"}]}, ["/lines/1/sku"]),
        ({"lines": [{"count": 2}]}, ["/lines/0/sku"]),
        ({"lines": [{"sku": "abc", "colour": "red"}]}, ["/lines/0/colour"]),
        ({"lines": [{"sku": "x"}, {"sku": "y"}]}, ["/lines/0/sku", "/lines/1/sku"]),
        ({"payment": {"kind": "cash", "amount": "much"}}, ["/payment/amount"]),
        ({"payment": {"kind": "card"}}, ["/payment/number"]),
        ({"payment": {"kind": "beads"}}, ["/payment"]),
        ({"notes": {"a/b": "x"}}, ["/notes/a~1b"]),
        ({"notes": {"a~b": "x"}}, ["/notes/a~0b"]),
        ([], [""]),
    ],
)
def test_fields_are_named_by_json_pointer(app: FastAPI, body: object, pointers: list[str]) -> None:
    assert fields(app, body) == pointers


def test_a_union_at_the_root_does_not_show_in_the_pointer(app: FastAPI) -> None:
    assert fields(app, {"kind": "cash", "amount": "much"}, "/payments") == ["/amount"]


def test_a_union_member_named_like_a_field_does_not_show_in_the_pointer(app: FastAPI) -> None:
    assert fields(app, {"kind": "card", "card": "x", "number": 3}, "/payments") == ["/number", "/card"]


def test_a_missing_body_is_said(app: FastAPI) -> None:
    assert problem(app, "POST", "/orders").errors[0].message == "Field required"


def test_parameters_are_named(app: FastAPI) -> None:
    found = problem(app, "GET", "/orders?limit=1000")
    assert [item.field for item in found.errors] == ["limit"]


def test_a_flood_of_errors_is_cut(app: FastAPI) -> None:
    assert len(fields(app, {"lines": [{}] * 5000})) == 20


def test_what_was_sent_is_not_repeated(app: FastAPI) -> None:
    answer = ask(app, "POST", "/orders", json={"lines": [{"sku": "hunter2", "count": "hunter2"}]})
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(app: FastAPI, content: bytes) -> None:
    answer = problem(app, "POST", "/orders", content=content, headers={"content-type": "application/json"})
    assert answer.type == f"urn:footfall:problem:{'malformed-request' if content else 'invalid-request'}"


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_another_media_type_is_unsupported(app: FastAPI, media_type: str) -> None:
    answer = problem(app, "POST", "/orders", content=b"{}", headers={"content-type": media_type})
    assert (answer.status, answer.type) == (415, "urn:footfall:problem:unsupported-media-type")
    assert media_type in answer.detail


def test_a_body_without_a_type_is_unsupported(app: FastAPI) -> None:
    assert problem(app, "POST", "/orders", content=b"{}").status == 415


def test_an_unknown_path_and_a_wrong_method(app: FastAPI) -> None:
    assert problem(app, "GET", "/nothing").type == "urn:footfall:problem:no-such-route"
    assert problem(app, "DELETE", "/errors/bug").type == "urn:footfall:problem:method-not-allowed"


def test_a_domain_error_says_what_to_do(app: FastAPI) -> None:
    found = problem(app, "GET", "/errors/no-face")
    assert (found.status, found.detail, found.hint) == (422, "The photograph shows no face.", "Take another.")


def test_a_refusal_names_its_fields(app: FastAPI) -> None:
    found = problem(app, "GET", "/errors/refused")
    assert found.errors == (FieldProblem(field="image", message="Missing."),)


@pytest.mark.parametrize(("name", "status"), [("vectors", 503), ("configuration", 500), ("bug", 500)])
def test_what_went_wrong_inside_is_logged_and_not_told(
    app: FastAPI, name: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="api.handlers"):
        answer = ask(app, "GET", f"/errors/{name}")
    assert answer.status_code == status
    assert not any(inside in answer.text for inside in ("10.0.0.7", "/srv/keys", "hunter2", "KeyError", "Traceback"))
    assert "Error" in caplog.text


def test_a_bugs_message_is_not_logged_by_us(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="api.handlers"):
        ask(app, "GET", "/errors/bug")
    assert "KeyError" in caplog.text
    assert "hunter2" not in caplog.text


def test_pointers_of_a_document_that_pydantic_read_itself() -> None:
    with pytest.raises(ValidationError) as caught:
        Order.model_validate_json('{"lines": [{"sku": 3}]}')
    found = [{**item, "loc": ("body", *item["loc"])} for item in caught.value.errors()]
    refusal = handlers.invalid(found, {"lines": [{"sku": 3}]})  # type: ignore[arg-type]
    assert [item.field for item in refusal.fields] == ["/lines/0/sku"]
