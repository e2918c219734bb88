"""The gallery of staff, as workers read it: all of it once, again only when it has changed, and for nobody else."""

from __future__ import annotations

import base64
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from contracts.gallery import StaffGallery
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import photograph, slug_of
from tests.integration.api.test_staff import upload
from tests.integration.api.worker_kit import Host, registered


@pytest.fixture
def host(tenant: Tenant) -> Host:
    return registered(tenant)


def enrolled(host: Host, name: str, who: int) -> str:
    staff_id: str = host.tenant.admin.post("/v1/staff", {"display_name": name})["staff_id"]
    answer = host.tenant.admin.ask("POST", f"/v1/staff/{staff_id}/faces", **upload(photograph(who)))
    assert answer.status_code == 201, answer.text
    return staff_id


def test_it_holds_every_staff_member_s_templates(host: Host) -> None:
    ada, bob = enrolled(host, "Ada", 1), enrolled(host, "Bob", 2)

    gallery = StaffGallery.model_validate(host.own.get("/v1/gallery/staff"))

    assert {one.staff_id for one in gallery.templates} == {UUID(ada), UUID(bob)}
    assert 0 < gallery.threshold < 1
    for one in gallery.templates:
        vector = np.frombuffer(base64.b64decode(one.embedding.vector), "<f4")
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4)


def test_it_is_sent_again_only_when_it_has_changed(host: Host) -> None:
    enrolled(host, "Ada", 1)
    first = host.own.ask("GET", "/v1/gallery/staff")
    tag = first.headers["etag"]

    same = host.own.ask("GET", "/v1/gallery/staff", headers={"If-None-Match": tag})
    enrolled(host, "Bob", 2)
    changed = host.own.ask("GET", "/v1/gallery/staff", headers={"If-None-Match": tag})

    assert (first.status_code, same.status_code, changed.status_code) == (200, 304, 200)
    assert same.content == b""
    assert changed.headers["etag"] != tag
    assert len(changed.json()["templates"]) == len(first.json()["templates"]) + 1


def test_nobody_but_a_worker_may_read_it(host: Host) -> None:
    assert host.tenant.admin.ask("GET", "/v1/gallery/staff").status_code == 403


def test_a_tenant_that_only_counts_has_none(host: Host) -> None:
    enrolled(host, "Ada", 1)
    with tenant_transaction(host.tenant.running.engine, host.tenant.tenant_id) as connection:
        connection.execute(
            text("update footfall.tenants set privacy_mode = 'count_only' where tenant_id = footfall.current_tenant()")
        )

    problem = host.own.refused("GET", "/v1/gallery/staff")

    assert slug_of(problem) == "privacy-mode-forbids"


def test_another_tenant_s_staff_are_not_in_it(host: Host, other_tenant: Tenant) -> None:
    enrolled(host, "Ada", 1)

    assert registered(other_tenant).own.get("/v1/gallery/staff")["templates"] == []
