"""API v1: asking for somebody or something to be erased, how far that has come, and the certificate that it was done.
How an erasure is carried out is not here."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Name

ErasureStatus = Literal["open", "running", "waiting", "failed", "completed", "withdrawn"]
"""`open`: asked for, and nothing was done yet. `waiting`: for a worker that has not answered, or for a legal hold.
`completed` is written by nothing but the proof that it was done."""
ErasureKind = Literal["customer", "staff", "tenant", "camera"]
StepName = Literal["rows", "keys", "vectors", "objects", "workers", "marts", "remains", "proof"]
"""In the order in which they are done. `remains`: what of a tenant had to wait for its workers."""
StepState = Literal["pending", "running", "waiting", "failed", "done"]
Store = Literal["postgres", "keys", "vectors", "objects", "workers", "marts"]


class ErasureRequestCreate(Contract):
    reference: Name = Field(description="Where the person's own request is recorded: a form's number, a letter's date.")


class CustomerSubject(Contract):
    kind: Literal["customer"]
    customer_id: UUID


class StaffSubject(Contract):
    kind: Literal["staff"]
    staff_id: UUID


class CameraSubject(Contract):
    """What a camera saw in [since, until): its sightings, their images and templates, and visits that rest on them
    alone."""

    kind: Literal["camera"]
    camera_id: UUID
    since: AwareDatetime
    until: AwareDatetime


ErasureSubject = Annotated[CustomerSubject | StaffSubject | CameraSubject, Field(discriminator="kind")]


class ErasureOrder(ErasureRequestCreate):
    subject: ErasureSubject


class ErasureStep(Contract):
    step: StepName
    state: StepState
    attempts: int = Field(ge=0)
    counts: dict[str, int] = Field(default_factory=dict, description="What was erased, or looked at, by what it is.")
    error: str | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None


class ErasureRequest(Contract):
    """That somebody is to be forgotten: what was asked for, and what came of it. Nothing is said to be erased before it
    is proved."""

    request_id: UUID
    subject_kind: ErasureKind = "customer"
    customer_id: UUID | None = None
    staff_id: UUID | None = None
    camera_id: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    status: ErasureStatus
    reference: str
    requested_at: AwareDatetime
    requested_by: str
    due_at: AwareDatetime = Field(description="One month after it was asked for (GDPR, Article 12(3)).")
    not_before: AwareDatetime | None = Field(default=None, description="Until then a tenant's end can be taken back.")
    error: str | None = Field(default=None, description="Why it waits, or what failed.")
    completed_at: AwareDatetime | None = Field(default=None, description="When its certificate was issued.")
    steps: tuple[ErasureStep, ...] = Field(default=(), description="In their order; none before it has begun.")


class ErasureRequestPage(Contract):
    items: tuple[ErasureRequest, ...]
    next_cursor: str | None = None


class StoreProof(Contract):
    """What was read back of one store. `found` is 0 in every certificate; `looked_for`: ids or keys, or 0 where the
    whole of a tenant was listed."""

    store: Store
    erased: dict[str, int] = Field(default_factory=dict, description="What the erasure took, by what it is.")
    looked_for: int = Field(ge=0)
    looked_at: int = Field(ge=0, description="Tables, collections, buckets, workers or marts that were read back.")
    found: Literal[0] = 0
    consistency: str = Field(max_length=200, description="How it was read, so that nothing could hide.")


class CertificateSubject(Contract):
    """Who it is about, for those who know the id alone: SHA-256 of the salt, a colon and the id."""

    kind: ErasureKind
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Certificate(Contract):
    """What is signed. It holds no name, no id and no image of anybody."""

    schema_name: Literal["Footfall.PurgeCertificate.v1"] = "Footfall.PurgeCertificate.v1"
    certificate_id: UUID
    request_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="The request's id, hashed as the subject's.")
    tenant_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="The tenant's id, hashed as the subject's.")
    subject: CertificateSubject
    salt: str = Field(pattern=r"^[0-9a-f]{32}$")
    requested_at: AwareDatetime
    started_at: AwareDatetime
    verified_at: AwareDatetime
    issued_at: AwareDatetime
    stores: tuple[StoreProof, ...]
    kept: tuple[str, ...] = Field(description="What stays on purpose, and until when.")
    code_version: str
    key_thumbprint: str = Field(description="RFC 7638 thumbprint of the public key that it was signed with.")


class SignedCertificate(Contract):
    """The certificate as read by people, and the same as it was signed: a compact JWS (RFC 7515), RS256, whose `kid` is
    the key's thumbprint. `key`: the public key as a JWK, for those who know its thumbprint from elsewhere."""

    certificate: Certificate
    jws: str = Field(max_length=100_000)
    key: dict[str, str]


class TenantErasure(Contract):
    """What became of the request for a tenant's end; the certificate once it is proved."""

    request: ErasureRequest
    certificate: SignedCertificate | None = None
