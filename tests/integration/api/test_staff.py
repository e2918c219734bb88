"""Staff and their photographs: enrolled, recognised, removed, and every photograph that cannot be enrolled."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Json, photograph, slug_of

ADA, GRACE = 1815, 1906


def upload(image: bytes, filename: str = "photo.jpg", media_type: str = "image/jpeg") -> dict[str, Any]:
    return {"files": {"image": (filename, image, media_type)}}


def enrol(tenant: Tenant, staff: Json, person: int) -> Json:
    return tenant.admin.post(f"/v1/staff/{staff['staff_id']}/faces", **upload(photograph(person)))


def test_a_staff_member_is_made_found_and_removed(tenant: Tenant) -> None:
    answer = tenant.admin.ask("POST", "/v1/staff", json={"display_name": "Ada", "external_ref": "P-1815"})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/staff/{made['staff_id']}")
    assert tenant.admin.get("/v1/staff")["items"] == [made]
    tenant.admin.delete(f"/v1/staff/{made['staff_id']}")
    assert tenant.admin.refused("GET", f"/v1/staff/{made['staff_id']}").status == 404
    assert tenant.admin.refused("DELETE", f"/v1/staff/{made['staff_id']}").status == 404


def test_an_external_ref_can_be_used_once(tenant: Tenant) -> None:
    body = {"display_name": "Ada", "external_ref": "P-1815"}
    tenant.admin.post("/v1/staff", body)
    assert tenant.admin.refused("POST", "/v1/staff", json=body).status == 409


def test_an_enrolled_face_is_listed_recognised_and_removed(tenant: Tenant) -> None:
    ada = tenant.staff("Ada")
    test_path = f"/v1/staff/{ada['staff_id']}/recognition-test"
    assert tenant.admin.post(test_path, **upload(photograph(ADA)))["matches"] is False

    face = enrol(tenant, ada, ADA)
    listed = tenant.admin.get(f"/v1/staff/{ada['staff_id']}/faces")["items"]
    assert [item["face_id"] for item in listed] == [face["face_id"]]
    assert tenant.admin.get(f"/v1/staff/{ada['staff_id']}")["faces"] == 1

    result = tenant.admin.post(test_path, **upload(photograph(ADA)))
    [tested] = result["faces"]
    assert result["matches"] is True
    assert tested["decision"]["kind"] == "staff"
    assert tested["candidates"][0] | {"score": 1} == {
        "person_kind": "staff",
        "person_id": ada["staff_id"],
        "display_name": "Ada",
        "score": 1,
    }
    assert tenant.admin.post(test_path, **upload(photograph(GRACE)))["matches"] is False

    tenant.admin.delete(f"/v1/staff/{ada['staff_id']}/faces/{face['face_id']}")
    assert tenant.admin.post(test_path, **upload(photograph(ADA)))["matches"] is False
    assert tenant.admin.refused("DELETE", f"/v1/staff/{ada['staff_id']}/faces/{face['face_id']}").status == 404


def test_a_recognition_test_stores_nothing(quiet: Tenant) -> None:
    ada = quiet.staff()
    quiet.admin.post(f"/v1/staff/{ada['staff_id']}/recognition-test", **upload(photograph(ADA, faces=2)))
    assert quiet.admin.get(f"/v1/staff/{ada['staff_id']}/faces")["items"] == []
    assert quiet.admin.get("/v1/visits")["items"] == []


def test_the_same_photograph_twice_is_a_conflict(tenant: Tenant) -> None:
    ada = tenant.staff()
    enrol(tenant, ada, ADA)
    found = tenant.admin.refused("POST", f"/v1/staff/{ada['staff_id']}/faces", **upload(photograph(ADA)))
    assert (found.status, slug_of(found)) == (409, "conflict")


def png(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, packed as a bomb packs them: nothing but zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(width * 3 + 1) * min(height, 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def gray(side: int) -> bytes:
    done, encoded = cv2.imencode(".png", np.full((side, side, 3), 128, dtype=np.uint8))
    assert done
    return encoded.tobytes()


BAD_PHOTOGRAPHS: dict[str, tuple[bytes, int, str]] = {
    "an empty file": (b"", 422, "not-an-image"),
    "text": (b"I am a photograph.", 422, "not-an-image"),
    "a web page": (b"<html><script>alert(1)</script></html>", 422, "not-an-image"),
    "a JPEG cut off in its header": (photograph(ADA)[:20], 422, "not-an-image"),
    "a PNG bomb": (png(30_000, 30_000), 413, "image-too-large"),
    "a very long PNG": (png(1_000_000, 10), 413, "image-too-large"),
    "more bytes than an image may have": (photograph(ADA) + bytes(2_600_000), 413, "image-too-large"),
    "nobody": (gray(300), 422, "no-face"),
    "two people": (photograph(ADA, faces=2), 422, "several-faces"),
}


@pytest.mark.parametrize("case", BAD_PHOTOGRAPHS)
def test_a_photograph_that_cannot_be_enrolled_is_explained_and_leaves_nothing(quiet: Tenant, case: str) -> None:
    image, status, slug = BAD_PHOTOGRAPHS[case]
    ada = quiet.staff()
    found = quiet.admin.refused("POST", f"/v1/staff/{ada['staff_id']}/faces", **upload(image))
    assert (found.status, slug_of(found)) == (status, slug)
    assert found.detail
    assert quiet.admin.get(f"/v1/staff/{ada['staff_id']}/faces")["items"] == []


def test_what_the_sender_calls_the_image_does_not_matter(tenant: Tenant) -> None:
    ada = tenant.staff()
    tenant.admin.post(
        f"/v1/staff/{ada['staff_id']}/faces", **upload(photograph(ADA), "../../etc/passwd", "application/pdf")
    )


@pytest.mark.parametrize(
    ("request_body", "status", "field"),
    [
        ({"files": {"picture": ("a.jpg", b"x")}}, 422, "image"),
        ({"files": {"image": (None, "text")}}, 422, "image"),
        ({"files": [("image", ("a.jpg", b"x")), ("image", ("b.jpg", b"y"))]}, 422, "image"),
        ({"json": {"image": "x"}}, 415, None),
        ({"content": photograph(ADA), "headers": {"content-type": "image/jpeg"}}, 415, None),
        ({}, 415, None),
    ],
)
def test_a_body_of_the_wrong_form_is_refused(
    quiet: Tenant, request_body: dict[str, Any], status: int, field: str | None
) -> None:
    ada = quiet.staff()
    found = quiet.admin.refused("POST", f"/v1/staff/{ada['staff_id']}/faces", **request_body)
    assert found.status == status
    assert [item.field for item in found.errors][:1] == ([field] if field else [])


def test_an_upload_over_the_limit_is_refused(quiet: Tenant) -> None:
    ada = quiet.staff()
    found = quiet.admin.refused("POST", f"/v1/staff/{ada['staff_id']}/faces", **upload(bytes(3_000_001)))
    assert (found.status, slug_of(found)) == (413, "request-too-large")


def test_a_tenant_that_only_counts_enrols_nobody(new_tenant: Callable[..., Tenant]) -> None:
    counting = new_tenant(privacy_mode="count_only")
    ada = counting.staff()
    found = counting.admin.refused("POST", f"/v1/staff/{ada['staff_id']}/faces", **upload(photograph(ADA)))
    assert (found.status, slug_of(found)) == (403, "privacy-mode-forbids")
