"""ETags: a change is refused for who holds an older version, and an answer that is held is not sent again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fastapi import FastAPI, Response

from api import handlers
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, etag, tag
from tests.unit.api.asking import ask

CURRENT = 3


@dataclass(frozen=True, slots=True)
class Record:
    version: int


@pytest.fixture
def app() -> FastAPI:
    made = FastAPI(openapi_url=None)
    handlers.install(made)

    @made.get("/record")
    def read(tagged: Tagged) -> dict[str, int]:
        return {"version": tagged(Record(CURRENT), "shown", 5).version}

    @made.patch("/record")
    def change(expected: RequiredVersion, response: Response) -> dict[str, int]:
        expected.check(CURRENT)
        return {"version": tag(response, Record(CURRENT + 1)).version}

    @made.delete("/record", status_code=204)
    def delete(expected: ExpectedVersion) -> None:
        expected.check(CURRENT)

    return made


def problem(app: FastAPI, method: str, held: str | None) -> str:
    answer = ask(app, method, "/record", headers={} if held is None else {"If-Match": held})
    return str(answer.json()["type"]).rpartition(":")[2]


@pytest.mark.parametrize("held", ['"3"', '"3-0123abcd"', '"2", "3"', ' "2" ,"3"', "*", " * "])
def test_a_change_of_the_version_that_is_there_goes_through(app: FastAPI, held: str) -> None:
    answer = ask(app, "PATCH", "/record", headers={"If-Match": held})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"4"')
    assert ask(app, "DELETE", "/record", headers={"If-Match": held}).status_code == 204


@pytest.mark.parametrize("held", ['"2"', '"33"', '"2", "4"', 'W/"3"', '""', '"x"', '"3-"', '"03"', '"-3"', '"0"'])
def test_a_change_of_another_version_is_refused(app: FastAPI, held: str) -> None:
    assert problem(app, "PATCH", held) == "precondition-failed"
    assert problem(app, "DELETE", held) == "precondition-failed"


@pytest.mark.parametrize("held", ["3", "", '"3', '3"', '"3" "4"', '"3",', ',"3"', "'3'", 'w/"3"', '"*', '"3"; drop'])
def test_what_is_no_entity_tag_is_refused_as_such(app: FastAPI, held: str) -> None:
    assert problem(app, "PATCH", held) == "malformed-request"


def test_a_change_must_name_its_version_and_a_deletion_may(app: FastAPI) -> None:
    answer = ask(app, "PATCH", "/record")
    assert (answer.status_code, answer.json()["type"]) == (428, "urn:footfall:problem:precondition-required")
    assert ask(app, "DELETE", "/record").status_code == 204


def test_an_answer_that_is_held_is_not_sent_again(app: FastAPI) -> None:
    made = ask(app, "GET", "/record").headers["ETag"]
    for held in (made, f"W/{made}", f'"other", {made}', "*"):
        answer = ask(app, "GET", "/record", headers={"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", made)
    assert ask(app, "GET", "/record", headers={"If-None-Match": '"3"'}).status_code == 200


def test_a_tag_changes_with_what_is_shown_beside_the_record() -> None:
    assert etag(3) == '"3"'
    assert len({etag(3), etag(3, 1), etag(3, 2), etag(3, 1, 2), etag(4, 1)}) == 5
    assert etag(3, "a", None) == etag(3, "a", None)
