"""Which problem an error is, that the documentation lists them all, and that callers are told no more than they may."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.problems import HTTP_KINDS, ProblemKind, catalogue, kind_for_status, kind_of, problem_of, problem_response
from contracts.problems import Problem
from footfall import errors

DOCUMENT = Path(__file__).parents[3] / "docs" / "problems.md"
_ROW = re.compile(r"^\| `(?P<slug>[a-z-]+)` \| (?P<status>\d{3}) \| (?P<title>[^|]+?) \| (?P<advice>[^|]+?) \|$", re.M)


def test_the_documentation_lists_every_problem_as_it_is() -> None:
    listed = [ProblemKind(row["slug"], int(row["status"]), row["title"]) for row in _ROW.finditer(DOCUMENT.read_text())]
    assert listed == list(catalogue())


def test_every_error_class_has_a_slug_of_its_own() -> None:
    slugs = [kind.slug for kind in catalogue()]
    assert len(slugs) == len(set(slugs))
    assert {"no-face", "busy", "internal-error", "malformed-request"} <= set(slugs)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.FootfallError, 500),
        (errors.ConfigurationError, 500),
        (errors.InputError, 422),
        (errors.NoFaceError, 422),
        (errors.EmbeddingInvalidError, 422),
        (errors.ImageTooLargeError, 413),
        (errors.ModelVersionMismatchError, 409),
        (errors.PrivacyModeError, 403),
        (errors.NotFoundError, 404),
        (errors.ConflictError, 409),
        (errors.UnauthenticatedError, 401),
        (errors.ForbiddenError, 403),
        (errors.VectorsUnavailableError, 503),
        (errors.BusyError, 429),
        (errors.ModelMissingError, 503),
    ],
)
def test_an_error_has_the_status_of_the_nearest_class_that_states_one(
    error: type[errors.FootfallError], status: int
) -> None:
    assert kind_of(error) == ProblemKind(error.slug, status, error.title)


def test_what_the_caller_did_is_told_with_what_to_do() -> None:
    told = problem_of(errors.NoFaceError("The photograph shows no face.", hint="Take another."))
    assert told == (kind_of(errors.NoFaceError), "The photograph shows no face.", "Take another.")


@pytest.mark.parametrize(
    "error",
    [
        errors.FootfallError("a bug near /srv/footfall"),
        errors.ConfigurationError("keys in /srv/footfall are open", hint="chmod /srv/footfall"),
        errors.PostgresUnavailableError("connection to 10.0.0.7 failed for footfall_app", hint="look at 10.0.0.7"),
        errors.ModelMissingError("no weights in /srv/footfall"),
    ],
)
def test_what_went_wrong_inside_stays_inside(error: errors.FootfallError) -> None:
    _, detail, hint = problem_of(error)
    assert not re.search(r"srv|10\.0\.0\.7|footfall_app", f"{detail} {hint}")


@pytest.mark.parametrize("kind", HTTP_KINDS, ids=lambda kind: kind.slug)
def test_a_status_that_http_machinery_raises_has_its_kind(kind: ProblemKind) -> None:
    if kind.slug != "invalid-request":
        assert kind_for_status(kind.status) == kind


def test_an_unheard_of_status_is_still_a_problem() -> None:
    assert kind_for_status(418).slug == "malformed-request"
    assert kind_for_status(501).slug == "internal-error"


def test_the_answer_is_a_problem_document() -> None:
    scope = {"type": "http", "path": "/v1/sites", "footfall.request_id": "r-1"}
    kind = kind_of(errors.VectorsUnavailableError)
    answer = problem_response(scope, kind, "Away.", hint="Wait.")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["x-request-id"] == "r-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert Problem.model_validate_json(bytes(answer.body)) == Problem(
        type="urn:footfall:problem:vectors-unavailable",
        title="The vector store is away",
        status=503,
        detail="Away.",
        instance="/v1/sites",
        hint="Wait.",
        request_id="r-1",
    )


def test_a_401_says_how_to_sign_in() -> None:
    answer = problem_response({"type": "http", "path": "/"}, kind_of(errors.UnauthenticatedError), "No.")
    assert answer.headers["www-authenticate"] == "Bearer"
