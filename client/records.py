"""The client's operations on places, staff, customers' records and the audit log: a part of `FootfallClient`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from client.sending import Sends
from client.transport import Part
from contracts.audit import AuditPage, AuditSort
from contracts.customers import CustomerPatch
from contracts.erasure import (
    ErasureOrder,
    ErasureRequest,
    ErasureRequestCreate,
    ErasureRequestPage,
    ErasureStatus,
    ErasureSubject,
    SignedCertificate,
    TenantErasure,
)
from contracts.people import RecognitionTrial, Staff, StaffCreate, StaffPage, StaffPatch, StaffSort
from contracts.places import (
    Archived,
    Camera,
    CameraCreate,
    CameraPage,
    CameraPatch,
    CameraSort,
    Site,
    SiteCreate,
    SitePage,
    SitePatch,
    SiteSort,
)
from contracts.records import CustomerProfileV1

if TYPE_CHECKING:
    pass


class RecordOperations:
    """Places, people and what was done to them. Every method raises as those of `FootfallClient`; `version` is the
    record's as it was read, and None deletes whatever is there."""

    def sites(
        self: Sends,
        *,
        name_contains: str | None = None,
        archived: Archived | None = None,
        sort: SiteSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> SitePage:
        return self._get(
            "/v1/sites",
            SitePage,
            name_contains=name_contains,
            archived=archived,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )

    def site(self: Sends, site_id: UUID) -> Site:
        return self._get(f"/v1/sites/{site_id}", Site)

    def create_site(self: Sends, site: SiteCreate) -> Site:
        return self._post("/v1/sites", Site, body=site)

    def change_site(self: Sends, site_id: UUID, patch: SitePatch, *, version: int) -> Site:
        return self._patch(f"/v1/sites/{site_id}", Site, body=patch, version=version)

    def delete_site(self: Sends, site_id: UUID, *, version: int | None = None) -> None:
        """Of a site with a history: refused, and to be archived instead."""
        self._send("DELETE", f"/v1/sites/{site_id}", headers=_if_match(version))

    def cameras(
        self: Sends,
        *,
        site_id: UUID | None = None,
        name_contains: str | None = None,
        enabled: bool | None = None,
        archived: Archived | None = None,
        sort: CameraSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> CameraPage:
        return self._get(
            "/v1/cameras",
            CameraPage,
            site_id=site_id,
            name_contains=name_contains,
            enabled=_flag(enabled),
            archived=archived,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )

    def camera(self: Sends, camera_id: UUID) -> Camera:
        return self._get(f"/v1/cameras/{camera_id}", Camera)

    def create_camera(self: Sends, camera: CameraCreate) -> Camera:
        return self._post("/v1/cameras", Camera, body=camera)

    def change_camera(self: Sends, camera_id: UUID, patch: CameraPatch, *, version: int) -> Camera:
        return self._patch(f"/v1/cameras/{camera_id}", Camera, body=patch, version=version)

    def delete_camera(self: Sends, camera_id: UUID, *, version: int | None = None) -> None:
        """Of a camera with a history: refused, and to be archived instead."""
        self._send("DELETE", f"/v1/cameras/{camera_id}", headers=_if_match(version))

    def staff(
        self: Sends,
        *,
        name_contains: str | None = None,
        external_ref: str | None = None,
        enrolled: bool | None = None,
        sort: StaffSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> StaffPage:
        return self._get(
            "/v1/staff",
            StaffPage,
            name_contains=name_contains,
            external_ref=external_ref,
            enrolled=_flag(enrolled),
            sort=sort,
            limit=limit,
            cursor=cursor,
        )

    def staff_member(self: Sends, staff_id: UUID) -> Staff:
        return self._get(f"/v1/staff/{staff_id}", Staff)

    def create_staff(self: Sends, staff: StaffCreate) -> Staff:
        return self._post("/v1/staff", Staff, body=staff)

    def change_staff(self: Sends, staff_id: UUID, patch: StaffPatch, *, version: int) -> Staff:
        return self._patch(f"/v1/staff/{staff_id}", Staff, body=patch, version=version)

    def delete_staff(self: Sends, staff_id: UUID, *, version: int | None = None) -> None:
        self._send("DELETE", f"/v1/staff/{staff_id}", headers=_if_match(version))

    def face_image(self: Sends, staff_id: UUID, face_id: UUID) -> bytes:
        """The photograph as it was enrolled."""
        return self._send("GET", f"/v1/staff/{staff_id}/faces/{face_id}/image").content

    def sighting_image(self: Sends, event_id: UUID) -> bytes:
        """The face as the worker sent it, for as long as it is kept."""
        return self._send("GET", f"/v1/sightings/{event_id}/image").content

    def picture(self: Sends, path: str) -> bytes:
        """What a record names as `image_url`, `crop_url` or among `crops`. Raises ValueError for another address."""
        if not path.startswith("/v1/"):
            raise ValueError("that is no path on this API")
        return self._send("GET", path).content

    def try_recognition(self: Sends, image: bytes, filename: str = "photo") -> RecognitionTrial:
        """What would be made of each face in any photograph; nothing of it is stored."""
        part: Part = (filename, image, "application/octet-stream")
        return self._post("/v1/recognition-test", RecognitionTrial, parts={"image": part})

    def change_customer(self: Sends, customer_id: UUID, patch: CustomerPatch, *, version: int) -> CustomerProfileV1:
        return self._patch(f"/v1/customers/{customer_id}", CustomerProfileV1, body=patch, version=version)

    def request_erasure(self: Sends, customer_id: UUID, reference: str) -> ErasureRequest:
        """Records that it was asked for; nothing is erased by this call."""
        body = ErasureRequestCreate(reference=reference)
        return self._post(f"/v1/customers/{customer_id}/erase-request", ErasureRequest, body=body)

    def order_erasure(self: Sends, subject: ErasureSubject, reference: str) -> ErasureRequest:
        """Of a customer, a staff member, or what a camera saw in a period."""
        body = ErasureOrder(subject=subject, reference=reference)
        return self._post("/v1/erasure-requests", ErasureRequest, body=body)

    def purge_certificate(self: Sends, request_id: UUID) -> SignedCertificate:
        """Raises ApiProblem with the status 404 while there is none."""
        return self._get(f"/v1/erasure-requests/{request_id}/certificate", SignedCertificate)

    def tenant_erasure(self: Sends, tenant_id: UUID) -> TenantErasure:
        """For system administrators."""
        return self._get(f"/v1/tenants/{tenant_id}/erasure", TenantErasure)

    def erasure_requests(
        self: Sends,
        *,
        status: ErasureStatus | None = None,
        customer_id: UUID | None = None,
        sort: Literal["due_at", "-due_at", "requested_at", "-requested_at"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ErasureRequestPage:
        return self._get(
            "/v1/erasure-requests",
            ErasureRequestPage,
            status=status,
            customer_id=customer_id,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )

    def erasure_request(self: Sends, request_id: UUID) -> ErasureRequest:
        return self._get(f"/v1/erasure-requests/{request_id}", ErasureRequest)

    def audit(
        self: Sends,
        *,
        actor: str | None = None,
        action: str | None = None,
        subject_kind: str | None = None,
        subject_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: AuditSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AuditPage:
        return self._get(
            "/v1/audit",
            AuditPage,
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )


def _if_match(version: int | None) -> dict[str, str] | None:
    return None if version is None else {"If-Match": f'"{version}"'}


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
