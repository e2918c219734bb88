"""Whether a JSON Schema may replace an older one of the same version: pure comparison of two schemas. No files here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Schema: TypeAlias = Mapping[str, Json]

Direction = Literal["consumed", "produced"]
"""`consumed`: others write the document and we read it. `produced`: we write it and others read it."""

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "examples", "deprecated"})
_STRUCTURE = frozenset(
    {"$ref", "anyOf", "oneOf", "allOf", "type", "const", "enum", "properties", "required", "additionalProperties"}
    | {"items", "prefixItems", "discriminator"}
)
_LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
_UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})


@dataclass(frozen=True, slots=True)
class _Change:
    """`path` is a JSON pointer into documents, with `*` for every item."""

    path: str
    kind: Literal["removed", "required", "default", "narrowed"]
    text: str

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.text}"


def breaking_changes(old: Schema, new: Schema, *, direction: Direction) -> list[str]:
    """Every way in which `new` breaks a party that was written against `old`; empty when it breaks none.

    A document that was valid stays valid: nothing is removed (a rename is a removal), newly required or narrowed.
    Of what we produce, readers are protected too: nothing they rely on is widened or stops being there; there a
    field may be added that is always present.

    A keyword this function does not know counts as a breaking change when it differs: better to stop than to guess.
    """
    changes = list(_narrowed(old, new, old, new, ""))
    if direction == "consumed":
        return [str(change) for change in changes]
    backwards = list(_narrowed(new, old, new, old, ""))
    added = {change.path for change in backwards if change.kind == "removed"}
    found = [str(change) for change in changes if not (change.kind == "required" and change.path in added)]
    for change in backwards:
        if change.kind == "narrowed":
            found.append(f"{change.path or '/'}: widened for readers ({change.text}, seen from the new to the old)")
        elif change.kind == "required":
            found.append(f"{change.path}: the field is no longer always there")
    return found


def _narrowed(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[_Change]:
    """Everything that `old` accepts and `new` refuses."""
    old, new = _flat(old, old_root), _flat(new, new_root)
    old_choices, new_choices = _choices(old, old_root), _choices(new, new_root)
    if len(old_choices) == 1 and len(new_choices) == 1:
        yield from _narrowed_plain(old_choices[0], new_choices[0], old_root, new_root, path)
        return
    for choice in old_choices:
        refusals = [list(_narrowed(choice, offered, old_root, new_root, path)) for offered in new_choices]
        if all(refusals):
            # The alternative that comes nearest says most about what happened.
            yield from min(refusals, key=len)
    yield from _narrowed_default(old, new, path)


def _narrowed_plain(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[_Change]:
    old_types, new_types = _types(old), _types(new)
    if new_types is not None and (old_types is None or not old_types <= new_types):
        yield _Change(path, "narrowed", f"the type {_said(old_types)} became {_said(new_types)}")
        return
    old_values, new_values = _values(old), _values(new)
    if new_values is not None and (old_values is None or any(value not in new_values for value in old_values)):
        yield _Change(path, "narrowed", f"the allowed values {old_values} became {new_values}")
    yield from _narrowed_bounds(old, new, path)
    yield from _narrowed_default(old, new, path)
    yield from _narrowed_object(old, new, old_root, new_root, path)
    yield from _narrowed_array(old, new, old_root, new_root, path)
    known = _ANNOTATIONS | _STRUCTURE | _LOWER_BOUNDS | _UPPER_BOUNDS | {"default"}
    for keyword in sorted((old.keys() | new.keys()) - known):
        # Dropping a rule (pattern, format) only ever accepts more; two different ones cannot be compared.
        if keyword in new and old.get(keyword) != new[keyword]:
            yield _Change(path, "narrowed", f"{keyword} {old.get(keyword)!r} became {new[keyword]!r}")


def _narrowed_bounds(old: Schema, new: Schema, path: str) -> Iterator[_Change]:
    for keyword in sorted((_LOWER_BOUNDS | _UPPER_BOUNDS) & new.keys()):
        before, after = _number(old.get(keyword)), _number(new[keyword])
        tightened = before is None or (
            after is not None and (after > before if keyword in _LOWER_BOUNDS else after < before)
        )
        if tightened:
            yield _Change(path, "narrowed", f"{keyword} {old.get(keyword)!r} became {new[keyword]!r}")


def _narrowed_default(old: Schema, new: Schema, path: str) -> Iterator[_Change]:
    # An absent field would come to mean something else.
    if "default" in old and "default" in new and old["default"] != new["default"]:
        yield _Change(path, "default", f"default {old['default']!r} became {new['default']!r}")


def _narrowed_object(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[_Change]:
    old_fields, new_fields = _mapping(old.get("properties")), _mapping(new.get("properties"))
    for name, field in old_fields.items():
        if name not in new_fields:
            yield _Change(f"{path}/{name}", "removed", "the field was removed")
        else:
            yield from _narrowed(_mapping(field), _mapping(new_fields[name]), old_root, new_root, f"{path}/{name}")
    for name in sorted(_strings(new.get("required")) - _strings(old.get("required"))):
        yield _Change(f"{path}/{name}", "required", "the field became required")
    old_extra, new_extra = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if old_extra is not False and new_extra is False:
        yield _Change(path, "narrowed", "unknown fields are no longer allowed")
    elif isinstance(old_extra, Mapping) and isinstance(new_extra, Mapping):
        yield from _narrowed(old_extra, new_extra, old_root, new_root, f"{path}/*")
    elif isinstance(new_extra, Mapping) and old_extra is True:
        yield _Change(path, "narrowed", "unknown fields became restricted")


def _narrowed_array(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[_Change]:
    if isinstance(new_items := new.get("items"), Mapping):
        yield from _narrowed(_mapping(old.get("items")), new_items, old_root, new_root, f"{path}/*")
    old_prefix, new_prefix = _schemas(old.get("prefixItems")), _schemas(new.get("prefixItems"))
    for index, wanted in enumerate(new_prefix):
        before = old_prefix[index] if index < len(old_prefix) else {}
        yield from _narrowed(before, wanted, old_root, new_root, f"{path}/{index}")


def _flat(schema: Schema, root: Schema) -> Schema:
    """Follows `$ref` and merges its siblings over it; a single `allOf` is the same thing in older clothes."""
    whole = schema.get("allOf")
    if isinstance(whole, Sequence) and not isinstance(whole, str):
        if len(whole) != 1:
            raise ValueError("allOf with several parts cannot be compared")
        schema = {**_mapping(whole[0]), **{key: value for key, value in schema.items() if key != "allOf"}}
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    target: Json = root
    for part in reference.removeprefix("#/").split("/"):
        target = _mapping(target)[part]
    return _flat({**_mapping(target), **{key: value for key, value in schema.items() if key != "$ref"}}, root)


def _choices(schema: Schema, root: Schema) -> Sequence[Schema]:
    offered = _schemas(schema.get("anyOf")) or _schemas(schema.get("oneOf"))
    return [_flat(choice, root) for choice in offered] or [schema]


def _types(schema: Schema) -> frozenset[str] | None:
    stated = schema.get("type")
    types = {stated} if isinstance(stated, str) else _strings(stated)
    if "number" in types:
        types = types | {"integer"}
    return frozenset(types) or None


def _values(schema: Schema) -> list[Json] | None:
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return list(listed) if isinstance(listed, Sequence) and not isinstance(listed, str) else None


def _said(types: frozenset[str] | None) -> str:
    return "anything" if types is None else "/".join(sorted(types))


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _schemas(value: Json) -> list[Schema]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [_mapping(item) for item in value]


def _strings(value: Json) -> set[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return set()
    return {item for item in value if isinstance(item, str)}
