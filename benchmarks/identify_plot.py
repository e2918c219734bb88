"""The calibration plot of a benchmark's gallery, as the asset `thresholds` draws a tenant's. Scores alone, no face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assets.score_plot import score_svg
from benchmarks.people import LabelledTemplates
from contracts.calibration import CalibratedThreshold, CalibrationReport, ScoreDistribution
from footfall.calibration import (
    Background,
    OwnTail,
    effective_size,
    histogram_of,
    miss_rate,
    own_weight,
    threshold_for,
)
from footfall.calibration_gallery import MOST_PEOPLE, measure


def write_plot(
    path: Path,
    seen: LabelledTemplates,
    gallery: Sequence[npt.NDArray[np.intp]],
    background: Background,
    *,
    target_fpir: float,
    unsure_fpir: float,
) -> None:
    """`gallery`: rows of each enrolled person's photographs. Raises OSError where the file cannot be written."""
    firsts = seen.enrolled[[int(own[0]) for own in gallery][:MOST_PEOPLE]]
    measured = measure(firsts, [list(seen.enrolled[own]) for own in gallery if len(own) > 1])
    size = effective_size(len(own) for own in gallery)
    low, high = (_threshold(background, measured.tail, fpir, size) for fpir in (unsure_fpir, target_fpir))
    genuine = histogram_of(measured.genuine, background.bin_width)
    report = CalibrationReport(
        model_version=background.model_version,
        calibrated_at=None,
        source=background.source,
        target_fpir=target_fpir,
        unsure_fpir=unsure_fpir,
        gallery_people=len(gallery),
        gallery_size=size,
        own_people=measured.people,
        own_pairs=measured.pairs,
        own_genuine_pairs=len(measured.genuine),
        own_weight=own_weight(measured.people),
        background_people=background.people,
        threshold_low=low,
        threshold_high=high,
        expected_miss_rate=miss_rate(genuine, background.bin_width, high.value),
        notes=(),
        bin_width=background.bin_width,
        impostors=ScoreDistribution(
            background=background.impostor_histogram, own=histogram_of(measured.impostors, background.bin_width)
        ),
        genuine=ScoreDistribution(background=background.genuine_histogram, own=genuine),
    )
    path.write_text(score_svg(report) + "\n", encoding="utf-8")


def _threshold(background: Background, own: OwnTail | None, fpir: float, size: float) -> CalibratedThreshold:
    found = threshold_for(background, own, fpir=fpir, gallery=size)
    return CalibratedThreshold(value=found.value, low=found.low, high=found.high)
