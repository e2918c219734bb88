"""The client's operations on customers, corrections, the review queue, opt-outs and legal holds: a part of
`FootfallClient`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from client.sending import Sends
from client.transport import Part
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
from contracts.legal_holds import LegalHold, LegalHoldCreate, LegalHoldPage
from contracts.records import CustomerProfileV1
from contracts.reports import VisitPage

if TYPE_CHECKING:
    pass


class IdentityOperations:
    """Who visitors are, and putting it right. Every method raises as those of `FootfallClient`."""

    def customers(
        self: Sends, *, site_id: UUID | None = None, limit: int | None = None, cursor: str | None = None
    ) -> CustomerPage:
        return self._get("/v1/customers", CustomerPage, site_id=site_id, limit=limit, cursor=cursor)

    def customer(self: Sends, customer_id: UUID) -> CustomerProfileV1:
        """Of a customer who was merged, the survivor."""
        return self._get(f"/v1/customers/{customer_id}", CustomerProfileV1)

    def customer_visits(
        self: Sends, customer_id: UUID, *, limit: int | None = None, cursor: str | None = None
    ) -> VisitPage:
        return self._get(f"/v1/customers/{customer_id}/visits", VisitPage, limit=limit, cursor=cursor)

    def sightings(
        self: Sends, customer_id: UUID, *, limit: int | None = None, cursor: str | None = None
    ) -> SightingPage:
        return self._get(f"/v1/customers/{customer_id}/sightings", SightingPage, limit=limit, cursor=cursor)

    def merge_customer(self: Sends, customer_id: UUID, into: UUID) -> Correction:
        """`into` stays."""
        return self._post(f"/v1/customers/{customer_id}/merge", Correction, body=MergeRequest(into=into))

    def split_customer(self: Sends, customer_id: UUID, event_ids: Iterable[UUID]) -> Correction:
        """The sightings become a customer of their own, whom `created` names."""
        return self._post(
            f"/v1/customers/{customer_id}/split", Correction, body=SplitRequest(event_ids=tuple(event_ids))
        )

    def promote_customer(self: Sends, customer_id: UUID, request: PromoteRequest) -> Correction:
        return self._post(f"/v1/customers/{customer_id}/promote", Correction, body=request)

    def detach_sighting(self: Sends, event_id: UUID) -> Correction:
        return self._post(f"/v1/sightings/{event_id}/detach", Correction)

    def move_sighting(self: Sends, event_id: UUID, to: PersonRef) -> Correction:
        return self._post(f"/v1/sightings/{event_id}/move", Correction, body=MoveRequest(to=to))

    def move_face(self: Sends, staff_id: UUID, face_id: UUID, to_staff_id: UUID) -> Correction:
        return self._post(
            f"/v1/staff/{staff_id}/faces/{face_id}/move", Correction, body=MoveFaceRequest(to_staff_id=to_staff_id)
        )

    def corrections(self: Sends, *, limit: int | None = None, cursor: str | None = None) -> CorrectionPage:
        return self._get("/v1/corrections", CorrectionPage, limit=limit, cursor=cursor)

    def undo_correction(self: Sends, correction_id: UUID) -> Correction:
        return self._post(f"/v1/corrections/{correction_id}/undo", Correction)

    def review_queue(self: Sends, *, limit: int | None = None, cursor: str | None = None) -> ReviewPage:
        return self._get("/v1/review-queue", ReviewPage, limit=limit, cursor=cursor)

    def dismiss_review_item(self: Sends, item_id: UUID) -> None:
        self._send("POST", f"/v1/review-queue/{item_id}/dismiss")

    def opt_outs(self: Sends, *, limit: int | None = None, cursor: str | None = None) -> OptOutPage:
        return self._get("/v1/opt-outs", OptOutPage, limit=limit, cursor=cursor)

    def opt_out_customer(self: Sends, customer_id: UUID, consent: str) -> OptOut:
        return self._post(f"/v1/customers/{customer_id}/opt-out", OptOut, body=OptOutRequest(consent=consent))

    def register_opt_out(self: Sends, image: bytes, consent: str, filename: str = "photo") -> OptOut:
        """Of the one person of a photograph, which is not kept."""
        parts: dict[str, Part] = {
            "consent": (None, consent.encode(), "text/plain"),
            "image": (filename, image, "application/octet-stream"),
        }
        return self._post("/v1/opt-outs", OptOut, parts=parts)

    def place_legal_hold(self: Sends, hold: LegalHoldCreate) -> LegalHold:
        """Keeps its subject from retention and erasure until it is lifted."""
        return self._post("/v1/legal-holds", LegalHold, body=hold)

    def legal_holds(
        self: Sends, *, standing: bool | None = None, limit: int | None = None, cursor: str | None = None
    ) -> LegalHoldPage:
        told = None if standing is None else str(standing).lower()
        return self._get("/v1/legal-holds", LegalHoldPage, standing=told, limit=limit, cursor=cursor)

    def lift_legal_hold(self: Sends, hold_id: UUID) -> LegalHold:
        return self._post(f"/v1/legal-holds/{hold_id}/lift", LegalHold)

    def withdraw_opt_out(self: Sends, opt_out_id: UUID) -> None:
        self._send("DELETE", f"/v1/opt-outs/{opt_out_id}")
