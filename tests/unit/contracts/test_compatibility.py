"""`breaking_changes` is shown every kind of change: those that break must be named, those that do not must pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from contracts.compatibility import Direction, breaking_changes

Schema = dict[str, Any]


def order() -> Schema:
    """A schema with one of everything that the contracts use."""
    return {
        "$defs": {
            "Line": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"sku": {"type": "string", "pattern": "^[a-z]+$"}, "count": {"type": "integer"}},
                "required": ["sku"],
            },
        },
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "kind": {"enum": ["pickup", "delivery"], "type": "string"},
            "version": {"const": "v1", "type": "string"},
            "name": {"type": "string", "minLength": 1, "maxLength": 200},
            "total": {"type": "number", "minimum": 0, "maximum": 100},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "line": {"anyOf": [{"$ref": "#/$defs/Line"}, {"type": "null"}], "default": None},
            "point": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2},
            "tags": {"type": "array", "items": {"type": "string"}},
            "at": {"type": "string", "format": "date-time"},
        },
        "required": ["kind", "total"],
    }


def changed(path: str, value: object) -> Schema:
    """A copy of the order with the value at the slash-separated `path` replaced; `...` deletes it."""
    schema = copy.deepcopy(order())
    *parents, last = path.split("/")
    target: Any = schema
    for part in parents:
        target = target[int(part)] if isinstance(target, list) else target[part]
    if value is ...:
        del target[last]
    else:
        target[int(last) if isinstance(target, list) else last] = value
    return schema


def renamed() -> Schema:
    schema = order()
    schema["properties"]["title"] = schema["properties"].pop("name")
    return schema


DIRECTIONS: tuple[Direction, ...] = ("consumed", "produced")

BREAKING_EITHER_WAY = {
    "a field was removed": (changed("properties/name", ...), "/name: the field was removed"),
    "a field was renamed": (renamed(), "/name: the field was removed"),
    "a known field became required": (changed("required", ["kind", "total", "name"]), "/name: the field became"),
    "a nested field was removed": (changed("$defs/Line/properties/count", ...), "/line/count: the field was removed"),
    "a nested field became required": (changed("$defs/Line/required", ["sku", "count"]), "/line/count"),
    "the type changed": (changed("properties/name/type", "integer"), "/name: the type string became integer"),
    "a number became an integer": (changed("properties/total/type", "integer"), "/total: the type"),
    "null is no longer allowed": (changed("properties/note/anyOf", [{"type": "string"}]), "/note: the type null"),
    "a value was taken away": (changed("properties/kind/enum", ["pickup"]), "/kind: the allowed values"),
    "the constant changed": (changed("properties/version/const", "v2"), "/version: the allowed values"),
    "the minimum rose": (changed("properties/total/minimum", 1), "/total: minimum"),
    "the maximum fell": (changed("properties/total/maximum", 99), "/total: maximum"),
    "a bound appeared": (changed("properties/total/exclusiveMinimum", 0), "/total: exclusiveMinimum"),
    "the longest name became shorter": (changed("properties/name/maxLength", 100), "/name: maxLength"),
    "the shortest name became longer": (changed("properties/name/minLength", 2), "/name: minLength"),
    "the pattern changed": (changed("$defs/Line/properties/sku/pattern", "^[0-9]+$"), "/line/sku: pattern"),
    "the format changed": (changed("properties/at/format", "date"), "/at: format"),
    "the items' type changed": (changed("properties/tags/items/type", "integer"), "/tags/*: the type"),
    "a tuple's member changed": (changed("properties/point/prefixItems/1/type", "string"), "/point/1: the type"),
    "the default changed": (changed("properties/note/default", "none"), "/note: default"),
    "an unknown keyword appeared": (changed("properties/tags/uniqueItems", True), "/tags: uniqueItems"),
}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("case", BREAKING_EITHER_WAY)
def test_a_breaking_change_is_named(case: str, direction: Direction) -> None:
    new, expected = BREAKING_EITHER_WAY[case]
    found = breaking_changes(order(), new, direction=direction)
    assert any(line.startswith(expected) for line in found), found


def with_field(*, required: bool) -> Schema:
    schema = changed("properties/added", {"type": "string"})
    return {**schema, "required": [*schema["required"], "added"]} if required else schema


BREAKING_FOR_READERS = {
    "a value was added": (changed("properties/kind/enum", ["pickup", "delivery", "drone"]), "/kind: widened"),
    "null became allowed": (changed("properties/name", {"anyOf": [{"type": "string"}, {"type": "null"}]}), "/name"),
    "the maximum rose": (changed("properties/total/maximum", 1000), "/total: widened"),
    "a field may now be missing": (changed("required", ["kind"]), "/total: the field is no longer always there"),
}


@pytest.mark.parametrize("case", BREAKING_FOR_READERS)
def test_widening_breaks_readers_of_what_we_produce_and_no_writer(case: str) -> None:
    new, expected = BREAKING_FOR_READERS[case]
    assert any(line.startswith(expected) for line in breaking_changes(order(), new, direction="produced"))
    assert breaking_changes(order(), new, direction="consumed") == []


def test_a_new_required_field_breaks_writers_and_no_reader() -> None:
    new = with_field(required=True)
    assert breaking_changes(order(), new, direction="consumed") == ["/added: the field became required"]
    assert breaking_changes(order(), new, direction="produced") == []


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_unknown_fields_closed_where_they_were_open(direction: Direction) -> None:
    found = breaking_changes(changed("additionalProperties", ...), order(), direction=direction)
    assert "/: unknown fields are no longer allowed" in found


COMPATIBLE = {
    "nothing": order(),
    "an optional field was added": with_field(required=False),
    "a description was added": changed("properties/name/description", "Of the customer."),
    "a title was added": changed("title", "Order"),
    "a definition was inlined": changed(
        "properties/line/anyOf/0", {**order()["$defs"]["Line"], "description": "the same"}
    ),
    "the choices were reordered": changed("properties/note/anyOf", [{"type": "null"}, {"type": "string"}]),
    "the values were reordered": changed("properties/kind/enum", ["delivery", "pickup"]),
}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("case", COMPATIBLE)
def test_a_compatible_change_passes(case: str, direction: Direction) -> None:
    assert breaking_changes(order(), COMPATIBLE[case], direction=direction) == []


def test_schemas_that_cannot_be_compared_are_refused_not_guessed() -> None:
    with pytest.raises(ValueError, match="allOf"):
        breaking_changes(order(), {"allOf": [{"type": "object"}, {"type": "object"}]}, direction="consumed")
