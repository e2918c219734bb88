"""The Postman collection: committed as it is made, of the form that Postman reads, whole, and without a secret."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from api.postman import SCHEMA_URL, collection
from cli.openapi_command import openapi_text, postman_text

COMMITTED = Path(__file__).parents[3] / "docs" / "footfall.postman_collection.json"
Json = dict[str, Any]

# The parts of Postman's format 2.1 that are used here, and nothing else: a misspelt member is an error.
_TEXT: Json = {"type": "string"}
_ENTRY: Json = {
    "type": "object",
    "required": ["key", "value"],
    "properties": {"key": _TEXT, "value": _TEXT, "description": _TEXT, "disabled": {"type": "boolean"}},
    "additionalProperties": False,
}


def _list(of: Json) -> Json:
    return {"type": "array", "items": of}


def _closed(required: str, **properties: Json) -> Json:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


_TYPED = _closed("key value type", key=_TEXT, value=_TEXT, type={"const": "string"})
_AUTH: Json = {
    "oneOf": [
        _closed("type", type={"const": "noauth"}),
        _closed("type bearer", type={"const": "bearer"}, bearer=_list(_TYPED)),
    ]
}
_PART: Json = {
    "oneOf": [
        _closed("key type value", key=_TEXT, type={"const": "text"}, value=_TEXT),
        _closed("key type src", key=_TEXT, type={"const": "file"}, src={"type": "null"}),
    ]
}
_BODY: Json = {
    "oneOf": [
        _closed(
            "mode raw options",
            mode={"const": "raw"},
            raw=_TEXT,
            options=_closed("raw", raw=_closed("language", language={"const": "json"})),
        ),
        _closed("mode formdata", mode={"const": "formdata"}, formdata=_list(_PART)),
    ]
}
_URL = _closed(
    "raw host path", raw=_TEXT, host=_list(_TEXT), path=_list(_TEXT), query=_list(_ENTRY), variable=_list(_ENTRY)
)
_REQUEST = _closed(
    "method header url description",
    method={"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
    header=_list(_ENTRY),
    url=_URL,
    description=_TEXT,
    auth=_AUTH,
    body=_BODY,
)
_RESPONSE = _closed(
    "name originalRequest status code header body _postman_previewlanguage",
    name=_TEXT,
    originalRequest=_REQUEST,
    status=_TEXT,
    code={"type": "integer"},
    header=_list(_ENTRY),
    body=_TEXT,
    _postman_previewlanguage={"enum": ["json", "text"]},
)
_SCRIPT = _closed("type exec", type={"const": "text/javascript"}, exec=_list(_TEXT))
_EVENT = _closed("listen script", listen={"enum": ["test", "prerequest"]}, script=_SCRIPT)
_ITEM = _closed(
    "id name request response", id=_TEXT, name=_TEXT, request=_REQUEST, response=_list(_RESPONSE), event=_list(_EVENT)
)
_INFO = _closed(
    "_postman_id name description schema",
    _postman_id=_TEXT,
    name=_TEXT,
    description=_TEXT,
    schema={"const": SCHEMA_URL},
)
_FORMAT = _closed(
    "info item auth variable",
    info=_INFO,
    item=_list(_closed("name description item", name=_TEXT, description=_TEXT, item=_list(_ITEM))),
    auth=_AUTH,
    variable=_list(_TYPED),
)


@pytest.fixture(scope="module")
def document() -> Json:
    made: Json = json.loads(openapi_text())
    return made


@pytest.fixture(scope="module")
def made(document: Json) -> Json:
    return collection(document)


def requests(made: Json) -> Iterator[Json]:
    for folder in made["item"]:
        for item in folder["item"]:
            yield item["request"]


def test_the_committed_collection_is_the_documents() -> None:
    assert COMMITTED.read_text("utf-8") == postman_text(), "run: make openapi"


def test_it_has_the_form_that_postman_reads(made: Json) -> None:
    Draft202012Validator(_FORMAT).validate(made)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda broken: broken["info"].pop("schema"),
        lambda broken: broken["item"][0]["item"][0].pop("request"),
        lambda broken: broken["item"][0]["item"][0]["request"]["url"].update(hosts=[]),
        lambda broken: broken["item"][0]["item"][0]["request"].update(method="TEACH"),
    ],
)
def test_another_form_would_be_noticed(made: Json, spoil: Any) -> None:
    broken = copy.deepcopy(made)
    spoil(broken)
    with pytest.raises(ValidationError):
        Draft202012Validator(_FORMAT).validate(broken)


def test_every_operation_is_in_it_once(document: Json, made: Json) -> None:
    documented = sorted((method.upper(), path) for path, item in document["paths"].items() for method in item)
    found = sorted(
        (request["method"], re.sub(r":(\w+)", r"{\1}", request["url"]["raw"].removeprefix("{{base_url}}")))
        for request in requests(made)
    )
    assert found == documented


def test_every_variable_of_a_path_can_be_filled_in(made: Json) -> None:
    for request in requests(made):
        named = {step[1:] for step in request["url"]["path"] if step.startswith(":")}
        assert named == {variable["key"] for variable in request["url"].get("variable", [])}


def test_signing_in_takes_its_credentials_from_variables_and_keeps_the_token(made: Json) -> None:
    item = next(item for folder in made["item"] for item in folder["item"] if item["name"] == "Sign in")
    assert json.loads(item["request"]["body"]["raw"])["password"] == "{{password}}"
    assert item["request"]["auth"] == {"type": "noauth"}
    assert 'collectionVariables.set("access_token"' in "".join(item["event"][0]["script"]["exec"])
    assert made["auth"]["bearer"][0]["value"] == "{{access_token}}"


SECRETS = [r"eyJ[\w-]{20,}\.", r"ffk_[0-9a-f]{8,}", r"-----BEGIN", r"ffr_[0-9a-f]{8,}"]


def test_no_secret_is_in_it(made: Json) -> None:
    text = json.dumps(made)
    assert [pattern for pattern in SECRETS if re.search(pattern, text)] == []
    variables = {entry["key"]: entry["value"] for entry in made["variable"]}
    assert (variables["email"], variables["password"], variables["access_token"]) == ("", "", "")


@pytest.mark.parametrize("secret", ["eyJhbGciOiJSUzI1NiIsInR5cCI6.", "ffk_0123456789abcdef", "-----BEGIN PRIVATE KEY"])
def test_a_secret_would_be_noticed(secret: str) -> None:
    assert any(re.search(pattern, secret) for pattern in SECRETS)
