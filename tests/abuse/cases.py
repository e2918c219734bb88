"""Every request of the suite: operation x role x whose record is named, and the answer that the table demands."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args
from uuid import UUID, uuid4

from api.auth import permitted
from contracts.base import Role, TenantId
from tests.abuse import seeds
from tests.abuse.operations import Json, Operation
from tests.abuse.seeds import Kind, Part
from tests.isolation.rows import Ids

Reach = Literal["own", "other site", "other tenant", "missing", "malformed"]
SITE_BOUND: frozenset[Role] = frozenset({"site_manager", "worker"})
"""Roles whose callers in this suite are given one site, or one camera, of the tenant's two."""

_ROLES: tuple[Role | None, ...] = (None, *get_args(Role))
_OTHERS: tuple[Reach, ...] = ("other site", "other tenant", "missing", "malformed")
_WHATEVER_IS_THERE = "*"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the request where a record is named: in the path, the query or the body (steps into it)."""

    place: Literal["path", "query", "body"]
    steps: tuple[str | int, ...]
    kind: Kind

    def __str__(self) -> str:
        return f"{self.place} {'/'.join(map(str, self.steps))}"


@dataclass(frozen=True, slots=True)
class Case:
    operation: Operation
    role: Role | None
    reach: Reach
    slot: Slot | None = None

    def __str__(self) -> str:
        where = f" in {self.slot}" if self.slot else ""
        return f"{self.operation.name} as {self.role or 'nobody'}: {self.reach}{where}"

    @property
    def let_in(self) -> bool:
        """Whether the access table lets the caller use the route at all."""
        access = self.operation.access
        return access == "public" or (self.role is not None and permitted(self.role, access))

    @property
    def own_world(self) -> bool:
        """Whether the request names records that the caller may see, and no others."""
        if self.reach == "other site":
            return self.slot is None or not _kept_from(self.role, self.slot.kind)
        return self.reach == "own" or (self.reach == "other tenant" and self.of_platform)

    @property
    def of_platform(self) -> bool:
        """Whether a system administrator asks for a tenant's own record."""
        return self.role == "system_admin" and seeds.seed_of(self.operation).platform

    def demanded(self) -> frozenset[int]:
        """The statuses that may answer the case."""
        operation, seed = self.operation, seeds.seed_of(self.operation)
        below_500 = frozenset(status for status in operation.statuses if status < 500)
        if operation.access == "public":
            return below_500
        if not self.let_in:
            return frozenset({401 if self.role is None else 403})
        if self.reach == "own" or (self.own_world and self.of_platform):
            return frozenset({operation.success}) | seed.own
        if self.own_world:
            # Another record of one's own tenant beside the rest of the request: it fits, or what was named does not.
            return (below_500 - {401, 403}) | seed.elsewhere
        if self.reach == "malformed":
            in_batch = self.slot is not None and self.slot.place == "body" and 200 in seed.elsewhere
            return frozenset({200, 422}) if in_batch else frozenset({422})
        return seed.elsewhere


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str | list[str]]
    headers: dict[str, str]
    body: Any = None
    files: list[tuple[str, Part]] | None = None
    """Of a multipart body, whose JSON parts are in `body`, by name."""

    def arguments(self) -> Json:
        """As httpx takes them, but for the method and the path."""
        sent: Json = {"params": self.query, "headers": self.headers}
        if self.files is not None:
            told = [
                (name, (f"{name}.json" if name == "events" else None, json.dumps(part).encode(), "application/json"))
                for name, part in self.body.items()
            ]
            sent["files"] = [*told, *self.files]
        elif self.body is not None:
            sent["json"] = self.body
        return sent

    def text(self) -> str:
        """All that is said in it, to tell what an answer only repeats."""
        return f"{self.path} {self.query} {self.body}"


def cases_of(operation: Operation) -> Iterator[Case]:
    """Raises UnknownOperationError for an operation that nobody has said how to ask for."""
    seeds.check(operation)
    slots = list(slots_of(operation))
    for role in _ROLES:
        yield Case(operation, role, "own")
        for slot in slots:
            for reach in _OTHERS:
                yield Case(operation, role, reach, slot)


def slots_of(operation: Operation) -> Iterator[Slot]:
    """Where the operation's requests name records."""
    for name in operation.path_parameters:
        yield Slot("path", (name,), _kind(name))
    for name in operation.query_parameters:
        kind = seeds.kind_of(name)
        if kind is not None:
            yield Slot("query", (name,), kind)
    own, sibling = Ids(TenantId(uuid4())), Ids(TenantId(uuid4()))
    named = {str(getattr(ids, found.name)): found.name for ids in (own, sibling) for found in fields(Ids)}
    for steps, leaf in leaves(seeds.json_body(operation, own, sibling), ()):
        if isinstance(leaf, str) and leaf in named:
            yield Slot("body", steps, _kind(named[leaf]))


def request_of(operation: Operation, own: Ids, sibling: Ids) -> Request:
    """The request that names the caller's own records."""
    path = re.sub(r"\{(\w+)\}", lambda found: str(getattr(own, _kind(found[1]).field)), operation.path)
    return Request(
        method=operation.method,
        path=path,
        query=dict(seeds.seed_of(operation).query),
        headers=dict.fromkeys(operation.conditions, _WHATEVER_IS_THERE),
        body=seeds.json_body(operation, own, sibling),
        files=seeds.files(operation),
    )


def bent(request: Request, operation: Operation, slot: Slot, value: str) -> Request:
    """The request with another value in a slot."""
    if slot.place == "path":
        (name,) = slot.steps
        before, _, _ = operation.path.partition(f"{{{name}}}")
        pattern = "([^/]+)".join(re.escape(part) for part in re.split(r"\{\w+\}", operation.path))
        given = re.fullmatch(pattern, request.path)
        assert given is not None
        index = before.count("{")
        kept = [value if at == index else found for at, found in enumerate(given.groups())]
        return replace(request, path=re.sub(r"\{\w+\}", lambda _: kept.pop(0), operation.path))
    if slot.place == "query":
        (name,) = slot.steps
        return replace(request, query={**request.query, str(name): value})
    body = copy.deepcopy(request.body)
    target = body
    for step in slot.steps[:-1]:
        target = target[step]
    target[slot.steps[-1]] = value
    return replace(request, body=body)


def value_for(reach: Reach, slot: Slot, *, other_site: Ids, other_tenant: Ids) -> str:
    """What a slot holds in a case that reaches elsewhere."""
    if reach == "other site":
        return str(getattr(other_site, slot.kind.field))
    if reach == "other tenant":
        return str(getattr(other_tenant, slot.kind.field))
    if reach == "missing":
        return str(uuid4())
    return "no-id"


def secrets_of(ids: Ids, *, site_bound: bool) -> set[str]:
    """What would tell of these records: their ids and names, or only those that are a site's own."""
    held = {found.name: getattr(ids, found.name) for found in fields(Ids)}
    if site_bound:
        held = {name: value for name, value in held.items() if name in seeds.KINDS}
    return {str(value) for value in held.values() if isinstance(value, UUID | str)}


def _kept_from(role: Role | None, kind: Kind) -> bool:
    """Whether the caller may not see such a record of the other site. A worker is bound to its camera alone."""
    return (role == "site_manager" and kind.scope == "site") or (role == "worker" and kind.field == "camera_id")


def _kind(name: str) -> Kind:
    kind = seeds.kind_of(name)
    assert kind is not None
    return kind


def leaves(value: object, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*steps, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*steps, index))
    else:
        yield steps, value
