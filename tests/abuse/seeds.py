"""How to ask for each operation with ids of one's own: one table, and what follows from the document's examples.

A new operation usually needs nothing here: its path parameters are fields of `tests.isolation.rows.Ids`, and its body
is the document's example with those ids filled in. What cannot be found out so has a row below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from uuid import uuid4

from tests.abuse.operations import Operation, resolved
from tests.integration.api.event_kit import face_event
from tests.integration.api.harness import photograph
from tests.isolation.rows import Ids

Scope = Literal["tenant", "site"]
"""Who is kept from another's: the callers of other tenants, or those of other sites of the tenant as well."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter names: a field of Ids, and how far it is seen."""

    field: str
    scope: Scope = "tenant"


@dataclass(frozen=True, slots=True)
class Seed:
    """What the document does not say.

    `body` is made of the caller's own ids and of a sibling's, which are other records of the same tenant; `without`
    are optional parts that are left out. `platform`: a system administrator's operation on the tenants' own records,
    which are no secret to one and are fresh ones wherever they may change. `own` are statuses that one's own planted
    record may be answered with beside success, `elsewhere` those for another's, each for a reason that the row states:
    that there is no such thing is the rule.
    """

    body: Callable[[Ids, Ids], object] | None = None
    query: Mapping[str, str | list[str]] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    platform: bool = False
    own: frozenset[int] = frozenset()
    elsewhere: frozenset[int] = frozenset({404})


# Parameters whose meaning is not just "the field of Ids of that name, of the tenant".
KINDS: dict[str, Kind] = {
    "site_id": Kind("site_id", "site"),
    "camera_id": Kind("camera_id", "site"),
    "customer_id": Kind("customer_id", "site"),
    "event_id": Kind("event_id", "site"),
    "visit_id": Kind("visit_id", "site"),
}

Part = tuple[str | None, bytes, str]
"""File name (None for a part that is text), content and media type."""

# The parts of multipart bodies, by name: those that are the same for everybody, and those that are JSON.
PARTS: dict[str, Part] = {
    "image": ("face.jpg", photograph(7), "image/jpeg"),
    "images": ("face.jpg", photograph(7), "image/jpeg"),
    "consent": (None, b"Form 17", "text/plain"),
}
JSON_PARTS: dict[str, Callable[[Ids], object]] = {
    "event": lambda ids: face_event(str(ids.camera_id), who=7),
    "events": lambda ids: [face_event(str(ids.camera_id), who=7)],
}

# By operation id.
SEEDS: dict[str, Seed] = {
    # Nobody's credentials: the suites of tokens and of signing in are elsewhere.
    "issueToken": Seed(own=frozenset({401})),
    # The callers' password is nobody's, and keys have none.
    "changeOwnPassword": Seed(own=frozenset({403, 422})),
    "listTenants": Seed(platform=True),
    "getTenant": Seed(platform=True),
    "changeTenant": Seed(platform=True),
    "requestTenantDeletion": Seed(platform=True),
    "switchTenant": Seed(platform=True),
    # The planted have a history, which is not deleted with them.
    "deleteSite": Seed(own=frozenset({409})),
    "deleteCamera": Seed(own=frozenset({409})),
    # The planted camera has its worker.
    "createWorker": Seed(own=frozenset({409})),
    # One and the same refusal of every worker and camera that is not the key's, whether it is there or not.
    # Of its own heartbeat, what it says of cameras that are not its own is passed over.
    "sendHeartbeat": Seed(elsewhere=frozenset({200, 403, 404})),
    "noteProgress": Seed(elsewhere=frozenset({403, 404})),
    "reportCommand": Seed(elsewhere=frozenset({403, 404})),
    "recordFaceEvent": Seed(elsewhere=frozenset({403, 404})),
    # A batch answers for each of its events. Each crop is named after its event.
    "recordFaceEvents": Seed(without=frozenset({"images"}), elsewhere=frozenset({200, 403, 404})),
    "placeLegalHold": Seed(
        lambda own, _: {"subject_kind": "customer", "subject_id": str(own.customer_id), "reference": "File 12"}
    ),
    # Only the rows are planted, and no photograph in the object store.
    "getFaceImage": Seed(own=frozenset({404})),
    "getSightingImage": Seed(own=frozenset({404})),
    # The planted customer's erasure was asked for. For one who is nobody here it never was.
    "requestErasure": Seed(own=frozenset({409})),
    # Of the planted camera's period, once; nothing planted was proved.
    "orderErasure": Seed(own=frozenset({409})),
    "getPurgeCertificate": Seed(own=frozenset({404})),
    "getTenantErasure": Seed(platform=True, own=frozenset({404})),
    "listErasureRequests": Seed(elsewhere=frozenset({200, 404})),
    # Of a person who is nobody here there are no visits.
    "listVisits": Seed(elsewhere=frozenset({200, 404})),
    "exportVisits": Seed(elsewhere=frozenset({200, 404})),
    # The planted photograph shows somebody else, and the one that is sent is enrolled already.
    "enrolFace": Seed(query={"overrule": ["disagrees_with_others", "already_enrolled_as"]}),
    # The planted customer has one sighting, and a sighting that is not the customer's is a mistake in the request.
    "splitCustomer": Seed(own=frozenset({422}), elsewhere=frozenset({404, 422})),
    "mergeCustomer": Seed(lambda _, sibling: {"into": str(sibling.customer_id)}),
    "promoteCustomer": Seed(lambda own, _: {"staff_id": str(own.staff_id)}),
    "moveSighting": Seed(lambda _, sibling: {"to": {"person_kind": "customer", "person_id": str(sibling.customer_id)}}),
    "moveFace": Seed(lambda _, sibling: {"to_staff_id": str(sibling.staff_id)}),
}

