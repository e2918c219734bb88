"""The thresholds of a decision: a tenant's calibration at the present size of its gallery. Calibrating is
`footfall.calibration_gallery`'s, deciding `footfall.matching`'s."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from contracts.base import TenantId
from footfall.calibration import (
    LEAST_GALLERY,
    LEAST_PEOPLE,
    Background,
    OwnTail,
    TailAnchor,
    effective_size,
    own_weight,
    threshold_value,
)
from footfall.calibration_background import load_background
from footfall.errors import ConfigurationError
from footfall.matching import MatchPolicy
from footfall.settings import RecognitionSettings
from footfall.stores.postgres.calibrations import (
    CalibrationRow,
    GalleryShape,
    select_gallery_shape,
    select_latest,
)

if TYPE_CHECKING:
    from footfall.services import Services

OUTGROWN = 4
"""A gallery of more than this many times the people that were measured is another gallery."""

_SHORTEST_SECONDS = 5.0
_LONGEST_SECONDS = 30.0
_PEOPLE_PER_SECOND = 50
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Gallery:
    """How many people can be matched, and what they are worth in people with one template."""

    people: int
    size: float


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    policy: MatchPolicy


class PolicyCache:
    """Policies by tenant, model version and kind of gallery. A small gallery grows fast and is soon counted again: one
    of n people keeps its policy for n/50 s, at least 5 s, in which it does not outgrow LEAST_GALLERY by much, and at
    most 30 s. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[tuple[TenantId, str, bool], _Kept] = {}
        self._lock = Lock()

    def find(self, key: tuple[TenantId, str, bool], now: float) -> MatchPolicy | None:
        """`now`: seconds of a monotonic clock."""
        with self._lock:
            kept = self._kept.get(key)
        return kept.policy if kept is not None and now < kept.until else None

    def keep(self, key: tuple[TenantId, str, bool], policy: MatchPolicy, people: int, now: float) -> None:
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = _Kept(
                now + min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, people / _PEOPLE_PER_SECOND)), policy
            )


def policy_of(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    *,
    staff_only: bool,
    model_version: str | None = None,
) -> MatchPolicy:
    """The bound tenant's policy now. `staff_only`: the gallery that is compared with holds no customers.
    `model_version`: None for the one served.

    Raises ConfigurationError for rates that cannot be met and for a model that was never measured.
    """
    version = model_version or services.model_version
    key, now = (tenant_id, version, staff_only), time.monotonic()
    found = services.policies.find(key, now)
    if found is not None:
        return found
    gallery = gallery_of(select_gallery_shape(connection, version), staff_only=staff_only)
    row = select_latest(connection, version)
    policy = policy_for(
        services.settings.recognition, load_background(version, services.settings.models_path), row, gallery
    )
    services.policies.keep(key, policy, gallery.people, now)
    return policy


def stated_default(
    recognition: RecognitionSettings, model_version: str, models_folder: Path | None = None
) -> MatchPolicy:
    """The policy of the bundled background alone, for a gallery of the least size. Raises ConfigurationError."""
    return policy_for(recognition, load_background(model_version, models_folder), None, Gallery(0, 0.0))


def policy_for(
    recognition: RecognitionSettings, background: Background, row: CalibrationRow | None, gallery: Gallery
) -> MatchPolicy:
    """Thresholds at the settings' rates for `gallery`, with where they come from.

    The tenant's own people count where enough of them were measured and the gallery has not outgrown them; otherwise
    the background stands alone. Raises ConfigurationError for swapped rates.
    """
    low, high = recognition.unsure_fpir, recognition.target_fpir
    if low < high:
        raise ConfigurationError(
            f"unsure_fpir ({low:g}) must be at least target_fpir ({high:g}).",
            hint="The unsure band lies below the match threshold, which more strangers reach.",
        )
    own = None if row is None else own_tail_of(row)
    outgrown = row is not None and gallery.people > OUTGROWN * max(row.new.gallery_people, 1)
    usable = own if own is not None and own.people >= LEAST_PEOPLE and not outgrown else None
    return MatchPolicy(
        threshold_low=threshold_value(background, usable, fpir=low, gallery=gallery.size),
        threshold_high=threshold_value(background, usable, fpir=high, gallery=gallery.size),
        margin=recognition.margin,
        source=f"{_rests_on(background, usable, row, outgrown=outgrown)}; FPIR {low:g} / {high:g} in a gallery worth "
        f"{max(gallery.size, LEAST_GALLERY):.0f}",
    )


def gallery_of(shape: GalleryShape, *, staff_only: bool) -> Gallery:
    """What a gallery of that shape is worth."""
    counted: list[Mapping[int, int]] = [shape.staff] if staff_only else [shape.staff, shape.customers]
    return Gallery(
        people=sum(people for kind in counted for people in kind.values()),
        size=sum(people * effective_size([templates]) for kind in counted for templates, people in kind.items()),
    )


def own_tail_of(row: CalibrationRow) -> OwnTail | None:
    """The tenant's own tail as it was stored; None where too few people were there to measure one."""
    tail = row.new.document.get("tail")
    if tail is None:
        return None
    return OwnTail(
        people=row.new.own_people,
        pairs=row.new.own_pairs,
        anchor=TailAnchor(*tail["anchor"]),
        replicates=tuple(TailAnchor(*anchor) for anchor in tail["replicates"]),
    )


def _rests_on(background: Background, own: OwnTail | None, row: CalibrationRow | None, *, outgrown: bool) -> str:
    if own is not None and row is not None:
        return (
            f"calibration of {row.created_at:%Y-%m-%d}: {own.people} own people at {own_weight(own.people):.0%}, "
            f"else {background.source}"
        )
    why = "outgrown calibration" if outgrown else "too few own people" if row is not None else "not calibrated"
    return f"{why}: {background.source}"
