"""People who opted out: registering and withdrawing them, and telling that a face is theirs. Dropping such a face is
`footfall.identification`'s."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine

from contracts.base import CustomerId, TemplateId, TenantId
from contracts.corrections import OptOut, OptOutPage
from footfall import audit
from footfall.calibration_policy import policy_of
from footfall.correction_ledger import Ledger, correcting
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import ConflictError, FaceRejectedError, NotFoundError, PrivacyModeError
from footfall.matching import MatchPolicy, PersonScore, fused_score
from footfall.photographs import Unfit, examine, template_of
from footfall.recognition import recognise
from footfall.services import Services
from footfall.serving import follow, open_companion
from footfall.stores.postgres import corrections, customers, event_templates, places
from footfall.stores.postgres import opt_outs as table
from footfall.stores.postgres.opt_outs import OptOutRow
from footfall.templates import decode_vector, encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import Float32Array

_OPT_OUTS = "opt-outs"


def opt_out_by_photograph(services: Services, tenant_id: TenantId, image: bytes, *, consent: str, actor: str) -> OptOut:
    """Registers the one person of a photograph, of which nothing but the template is kept. Customers who clearly are
    this person lose their templates and images, though not their visits.

    Raises NotAnImageError, ImageTooLargeError, FaceRejectedError for a photograph that could not be enrolled either,
    PrivacyModeError where nobody is identified, ServiceUnavailableError.
    """
    found = examine(
        services.vision, services.vision.decode(image), services.settings.vision, services.settings.liveness
    )
    if isinstance(found, Unfit):
        raise FaceRejectedError(found.reason, hint=found.hint)
    follow(services)
    made_with = services.model_version
    vector = template_of(services.vision, found.face.crop)
    companion = open_companion(services)
    twin = [] if companion is None else [encode_vector(template_of(companion, found.face.crop))]
    with correcting(services, tenant_id, embedded_with=made_with) as ledger:
        _require_identifying(ledger)
        policy = policy_of(ledger.connection, services, tenant_id, staff_only=False)
        near = recognise(ledger.connection, services, tenant_id, vector[np.newaxis], policy, staff_only=False)[0]
        same = {
            CustomerId(person.person_id)
            for person in near.people
            if person.person_kind == "customer" and person.score >= policy.threshold_high
        }
        return _register(ledger, [encode_vector(vector)], same, twins=twin, consent=consent, actor=actor)


def opt_out_of_customer(
    services: Services, tenant_id: TenantId, customer_id: CustomerId, *, consent: str, actor: str
) -> OptOut:
    """Registers a customer by the templates of their gallery, which leave it. Their images go; their visits stay until
    retention or an erasure takes them.

    Raises NotFoundError, ConflictError for one who was merged or promoted or has no template, PrivacyModeError,
    ServiceUnavailableError.
    """
    with correcting(services, tenant_id) as ledger:
        _require_identifying(ledger)
        row = corrections.select_customer(ledger.connection, customer_id)
        if row is None:
            raise NotFoundError(f"There is no customer {customer_id}.")
        if row.retired_by is not None:
            raise ConflictError(
                f"The customer {customer_id} was found to be somebody else.", hint="Name that person, or undo it."
            )
        templates = customers.select_embeddings_of(ledger.connection, customer_id, services.model_version)
        if not templates:
            raise ConflictError(
                f"The customer {customer_id} has no template to know them by.", hint="Register a photograph instead."
            )
        other = services.serving.companion
        twins = (
            [] if other is None else customers.select_embeddings_of(ledger.connection, customer_id, other.model_version)
        )
        return _register(ledger, templates, {customer_id}, twins=twins, consent=consent, actor=actor)


def withdraw_opt_out(engine: Engine, tenant_id: TenantId, opt_out_id: UUID, *, actor: str) -> None:
    """Deletes the templates; that there was an opt-out stays on record. Raises NotFoundError, also when it is withdrawn
    already."""
    with tenant_transaction(engine, tenant_id) as connection:
        if not table.withdraw_row(connection, opt_out_id, actor):
            raise NotFoundError(f"There is no opt-out {opt_out_id} that stands.")
        audit.record(connection, actor=actor, action="opt_out.withdrawn", subject_kind="opt_out", subject_id=opt_out_id)


def list_opt_outs(services: Services, tenant_id: TenantId, *, limit: int, cursor: str | None) -> OptOutPage:
    """Latest first, withdrawn ones among them. Raises InputError for a bad limit or cursor."""
    check_limit(limit)
    after = decode_cursor(_OPT_OUTS, cursor)
    with tenant_transaction(services.engine, tenant_id) as connection:
        found = table.select_opt_out_page(connection, services.model_version, after=after, limit=limit + 1)
    rows, more = found[:limit], len(found) > limit
    last = Position(rows[-1].created_at, rows[-1].opt_out_id) if more else None
    return OptOutPage(
        items=tuple(_shown(row) for row in rows),
        next_cursor=None if last is None else encode_cursor(_OPT_OUTS, last),
    )


def opt_out_of(
    connection: Connection,
    probe: Float32Array,
    model_version: str,
    policy: MatchPolicy,
    best: PersonScore | None,
) -> UUID | None:
    """The opt-out of whom the (512,) probe more likely is than of `best`, the nearest of the gallery; None for anybody
    else. All of them in one model version.

    From the low threshold on: where it is doubtful, one who asked to be left alone is left alone.
    """
    kept: dict[UUID, list[Float32Array]] = {}
    for opt_out_id, embedding in table.select_opt_out_templates(connection, model_version):
        kept.setdefault(opt_out_id, []).append(decode_vector(embedding))
    scores = {opt_out_id: fused_score(probe, templates) for opt_out_id, templates in kept.items()}
    nearest = max(scores, key=lambda opt_out_id: scores[opt_out_id], default=None)
    if nearest is None or scores[nearest] < policy.threshold_low:
        return None
    return nearest if best is None or scores[nearest] >= best.score else None


def _require_identifying(ledger: Ledger) -> None:
    if places.select_privacy_mode(ledger.connection, ledger.tenant_id) != "identify":
        raise PrivacyModeError(
            "The tenant identifies nobody, so there is nothing to opt out of.",
            hint="Opt-outs are for the privacy mode identify.",
        )


def _register(
    ledger: Ledger,
    embeddings: Sequence[bytes],
    same: Collection[CustomerId],
    *,
    twins: Sequence[bytes],
    consent: str,
    actor: str,
) -> OptOut:
    """`embeddings`: in the served version; `twins`: in the other one beside it."""
    services, connection = ledger.services, ledger.connection
    row = table.insert_opt_out(
        connection,
        ledger.tenant_id,
        consent=consent,
        actor=actor,
        model_version=services.model_version,
        embeddings=embeddings,
    )
    if services.serving.companion is not None:
        table.insert_templates(
            connection,
            ledger.tenant_id,
            row.opt_out_id,
            model_version=services.serving.companion.model_version,
            embeddings=twins,
        )
    event_templates.delete_templates_of_customers(connection, same)
    _forget_detached(ledger, embeddings)
    ledger.gone |= {TemplateId(gone) for gone in customers.delete_templates_of(connection, same)}
    images = table.take_images_of_customers(connection, sorted(same))
    audit.record(
        connection,
        actor=actor,
        action="opt_out.registered",
        subject_kind="opt_out",
        subject_id=row.opt_out_id,
        detail={"customers": [str(customer_id) for customer_id in sorted(same)], "images": len(images)},
    )
    if images:
        services.objects.delete(ledger.tenant_id, "raw", images)
    return _shown(row)


def _forget_detached(ledger: Ledger, embeddings: Sequence[bytes]) -> None:
    """A sighting of theirs that is nobody's by a correction keeps no template either: its undo would bring it back."""
    services = ledger.services
    policy = policy_of(ledger.connection, services, ledger.tenant_id, staff_only=False)
    own = [decode_vector(embedding) for embedding in embeddings]
    event_templates.delete_event_templates(
        ledger.connection,
        [
            kept.event_id
            for kept in event_templates.select_of_nobody(ledger.connection, services.model_version)
            if fused_score(decode_vector(kept.embedding), own) >= policy.threshold_low
        ],
    )


def _shown(row: OptOutRow) -> OptOut:
    return OptOut(
        opt_out_id=row.opt_out_id,
        consent=row.consent,
        templates=row.templates,
        active=row.withdrawn_at is None and row.served > 0,
        created_at=row.created_at,
        withdrawn_at=row.withdrawn_at,
    )