_FIELDS = frozenset(found.name for found in fields(Ids)) - {"name"}
# Of these there can be one of a value in a tenant, or in all of them.
_UNIQUE = frozenset({"name", "external_ref", "email", "slug", "admin_email"})


class UnknownOperationError(AssertionError):
    """An operation that nobody has said how to ask for."""


def kind_of(parameter: str) -> Kind | None:
    """What a parameter names, if it names a record."""
    return KINDS.get(parameter) or (Kind(parameter) if parameter in _FIELDS else None)


def seed_of(operation: Operation) -> Seed:
    return SEEDS.get(operation.name, Seed())


def check(operation: Operation) -> None:
    """Raises UnknownOperationError, with what to add, for an operation that cannot be asked for."""
    for parameter in operation.path_parameters:
        if kind_of(parameter) is None:
            raise UnknownOperationError(
                f"{operation} has the path parameter {parameter!r}, of which nothing is planted: add the field "
                f"{parameter} to Ids in tests/isolation/rows.py and use it in its table's row, or say in KINDS of "
                "tests/abuse/seeds.py which field it is."
            )
    if operation.media_type == "multipart/form-data":
        for part in _parts(operation):
            if part not in {*PARTS, *JSON_PARTS, *_parts_of_example(operation)}:
                raise UnknownOperationError(
                    f"{operation} takes the part {part!r}: say in PARTS of tests/abuse/seeds.py what it holds."
                )
    elif operation.media_type is not None and seed_of(operation).body is None and operation.body_example is None:
        raise UnknownOperationError(
            f"{operation} takes a body of which the document has no example: add one to api/examples.py under "
            f"{operation.name!r}, or a row to SEEDS of tests/abuse/seeds.py."
        )


def json_body(operation: Operation, own: Ids, sibling: Ids) -> Any:
    """The JSON that an operation takes, with the caller's ids in it: its body, or its parts by name. None for none."""
    if operation.media_type == "multipart/form-data":
        told = {name: _filled(part, own) for name, part in _parts_of_example(operation).items()}
        told |= {name: make(own) for name, make in JSON_PARTS.items()}
        return {name: told[name] for name in _parts(operation) if name in told}
    if operation.media_type != "application/json":
        return None
    made = seed_of(operation).body
    return _filled(operation.body_example, own) if made is None else made(own, sibling)


def files(operation: Operation) -> list[tuple[str, Part]] | None:
    """The other parts of an operation that takes a multipart body."""
    if operation.media_type != "multipart/form-data":
        return None
    return [(name, PARTS[name]) for name in _parts(operation) if name in PARTS]


def _parts(operation: Operation) -> list[str]:
    left_out = seed_of(operation).without
    return [name for name in resolved(operation.body or {})["properties"] if name not in left_out]


def _parts_of_example(operation: Operation) -> dict[str, object]:
    """The parts that are JSON in the document's example."""
    example = operation.body_example
    return (
        {name: part for name, part in example.items() if not isinstance(part, str) and name not in PARTS}
        if isinstance(example, dict)
        else {}
    )


def _filled(value: object, ids: Ids) -> object:
    """The example with every id that names a planted record replaced, and every name that must be nobody's yet."""
    if isinstance(value, dict):
        return {key: _entry(key, item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, ids) for item in value]
    return value


def _entry(key: str, value: object, ids: Ids) -> object:
    kind = kind_of(key)
    if kind is not None and isinstance(value, str):
        return str(getattr(ids, kind.field))
    several = kind_of(key.removesuffix("s"))
    if several is not None and isinstance(value, list) and value:
        return [str(getattr(ids, several.field))]
    if key in _UNIQUE and isinstance(value, str):
        return f"{uuid4().hex[:12]}{value}" if "@" in value else f"{value[:40]}-{uuid4().hex[:12]}"
    return _filled(value, ids)
