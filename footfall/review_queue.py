"""The review queue: questions about identities, with their evidence, found, shown and dismissed. What is likely is
decided in `footfall.duplicates`; acting on an answer is `footfall.corrections`'."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy import Connection, Engine

from contracts.base import EventId, TenantId
from contracts.corrections import Evidence, ReviewItem, ReviewPage
from footfall import audit
from footfall.calibration_background import load_background
from footfall.calibration_policy import gallery_of, policy_for
from footfall.correction_records import ref_of
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.duplicates import Duplicate, Known, Mixture, Presence, likely_duplicates, likely_mixtures
from footfall.errors import NotFoundError
from footfall.gallery import gallery_templates
from footfall.matching import MatchPolicy
from footfall.picture_paths import sighting_path
from footfall.settings import RecognitionSettings
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import reviews as table
from footfall.stores.postgres.calibrations import select_gallery_shape, select_latest
from footfall.stores.postgres.reviews import ItemRow, NewItem
from footfall.stores.postgres.visits import Person
from footfall.templates import decode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import Float32Array

if TYPE_CHECKING:
    from footfall.services import Services  # Dagster's definitions load this module, and need no weights for it

_REVIEWS = "review-queue"
_SIGHTINGS_COMPARED = 200
_MOST_QUESTIONS = 500
_CROPS_EACH = 2


@dataclass(frozen=True, slots=True)
class Questions:
    """What was found in a tenant's gallery. `open`: questions that wait for an answer, of which there are at most 500
    of a kind."""

    people: int
    duplicates: int
    mixtures: int
    open: int


def find_questions(
    engine: Engine,
    tenant_id: TenantId,
    model_version: str,
    recognition: RecognitionSettings,
    *,
    models_folder: Path | None = None,
) -> Questions:
    """Compares everybody in the tenant's gallery, by the thresholds that sightings are decided by, and makes what is
    likely the open questions. Sightings go on meanwhile; a question about somebody who has changed since is answered
    by looking."""
    gallery: dict[Person, list[StoredTemplate]] = defaultdict(list)
    for template in gallery_templates(engine, tenant_id, model_version):
        gallery[Person(template.person_kind, template.person_id)].append(template)
    people = [
        Known(person, np.stack([template.vector for template in templates])) for person, templates in gallery.items()
    ]
    with tenant_transaction(engine, tenant_id) as connection:
        policy = _policy(connection, recognition, model_version, models_folder)
        sighted = _sighted(connection, model_version)
        suspects = likely_duplicates(people, {}, policy)
        ids = {person.person_id for pair in suspects for person in (pair.one, pair.other)}
        presences = _presences(connection, ids | {known.person.person_id for known in sighted})
        duplicates = likely_duplicates(people, presences, policy)[:_MOST_QUESTIONS]
        mixtures = likely_mixtures(sighted, policy)[:_MOST_QUESTIONS]
        counts = {known.person: len(known.vectors) for known in people}
        held = {known.person: len(known.event_ids) for known in sighted}
        items = [
            *(_duplicate_item(tenant_id, pair, counts, presences, policy) for pair in duplicates),
            *(_mixture_item(tenant_id, mixture, held, presences, policy) for mixture in mixtures),
        ]
        waiting = table.replace_items(connection, tenant_id, items)
    return Questions(len(people), len(duplicates), len(mixtures), waiting)


def list_questions(services: Services, tenant_id: TenantId, *, limit: int, cursor: str | None) -> ReviewPage:
    """Open questions, latest first, with the paths of faces. Raises InputError for a bad limit or
    cursor."""
    check_limit(limit)
    after = decode_cursor(_REVIEWS, cursor)
    with tenant_transaction(services.engine, tenant_id) as connection:
        found = table.select_open_items(connection, after=after, limit=limit + 1)
        rows, more = found[:limit], len(found) > limit
        items = tuple(_shown(connection, row) for row in rows)
    last = Position(rows[-1].found_at, rows[-1].item_id) if more else None
    return ReviewPage(items=items, next_cursor=None if last is None else encode_cursor(_REVIEWS, last))


def dismiss_question(engine: Engine, tenant_id: TenantId, item_id: UUID, *, actor: str) -> None:
    """Closes the question for good: it is not asked again. Raises NotFoundError, also when it is dismissed already."""
    with tenant_transaction(engine, tenant_id) as connection:
        if not table.dismiss_item(connection, item_id, actor):
            raise NotFoundError(f"There is no open question {item_id}.")
        audit.record(connection, actor=actor, action="review.dismissed", subject_kind="review_item", subject_id=item_id)


def _policy(
    connection: Connection, recognition: RecognitionSettings, model_version: str, models_folder: Path | None
) -> MatchPolicy:
    gallery = gallery_of(select_gallery_shape(connection, model_version), staff_only=False)
    return policy_for(
        recognition, load_background(model_version, models_folder), select_latest(connection, model_version), gallery
    )


def _sighted(connection: Connection, model_version: str) -> list[Known]:
    """Every customer with the templates of their latest sightings."""
    rows: dict[Person, list[tuple[EventId, Float32Array]]] = defaultdict(list)
    for customer_id, event_id, embedding in table.select_latest_templates(
        connection, model_version, most_each=_SIGHTINGS_COMPARED
    ):
        rows[Person("customer", customer_id)].append((event_id, decode_vector(embedding)))
    return [
        Known(person, np.stack([vector for _, vector in held]), tuple(event_id for event_id, _ in held))
        for person, held in rows.items()
    ]


def _presences(connection: Connection, ids: set[UUID]) -> dict[Person, list[Presence]]:
    found: dict[Person, list[Presence]] = defaultdict(list)
    for person, presence in table.select_presences(connection, ids):
        found[person].append(presence)
    return found


def _item_id(tenant_id: TenantId, kind: str, *parts: object) -> UUID:
    return uuid5(tenant_id, f"review:{kind}:{':'.join(sorted(map(str, parts)))}")


def _evidence(
    score: float, policy: MatchPolicy, templates: tuple[int, int], sides: tuple[list[Presence], list[Presence]]
) -> Evidence:
    one, other = (max((presence.ended_at for presence in side), default=None) for side in sides)
    return Evidence(
        score=score,
        threshold_low=policy.threshold_low,
        threshold_high=policy.threshold_high,
        threshold_source=policy.source,
        templates=templates,
        sightings=(len(sides[0]), len(sides[1])),
        last_seen_at=(one, other),
    )


def _duplicate_item(
    tenant_id: TenantId,
    pair: Duplicate,
    counts: dict[Person, int],
    presences: dict[Person, list[Presence]],
    policy: MatchPolicy,
) -> NewItem:
    # In the order in which they are read back: customers first.
    one, other = sorted((pair.one, pair.other), key=lambda person: person.person_kind)
    evidence = _evidence(
        pair.score,
        policy,
        (counts[one], counts[other]),
        (presences.get(one, []), presences.get(other, [])),
    ).model_copy(update={"at_once": pair.at_once})
    name = _item_id(tenant_id, "duplicate", one.person_id, other.person_id)
    return NewItem(name, "duplicate", (one, other), pair.score, evidence.model_dump_json())


def _mixture_item(
    tenant_id: TenantId,
    mixture: Mixture,
    held: dict[Person, int],
    presences: dict[Person, list[Presence]],
    policy: MatchPolicy,
) -> NewItem:
    apart = len(mixture.apart)
    evidence = _evidence(
        mixture.score,
        policy,
        (held[mixture.person] - apart, apart),
        (presences.get(mixture.person, []), []),
    ).model_copy(update={"event_ids": mixture.apart, "sightings": (held[mixture.person] - apart, apart)})
    # Other sightings that stand apart are another question.
    name = _item_id(tenant_id, "mixture", mixture.person.person_id, *mixture.apart)
    return NewItem(name, "mixture", (mixture.person,), mixture.score, evidence.model_dump_json())


def _shown(connection: Connection, row: ItemRow) -> ReviewItem:
    crops = [event for person in row.people for event in table.select_newest_crops(connection, person, _CROPS_EACH)]
    evidence = Evidence.model_validate(row.evidence).model_copy(
        update={"crops": tuple(sighting_path(event_id) for event_id in crops)}
    )
    people = tuple(ref for person in row.people if (ref := ref_of(person)) is not None)
    return ReviewItem(item_id=row.item_id, kind=row.kind, people=people, evidence=evidence, found_at=row.found_at)
