"""API v1: the thresholds that a tenant's decisions rest on, and what they were made from."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Cosine


class CalibratedThreshold(Contract):
    """A cosine with its 95 % interval, from people drawn anew."""

    value: Cosine
    low: Cosine
    high: Cosine


class ScoreDistribution(Contract):
    """Shares of scores by bin of cosine, from -1 upwards. `own` is empty before the first calibration."""

    background: tuple[float, ...]
    own: tuple[float, ...]


class VersionCoverage(Contract):
    """How much of the tenant's gallery there is in one model version. Two stand side by side while one replaces the
    other: the one served, and a candidate before the change or the former one after it."""

    model_version: str
    role: Literal["served", "candidate", "former"]
    paused: bool = Field(description="Bringing templates over into this version is held.")
    staff_faces: int = Field(ge=0, description="Enrolled photographs of staff.")
    staff_faces_known: int = Field(ge=0, description="Those with a template in this version.")
    customers: int = Field(ge=0, description="Customers with a template in any version.")
    customers_known: int = Field(ge=0)
    sightings: int = Field(ge=0, description="Sightings with a template in any version.")
    sightings_known: int = Field(ge=0)
    opt_outs: int = Field(ge=0, description="Opt-outs that stand.")
    opt_outs_known: int = Field(ge=0)
    set_aside: int = Field(ge=0, description="Templates that cannot be brought over, for want of a usable picture.")
    untried: int = Field(ge=0, description="Templates that were not tried yet.")


class CalibrationReport(Contract):
    """Thresholds in force and their provenance. Statistics alone: no template and nobody's id is in it."""

    model_version: str
    calibrated_at: AwareDatetime | None = Field(description="When the gallery was measured last; null before.")
    source: str = Field(description="What the thresholds rest on, as every face event records it.")
    target_fpir: float = Field(description="Share of strangers who may be taken for somebody.")
    unsure_fpir: float = Field(description="Share of strangers who may score over the lower threshold.")
    gallery_people: int = Field(ge=0, description="People who can be matched now.")
    gallery_size: float = Field(
        ge=0, description="What they are worth in people with one template; never under what thresholds are made for."
    )
    own_people: int = Field(ge=0, description="The tenant's own people who were measured.")
    own_pairs: int = Field(ge=0)
    own_genuine_pairs: int = Field(ge=0)
    own_weight: float = Field(ge=0, le=1, description="What they weigh against the bundled background.")
    background_people: int = Field(ge=0)
    threshold_low: CalibratedThreshold
    threshold_high: CalibratedThreshold
    expected_miss_rate: float | None = Field(
        ge=0, le=1, description="Share of genuine scores under the upper threshold, as far as was measured."
    )
    notes: tuple[str, ...] = Field(description="What the thresholds lack, in words.")
    bin_width: float = Field(gt=0)
    impostors: ScoreDistribution
    genuine: ScoreDistribution
    versions: tuple[VersionCoverage, ...] = Field(
        default=(), description="The model versions that stand, the one served first."
    )
