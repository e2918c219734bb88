"""The OpenAPI document: committed as it is made, whole, and true to what the API sends."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from api.auth import ACCESS
from api.main import create_app
from api.problems import catalogue
from cli.main import app as cli
from cli.openapi_command import openapi_text
from footfall.settings import Settings

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return create_app(Settings()).openapi()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_the_committed_document_is_the_apis() -> None:
    assert COMMITTED.read_text("utf-8") == openapi_text(), "run: make openapi"


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever the environment says, and with nothing running.
    monkeypatch.setenv("FOOTFALL_POSTGRES__APP_DSN", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("FOOTFALL_API__PORT", "no number")
    target = tmp_path / "new" / "openapi.json"
    result = CliRunner().invoke(cli, ["openapi", "--write", str(target)])
    assert result.exit_code == 0, result.output
    assert target.read_text("utf-8") == COMMITTED.read_text("utf-8")


def test_it_is_openapi_3_1_with_json_schema_2020_12(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("type") == "object", name


def test_every_reference_leads_somewhere(document: Json) -> None:
    found = set(re.findall(r"#/components/[A-Za-z0-9/_]+", COMMITTED.read_text("utf-8")))
    assert "#/components/schemas/FaceDetectedV1" in found
    for reference in found:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_every_operation_has_a_name_a_tag_and_a_summary(document: Json) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 20
    for method, path, operation in operations(document):
        assert operation["summary"], f"{method} {path}"
        assert set(operation["tags"]) <= tags, f"{method} {path}"


def test_every_operation_states_who_may(document: Json) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for method, path, operation in operations(document):
        access = ACCESS[(method, path)]
        if access == "public":
            assert operation["security"] == []
        else:
            assert operation["security"] == [{"bearer": []}]
            assert operation["x-footfall-roles"] == sorted(access)


def test_every_operation_documents_its_problems(document: Json) -> None:
    for method, path, operation in operations(document):
        statuses = set(operation["responses"])
        assert "500" in statuses, f"{method} {path}"
        if ACCESS[(method, path)] != "public":
            assert {"401", "403", "503"} <= statuses, f"{method} {path}"
        if "{" in path:
            assert {"404", "422"} <= statuses, f"{method} {path}"
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= statuses, f"{method} {path}"


def test_the_problem_answers_name_every_type(document: Json) -> None:
    described = " ".join(answer["description"] for answer in document["components"]["responses"].values())
    unnamed = {kind.slug for kind in catalogue() if f"`{kind.slug}`" not in described}
    assert unnamed == {"method-not-allowed"}, "which belongs to no operation"


def test_examples_fit_their_schemas(document: Json) -> None:
    checked = 0
    for method, path, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (content for body in bodies for content in body.get("content", {}).values()):
            examples = [content["example"]] if "example" in content else []
            examples += [example["value"] for example in content.get("examples", {}).values()]
            for example in examples:
                schema = {**content["schema"], "components": document["components"]}
                errors = list(Draft202012Validator(schema).iter_errors(example))
                assert errors == [], f"{method} {path}: {errors}"
                checked += 1
    assert checked >= 12


def without_example(document: Json) -> list[str]:
    """Bodies and successful answers that nobody shows. Bytes of a picture are no example of anything."""
    missing = []
    for method, path, operation in operations(document):
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        for body in (operation.get("requestBody", {}), *answers):
            for media_type, content in body.get("content", {}).items():
                if not media_type.startswith("image/") and not {"example", "examples"} & set(content):
                    missing.append(f"{method} {path}: {media_type}")
    return missing


def test_every_operation_has_examples(document: Json) -> None:
    assert without_example(document) == [], "add them to api/examples*.py"


def test_a_missing_example_would_be_noticed(document: Json) -> None:
    lacking = copy.deepcopy(document)
    del lacking["paths"]["/v1/sites"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    assert without_example(lacking) == ["POST /v1/sites: application/json"]


def test_the_event_is_sent_as_the_contract_says(document: Json) -> None:
    body = document["paths"]["/v1/events/face"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert body["schema"]["required"] == ["event"]
    assert body["schema"]["properties"]["event"] == {"$ref": "#/components/schemas/FaceDetectedV1"}
