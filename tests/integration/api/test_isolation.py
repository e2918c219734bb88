"""Another tenant's ids: everywhere answered as if they did not exist, and never with data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Json, photograph, slug_of


@pytest.fixture(scope="module")
def owner(new_tenant: Callable[..., Tenant]) -> Tenant:
    return new_tenant()


@pytest.fixture(scope="module")
def theirs(owner: Tenant) -> dict[str, Json]:
    site = owner.site("Secret site")
    staff = owner.staff("Secret Person")
    path = f"/v1/staff/{staff['staff_id']}/faces"
    face = owner.admin.post(path, files={"image": ("a.jpg", photograph(7))})
    return {"site": site, "camera": owner.camera(site["site_id"], "Secret door"), "staff": staff, "face": face}


@pytest.fixture(scope="module")
def mine(new_tenant: Callable[..., Tenant]) -> Tenant:
    return new_tenant()


CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v1/sites/{site[site_id]}", {}),
    ("GET", "/v1/cameras/{camera[camera_id]}", {}),
    ("GET", "/v1/cameras?site_id={site[site_id]}", {}),
    ("GET", "/v1/staff/{staff[staff_id]}", {}),
    ("DELETE", "/v1/staff/{staff[staff_id]}", {}),
    ("GET", "/v1/staff/{staff[staff_id]}/faces", {}),
    ("POST", "/v1/staff/{staff[staff_id]}/faces", {"files": {"image": ("a.jpg", photograph(7))}}),
    ("DELETE", "/v1/staff/{staff[staff_id]}/faces/{face[face_id]}", {}),
    ("POST", "/v1/staff/{staff[staff_id]}/recognition-test", {"files": {"image": ("a.jpg", photograph(7))}}),
    ("GET", "/v1/visits?site_id={site[site_id]}", {}),
    ("GET", "/v1/visits?camera_id={camera[camera_id]}", {}),
    ("GET", "/v1/reports/traffic?site_id={site[site_id]}", {}),
    ("GET", "/v1/reports/days?site_id={site[site_id]}", {}),
    ("GET", "/v1/reports/occupancy?site_id={site[site_id]}", {}),
    ("GET", "/v1/reports/daily-dwell?site_id={site[site_id]}", {}),
    ("GET", "/v1/reports/cohorts?site_id={site[site_id]}", {}),
    ("GET", "/v1/reports/staff-presence?site_id={site[site_id]}", {}),
    ("GET", "/v1/reports/camera-health?site_id={site[site_id]}", {}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]}")
def test_anothers_record_is_not_there(
    mine: Tenant, owner: Tenant, theirs: dict[str, Json], case: tuple[str, str, dict[str, Any]]
) -> None:
    method, template, request_body = case
    found = mine.admin.refused(method, template.format(**theirs), **request_body)
    assert (found.status, slug_of(found)) == (404, "not-found")
    assert "Secret" not in found.model_dump_json()
    faces = owner.admin.get(f"/v1/staff/{theirs['staff']['staff_id']}/faces")["items"]
    assert [face["face_id"] for face in faces] == [theirs["face"]["face_id"]]


def test_a_camera_cannot_be_put_at_anothers_site(mine: Tenant, theirs: dict[str, Json]) -> None:
    body = {"site_id": theirs["site"]["site_id"], "name": "Spy"}
    assert mine.admin.refused("POST", "/v1/cameras", json=body).status == 404


def test_lists_hold_nothing_of_anothers(mine: Tenant, theirs: dict[str, Json]) -> None:
    for path in ("/v1/sites", "/v1/cameras", "/v1/staff", "/v1/visits"):
        assert mine.admin.get(path)["items"] == [], path
    assert mine.admin.get("/v1/reports/traffic", source="live")["rows"] == []


def test_anothers_staff_is_nobody_here(mine: Tenant, theirs: dict[str, Json]) -> None:
    own = mine.staff("Own")
    result = mine.admin.post(f"/v1/staff/{own['staff_id']}/recognition-test", files={"image": ("a.jpg", photograph(7))})
    assert [face["candidates"] for face in result["faces"]] == [[]]
