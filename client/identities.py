"""The client's operations on customers, corrections, the review queue and opt-outs: a part of `FootfallClient`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from pydantic import BaseModel

from client.transport import Model, Parameter, Part
from contracts.corrections import (
    Correction,
    CorrectionPage,
    MergeRequest,
    MoveFaceRequest,
    MoveRequest,
    OptOut,
    OptOutPage,
    OptOutRequest,
    PersonRef,
    PromoteRequest,
    ReviewPage,
    SplitRequest,
)
from contracts.customers import CustomerPage, SightingPage
from contracts.records import CustomerProfileV1
from contracts.reports import VisitPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx


class _Sends(Protocol):
    def _get(self, path: str, model: type[Model], **params: Parameter) -> Model: ...

    def _post(
        self,
        path: str,
        model: type[Model],
        *,
        body: BaseModel | None = None,
        parts: Mapping[str, Part] | None = None,
    ) -> Model: ...

    def _send(self, method: str, path: str) -> httpx.Response: ...


class IdentityOperations:
    """Who visitors are, and putting it right. Every method raises as those of `FootfallClient`."""

    def customers(
        self: _Sends, *, site_id: UUID | None = None, limit: int | None = None, cursor: str | None = None
    ) -> CustomerPage:
        return self._get("/v1/customers", CustomerPage, site_id=site_id, limit=limit, cursor=cursor)

    def customer(self: _Sends, customer_id: UUID) -> CustomerProfileV1:
        """Of a customer who was merged, the survivor."""
        return self._get(f"/v1/customers/{customer_id}", CustomerProfileV1)

    def customer_visits(
        self: _Sends, customer_id: UUID, *, limit: int | None = None, cursor: str | None = None
    ) -> VisitPage:
        return self._get(f"/v1/customers/{customer_id}/visits", VisitPage, limit=limit, cursor=cursor)

    def sightings(
        self: _Sends, customer_id: UUID, *, limit: int | None = None, cursor: str | None = None
    ) -> SightingPage:
        return self._get(f"/v1/customers/{customer_id}/sightings", SightingPage, limit=limit, cursor=cursor)

    def merge_customer(self: _Sends, customer_id: UUID, into: UUID) -> Correction:
        """`into` stays."""
        return self._post(f"/v1/customers/{customer_id}/merge", Correction, body=MergeRequest(into=into))

    def split_customer(self: _Sends, customer_id: UUID, event_ids: Iterable[UUID]) -> Correction:
        """The sightings become a customer of their own, whom `created` names."""
        return self._post(
            f"/v1/customers/{customer_id}/split", Correction, body=SplitRequest(event_ids=tuple(event_ids))
        )

    def promote_customer(self: _Sends, customer_id: UUID, request: PromoteRequest) -> Correction:
        return self._post(f"/v1/customers/{customer_id}/promote", Correction, body=request)

    def detach_sighting(self: _Sends, event_id: UUID) -> Correction:
        return self._post(f"/v1/sightings/{event_id}/detach", Correction)

    def move_sighting(self: _Sends, event_id: UUID, to: PersonRef) -> Correction:
        return self._post(f"/v1/sightings/{event_id}/move", Correction, body=MoveRequest(to=to))

    def move_face(self: _Sends, staff_id: UUID, face_id: UUID, to_staff_id: UUID) -> Correction:
        return self._post(
            f"/v1/staff/{staff_id}/faces/{face_id}/move", Correction, body=MoveFaceRequest(to_staff_id=to_staff_id)
        )

    def corrections(self: _Sends, *, limit: int | None = None, cursor: str | None = None) -> CorrectionPage:
        return self._get("/v1/corrections", CorrectionPage, limit=limit, cursor=cursor)

    def undo_correction(self: _Sends, correction_id: UUID) -> Correction:
        return self._post(f"/v1/corrections/{correction_id}/undo", Correction)

    def review_queue(self: _Sends, *, limit: int | None = None, cursor: str | None = None) -> ReviewPage:
        return self._get("/v1/review-queue", ReviewPage, limit=limit, cursor=cursor)

    def dismiss_review_item(self: _Sends, item_id: UUID) -> None:
        self._send("POST", f"/v1/review-queue/{item_id}/dismiss")

    def opt_outs(self: _Sends, *, limit: int | None = None, cursor: str | None = None) -> OptOutPage:
        return self._get("/v1/opt-outs", OptOutPage, limit=limit, cursor=cursor)

    def opt_out_customer(self: _Sends, customer_id: UUID, consent: str) -> OptOut:
        return self._post(f"/v1/customers/{customer_id}/opt-out", OptOut, body=OptOutRequest(consent=consent))

    def register_opt_out(self: _Sends, image: bytes, consent: str, filename: str = "photo") -> OptOut:
        """Of the one person of a photograph, which is not kept."""
        parts: dict[str, Part] = {
            "consent": (None, consent.encode(), "text/plain"),
            "image": (filename, image, "application/octet-stream"),
        }
        return self._post("/v1/opt-outs", OptOut, parts=parts)

    def withdraw_opt_out(self: _Sends, opt_out_id: UUID) -> None:
        self._send("DELETE", f"/v1/opt-outs/{opt_out_id}")
