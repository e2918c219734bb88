"""Two tenants with data in each, one of them with two sites, and callers who ask for their own and for others'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
from sqlalchemy import text

from contracts.base import CameraId, Role, TenantId
from footfall import sessions, tokens
from footfall.access import Principal
from footfall.tenancy import tenant_transaction
from tests.abuse import cases
from tests.abuse.cases import Case, Request
from tests.abuse.operations import STREAM
from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import face_event, send
from tests.integration.api.harness import Caller, photograph
from tests.isolation.rows import ROWS, Ids, plant


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: the answer, and what it told (ids, names) and changed (tables) of what is not the
    caller's."""

    status: int
    text: str
    leaked: frozenset[str]
    changed: frozenset[str]


@dataclass(frozen=True)
class World:
    """`here` is the callers' tenant, with `own` and, at another site, `sibling`; `there` is another tenant, whose rows
    no case may see or change."""

    here: Tenant
    there: Tenant
    own: Ids
    sibling: Ids
    theirs: Ids
    new_tenant: Callable[[], TenantId]
    seen: dict[str, str]
    """Digests of the other tenant's tables, as they were seen last."""
    callers: dict[Role, Caller] = field(default_factory=dict)

    @classmethod
    def made(cls, here: Tenant, there: Tenant, new_tenant: Callable[[], TenantId]) -> World:
        own, sibling, theirs = (_planted(tenant) for tenant in (here, here, there))
        for tenant, ids in ((here, own), (there, theirs)):
            # What only the API makes: a face and a customer in the vector store, the same in both tenants.
            staff = tenant.staff("Known by face")
            tenant.admin.post(f"/v1/staff/{staff['staff_id']}/faces", files={"image": ("a.jpg", photograph(7))})
            send(tenant.admin, face_event(str(ids.camera_id), who=7))
        return cls(here, there, own, sibling, theirs, new_tenant, digests(there))

    def fresh(self) -> Ids:
        """Records of the callers' tenant that nothing was done to yet."""
        return _planted(self.here)

    def caller(self, role: Role | None, own: Ids, *, shared: bool = False) -> Caller:
        """Of this tenant; a site manager with one site, a worker with the planted key and its one camera. Those that
        are shared are made once."""
        if role is None:
            return self.here.running.nobody
        if shared and role in self.callers:
            return self.callers[role]
        if role == "worker":
            made = self._by_planted_key(own)
        else:
            made = self.here.caller(role, sites=[str(own.site_id)] if role == "site_manager" else None)
        if shared:
            self.callers[role] = made
        return made

    def _by_planted_key(self, own: Ids) -> Caller:
        running = self.here.running
        key = Principal(own.tenant_id, f"key:{own.key_id}", "worker", camera_ids=frozenset({CameraId(own.camera_id)}))
        principal = sessions.begin(running.engine, key, running.settings).principal
        return running.nobody.with_token(tokens.issue(principal, running.keys, running.settings)[0])

    def play(self, case: Case) -> Outcome:
        """The case's request is made, with fresh records and a fresh caller where it may change them."""
        own, sibling, theirs = self.own, self.sibling, self.theirs
        may_change = case.let_in and case.operation.changes and case.own_world
        if may_change:
            own, sibling = self.fresh(), self.fresh()
        caller = self.caller(case.role, own, shared=not may_change)
        if may_change and case.of_platform:
            own, sibling, theirs = (replace(ids, tenant_id=self.new_tenant()) for ids in (own, sibling, theirs))
        request = cases.request_of(case.operation, own, sibling)
        if case.slot is not None:
            value = cases.value_for(case.reach, case.slot, other_site=sibling, other_tenant=theirs)
            request = cases.bent(request, case.operation, case.slot, value)
        return self.ask(caller, request, site_bound=case.role in cases.SITE_BOUND, of_platform=case.of_platform)

    def ask(self, caller: Caller, request: Request, *, site_bound: bool = False, of_platform: bool = False) -> Outcome:
        """The answer, held to the document, to what is the other tenant's, and to what is the other site's."""
        secret = cases.secrets_of(self.theirs, site_bound=False)
        if of_platform:
            secret.discard(str(self.theirs.tenant_id))
        if site_bound:
            secret |= cases.secrets_of(self.sibling, site_bound=True)
        status, said = _answer(caller, request)
        asked = request.text()
        return Outcome(
            status=status,
            text=said,
            leaked=frozenset(found for found in secret if found in said and found not in asked),
            changed=self._changed() if request.method != "GET" and status not in (401, 403) else frozenset(),
        )

    def _changed(self) -> frozenset[str]:
        before, after = dict(self.seen), digests(self.there)
        self.seen.update(after)
        return frozenset(table for table, digest in after.items() if before[table] != digest)


def digests(tenant: Tenant) -> dict[str, str]:
    """By table: a digest of every row of the tenant, another one after any change."""
    each = " union all ".join(
        f"select '{table}' as name, md5(string_agg(to_jsonb(t)::text, '|' order by to_jsonb(t)::text)) as digest"
        f" from footfall.{table} as t"
        for table in ROWS
    )
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        return {row.name: row.digest for row in connection.execute(text(each)).all()}


def _planted(tenant: Tenant) -> Ids:
    ids = Ids(TenantId(tenant.tenant_id))
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        plant(connection, ids)
    return ids


def _answer(caller: Caller, request: Request) -> tuple[int, str]:
    arguments = request.arguments()
    headers = arguments.pop("headers")
    if caller.token is not None:
        headers = {**headers, "Authorization": f"Bearer {caller.token}"}
    built = caller.http.build_request(request.method, request.path, headers=headers, **arguments)
    answer: httpx.Response = caller.http.send(built, stream=True)
    try:
        if answer.is_success and answer.headers.get("content-type", "").startswith(STREAM):
            return answer.status_code, ""  # it has no end
        answer.read()
        caller.documented.check(answer)
        return answer.status_code, f"{answer.text} {answer.headers}"
    finally:
        answer.close()
