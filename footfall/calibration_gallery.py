"""Calibrating a tenant: its gallery's own scores, the background, and the thresholds kept with what they rest on.
The mathematics is `footfall.calibration`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.calibration import CalibratedThreshold, CalibrationReport, ScoreDistribution
from footfall.calibration import (
    LEAST_GALLERY,
    LEAST_PEOPLE,
    Background,
    OwnTail,
    Scores,
    Threshold,
    histogram_of,
    impostor_scores,
    miss_rate,
    own_tail,
    own_weight,
    threshold_for,
)
from footfall.calibration_background import load_background
from footfall.calibration_policy import Gallery, gallery_of, own_tail_of, policy_for
from footfall.matching import fused_score
from footfall.settings import RecognitionSettings
from footfall.stores.postgres import calibrations as table
from footfall.stores.postgres.calibrations import CalibrationRow, NewCalibration
from footfall.stores.postgres.customers import GalleryRow
from footfall.templates import decode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import Float32Array

MOST_PEOPLE = 1000
"""People measured at most: half a million pairs, of which more would tell no more."""

LEAST_GENUINE_PAIRS = 100
"""With fewer genuine scores of its own, what a tenant misses is told from the background."""

_MOST_PHOTOGRAPHS = 4000
_REPLICATES = 100
_KEPT = 60


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A gallery's own scores. `tail` is None under LEAST_PEOPLE."""

    people: int
    pairs: int
    tail: OwnTail | None
    impostors: Scores
    genuine: Scores


def calibrate(
    engine: Engine,
    recognition: RecognitionSettings,
    tenant_id: TenantId,
    model_version: str,
    *,
    models_folder: Path | None = None,
) -> CalibrationReport:
    """Measures the tenant's gallery, keeps its thresholds at the settings' rates, and answers them.

    With too few people the background stands alone, which the report's notes say. The last 60 are kept. Raises
    ConfigurationError for a model that was never measured, PostgresUnavailableError.
    """
    background = load_background(model_version, models_folder)
    with tenant_transaction(engine, tenant_id) as connection:
        gallery = gallery_of(table.select_gallery_shape(connection, model_version), staff_only=False)
        firsts = table.select_one_template_each(connection, model_version, most=MOST_PEOPLE)
        photographs = table.select_photographs_of_staff(connection, model_version, most=_MOST_PHOTOGRAPHS)
    measured = measure(_stacked(firsts), _by_person(photographs))
    new = _calibration(recognition, background, measured, gallery, model_version)
    with tenant_transaction(engine, tenant_id) as connection:
        row = table.insert_calibration(connection, tenant_id, new)
        table.delete_calibrations(connection, model_version, keep=_KEPT)
    return _report(recognition, background, row, gallery)


def calibration_report(
    connection: Connection,
    recognition: RecognitionSettings,
    model_version: str,
    *,
    models_folder: Path | None = None,
) -> CalibrationReport:
    """The bound tenant's newest calibration, and the thresholds in force; of the background alone before the first.

    Raises ConfigurationError for a model that was never measured.
    """
    background = load_background(model_version, models_folder)
    gallery = gallery_of(table.select_gallery_shape(connection, model_version), staff_only=False)
    row = table.select_latest(connection, model_version)
    return _report(recognition, background, row, gallery)


def measure(firsts: Float32Array, several: Sequence[Sequence[Float32Array]]) -> Measured:
    """`firsts`: (n, 512), one template of each of n people. `several`: the templates of each person who has several.

    A genuine score is that of one photograph with all the others of its person, as a probe's would be.
    """
    impostors, _, _ = impostor_scores(firsts)
    genuine = [
        fused_score(template, [*templates[:number], *templates[number + 1 :]])
        for templates in several
        for number, template in enumerate(templates)
    ]
    people = len(firsts)
    tail = own_tail(firsts, replicates=_REPLICATES) if people >= LEAST_PEOPLE else None
    return Measured(people, len(impostors), tail, impostors, np.asarray(genuine, dtype=np.float64))


