"""Face events while there are two model versions: an event of the other version, its template in both, and people who
are known in the former version alone. What an event comes to is `footfall.identification`'s."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from contracts.base import CustomerId, EventId, PrivacyMode, TemplateId, TenantId
from contracts.events import MAX_CROP_BYTES, Embedding, FaceDetectedV1
from footfall.admission import flaw_of
from footfall.calibration_policy import policy_of
from footfall.errors import BusyError, ConfigurationError, ModelError, ModelVersionMismatchError
from footfall.matching import MatchDecision, MatchPolicy, Person, decide, rank_people, rescore
from footfall.opt_out import opt_out_of
from footfall.reembedding_crops import face_in
from footfall.services import Services
from footfall.serving import SecondLook, open_companion
from footfall.stores.base import Hit
from footfall.stores.postgres import opt_outs as opt_out_table
from footfall.stores.postgres import reembeddings
from footfall.stores.postgres.model_coverage import select_left_behind
from footfall.templates import decode_vector, encode_vector, parse_embedding
from footfall.vision.types import BgrImage, Float32Array

MOST_LEFT_BEHIND = 5_000
"""Templates of people who are known in the former version alone that a stranger is compared with, of those seen last:
10 MB, read for each stranger until the former version is given up."""


def in_both_versions(
    services: Services, event: FaceDetectedV1, image: bytes | None, privacy_mode: PrivacyMode, *, decides: bool
) -> tuple[FaceDetectedV1, SecondLook | None]:
    """The event with its template in the served version, and the same face in the companion's, both as far as they can
    be had from what came.

    An event of another version that this installation knows is embedded anew from its picture; without one it stays as
    it is, and admission refuses it: nothing is compared across versions. One whose picture shows no face is counted
    without a template. In count_only nothing is looked at; nor where nothing is decided (`decides` is False), as for a
    later revision, which needs no template.

    Raises NotAnImageError, ImageTooLargeError, EmbeddingInvalidError.
    """
    sent, companion = event.embedding, services.serving.companion
    if privacy_mode == "count_only" or sent is None:
        return event, None
    served = services.model_version
    foreign = sent.model_version != served
    if not decides:
        known = foreign and sent.model_version in services.serving.known
        return (event.model_copy(update={"embedding": None}) if known else event), None
    refused = foreign and (sent.model_version not in services.serving.known or image is None)
    alone = not foreign and (companion is None or bool(flaw_of(event, services.settings.vision)))
    if refused or alone:
        return event, None
    vector = parse_embedding(sent, sent.model_version)
    crop = None if image is None else _face(services, image, vector, sent.model_version)
    if foreign and crop is None:
        return event.model_copy(update={"embedding": None}), None
    second = _second(services, sent, vector, crop)
    if not foreign or crop is None:
        return event, second
    own = services.vision.embedder.embed([crop])[0]
    told = Embedding(model_version=served, vector=base64.b64encode(encode_vector(own)).decode())
    return event.model_copy(update={"embedding": told}), second


@contextmanager
def of_one_version(services: Services, made_with: str) -> Iterator[None]:
    """Raises BusyError in place of a refusal that comes of another version having been served in between: the event is
    sent again, and not thrown away."""
    try:
        yield
    except ModelVersionMismatchError as error:
        if services.model_version == made_with:
            raise
        raise BusyError(f"{services.model_version} is served since a moment ago.", hint="Send it again.") from error


def keep_twin(connection: Connection, tenant_id: TenantId, event_id: EventId, look: SecondLook | None) -> None:
    """Writes the second version of an event's template, and of the gallery's that was taken from it."""
    if look is not None:
        reembeddings.insert_event_twins(
            connection, tenant_id, event_id, look.companion.model_version, encode_vector(look.vector)
        )


def still_wanted(services: Services, look: SecondLook | None) -> SecondLook | None:
    """The look, unless the companion has changed since it was taken. The caller holds the gallery."""
    return look if look is not None and look.companion == services.serving.companion else None


def known_before(
    connection: Connection, services: Services, tenant_id: TenantId, look: SecondLook | None, *, staff_only: bool
) -> tuple[MatchDecision, MatchPolicy] | None:
    """Whom a stranger was in the former version, among those who have no template in the served one; None where there
    is no such look, and for somebody who is a stranger there too. Compared within the former version, at thresholds of
    its own."""
    if look is None or look.companion.role != "former":
        return None
    former = look.companion.model_version
    rows = select_left_behind(connection, former, services.model_version, most=MOST_LEFT_BEHIND, staff_only=staff_only)
    if not rows:
        return None
    vectors = np.stack([decode_vector(row.embedding) for row in rows])
    people = rank_people(
        Hit(TemplateId(row.template_id), row.person_kind, row.person_id, float(score))
        for row, score in zip(rows, vectors @ look.vector, strict=True)
    )
    templates: dict[Person, list[Float32Array]] = defaultdict(list)
    for row, vector in zip(rows, vectors, strict=True):
        templates[row.person_kind, row.person_id].append(vector)
    policy = policy_of(connection, services, tenant_id, staff_only=staff_only, model_version=former)
    decision = decide(rescore(look.vector, people, templates), policy, acceptable=True)
    return None if decision.kind == "stranger" else (decision, policy)


def wants_twin(connection: Connection, customer_id: CustomerId, look: SecondLook | None) -> bool:
    """Whether this sighting is the first that makes the customer known in the companion's version: its template is
    kept then, though others are better."""
    return look is not None and not reembeddings.has_twin(connection, customer_id, look.companion.model_version)


def opted_out(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    vector: Float32Array,
    look: SecondLook | None,
    *,
    policy: MatchPolicy,
    decision: MatchDecision,
) -> bool:
    """Whether the face is somebody's who opted out, in the served version or, for a face that nobody of the gallery
    clearly matches, in the former one.

    Such a look makes the opt-out known in the version that it lacks, for the same purpose and under the same consent:
    there is no picture that its template could be made of.
    """
    served = services.model_version
    found = opt_out_of(connection, vector, served, policy, decision.best)
    if found is not None:
        if look is not None:
            _carry(connection, tenant_id, found, look.companion.model_version, look.vector)
        return True
    if look is None or look.companion.role != "former" or decision.kind in {"staff", "customer"}:
        return False
    former = look.companion.model_version
    theirs = policy_of(connection, services, tenant_id, staff_only=False, model_version=former)
    found = opt_out_of(connection, look.vector, former, theirs, None)
    if found is None:
        return False
    _carry(connection, tenant_id, found, served, vector)
    return True


def _carry(
    connection: Connection, tenant_id: TenantId, opt_out_id: UUID, model_version: str, vector: Float32Array
) -> None:
    opt_out_table.insert_first_template(
        connection, tenant_id, opt_out_id, model_version=model_version, embedding=encode_vector(vector)
    )


def _face(services: Services, image: bytes, vector: Float32Array, model_version: str) -> BgrImage | None:
    if len(image) > MAX_CROP_BYTES:
        return None  # admission says so
    picture = services.vision.decode(image)
    try:
        return face_in(services.vision, picture, vector, model_version)
    except (ModelError, ConfigurationError):
        return None


def _second(services: Services, sent: Embedding, vector: Float32Array, crop: BgrImage | None) -> SecondLook | None:
    companion = services.serving.companion
    if companion is None:
        return None
    if sent.model_version == companion.model_version:
        return SecondLook(companion, vector)
    model = open_companion(services)
    if model is None or crop is None:
        return None
    return SecondLook(companion, model.embedder.embed([crop])[0])