def _calibration(
    recognition: RecognitionSettings,
    background: Background,
    measured: Measured,
    gallery: Gallery,
    model_version: str,
) -> NewCalibration:
    low, high = (
        threshold_for(background, measured.tail, fpir=fpir, gallery=gallery.size)
        for fpir in (recognition.unsure_fpir, recognition.target_fpir)
    )
    tail = measured.tail
    return NewCalibration(
        model_version=model_version,
        source=background.source,
        target_fpir=recognition.target_fpir,
        unsure_fpir=recognition.unsure_fpir,
        gallery_people=gallery.people,
        gallery_size=gallery.size,
        own_people=measured.people,
        own_pairs=measured.pairs,
        genuine_pairs=len(measured.genuine),
        own_weight=own_weight(measured.people),
        threshold_low=_triple(low),
        threshold_high=_triple(high),
        document={
            "tail": None
            if tail is None
            else {
                "anchor": [tail.anchor.score, tail.anchor.excess],
                "replicates": [[anchor.score, anchor.excess] for anchor in tail.replicates],
            },
            "bin_width": background.bin_width,
            "impostor_histogram": histogram_of(measured.impostors, background.bin_width),
            "genuine_histogram": histogram_of(measured.genuine, background.bin_width),
        },
    )


def _report(
    recognition: RecognitionSettings, background: Background, row: CalibrationRow | None, gallery: Gallery
) -> CalibrationReport:
    policy = policy_for(recognition, background, row, gallery)
    own = None if row is None else own_tail_of(row)
    low, high = (
        threshold_for(background, own, fpir=fpir, gallery=gallery.size)
        for fpir in (recognition.unsure_fpir, recognition.target_fpir)
    )
    genuine_pairs = 0 if row is None else row.new.genuine_pairs
    own_genuine: Sequence[float] = () if row is None else row.new.document["genuine_histogram"]
    own_impostors: Sequence[float] = () if row is None else row.new.document["impostor_histogram"]
    enough_genuine = genuine_pairs >= LEAST_GENUINE_PAIRS
    genuine = own_genuine if enough_genuine else background.genuine_histogram
    return CalibrationReport(
        model_version=background.model_version,
        calibrated_at=None if row is None else row.created_at,
        source=policy.source,
        target_fpir=recognition.target_fpir,
        unsure_fpir=recognition.unsure_fpir,
        gallery_people=gallery.people,
        gallery_size=max(gallery.size, LEAST_GALLERY),
        own_people=0 if row is None else row.new.own_people,
        own_pairs=0 if row is None else row.new.own_pairs,
        own_genuine_pairs=genuine_pairs,
        own_weight=0.0 if row is None else row.new.own_weight,
        background_people=background.people,
        threshold_low=_stated(low, policy.threshold_low),
        threshold_high=_stated(high, policy.threshold_high),
        expected_miss_rate=miss_rate(genuine, background.bin_width, policy.threshold_high),
        notes=tuple(_notes(row, gallery, enough_genuine=enough_genuine)),
        bin_width=background.bin_width,
        impostors=ScoreDistribution(background=background.impostor_histogram, own=tuple(own_impostors)),
        genuine=ScoreDistribution(background=background.genuine_histogram, own=tuple(own_genuine)),
    )


def _notes(row: CalibrationRow | None, gallery: Gallery, *, enough_genuine: bool) -> list[str]:
    notes = []
    if row is None:
        notes.append("Not calibrated yet: the thresholds rest on the bundled background alone.")
    elif row.new.own_people < LEAST_PEOPLE:
        notes.append(
            f"{row.new.own_people} own people were measured, {LEAST_PEOPLE} are needed: the thresholds rest on the "
            "bundled background alone."
        )
    if gallery.size < LEAST_GALLERY:
        notes.append(f"The thresholds are those of a gallery worth {LEAST_GALLERY:.0f} people, so that it may grow.")
    if not enough_genuine:
        notes.append(
            f"Fewer than {LEAST_GENUINE_PAIRS} genuine scores of its own: the share that is missed is the "
            "background's, over one template a person. Enrol several photographs of each staff member."
        )
    return notes


def _stated(threshold: Threshold, in_force: float) -> CalibratedThreshold:
    return CalibratedThreshold(value=in_force, low=min(threshold.low, in_force), high=max(threshold.high, in_force))


def _triple(threshold: Threshold) -> tuple[float, float, float]:
    return threshold.value, threshold.low, threshold.high


def _stacked(rows: Sequence[GalleryRow]) -> Float32Array:
    if not rows:
        return np.zeros((0, 512), dtype=np.float32)
    return np.stack([decode_vector(row.embedding) for row in rows])


def _by_person(rows: Sequence[GalleryRow]) -> list[list[Float32Array]]:
    groups = [
        [decode_vector(row.embedding) for row in group] for _, group in groupby(rows, key=lambda row: row.person_id)
    ]
    return [group for group in groups if len(group) > 1]
