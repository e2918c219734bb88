"""The score distributions of a calibration as a drawing: SVG from numbers. No Dagster, no storage."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from contracts.calibration import CalibrationReport

WIDTH, HEIGHT, MARGIN = 640, 260, 36
_FROM, _TO = -0.4, 1.0
_COLOURS = {"impostors": "#e76f51", "genuine": "#2a9d8f"}


def score_plot(report: CalibrationReport) -> str:
    """A data URI of `score_svg`."""
    return "data:image/svg+xml;base64," + base64.b64encode(score_svg(report).encode()).decode()


def score_svg(report: CalibrationReport) -> str:
    """Different people's scores and one person's, each to its own height; the background dashed, the tenant's own
    solid; the thresholds with their intervals."""
    lines = []
    for name, distribution in (("impostors", report.impostors), ("genuine", report.genuine)):
        for shares, dash in ((distribution.background, ' stroke-dasharray="4 3"'), (distribution.own, "")):
            if any(shares):
                lines.append(
                    f'<polyline fill="none" stroke="{_COLOURS[name]}" stroke-width="2"{dash} '
                    f'points="{_points(shares, report.bin_width)}"/>'
                )
    # Each label on its own side of its line: the two thresholds are near each other.
    for label, threshold, side in (("unsure", report.threshold_low, "end"), ("match", report.threshold_high, "start")):
        left, right, at = _x(threshold.low), _x(threshold.high), _x(threshold.value)
        lines.append(
            f'<rect x="{left:.1f}" y="{MARGIN}" width="{max(right - left, 1):.1f}" height="{HEIGHT - 2 * MARGIN}" '
            'fill="#264653" fill-opacity="0.15"/>'
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{MARGIN}" y2="{HEIGHT - MARGIN}" stroke="#264653"/>'
            f'<text x="{at:.1f}" y="{MARGIN - 8}" text-anchor="{side}">{label} {threshold.value:.3f}</text>'
        )
    ticks = "".join(
        f'<text x="{_x(tick / 10):.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{tick / 10:.1f}</text>'
        for tick in range(-4, 11, 2)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{HEIGHT - MARGIN}" y2="{HEIGHT - MARGIN}" stroke="#888"/>'
        f"{''.join(lines)}{ticks}"
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">cosine; dashed: background, solid: own; '
        "red: different people, green: one person</text></svg>"
    )


def _points(shares: Sequence[float], bin_width: float) -> str:
    top = max(shares)
    middles = [(-1 + (number + 0.5) * bin_width, share) for number, share in enumerate(shares)]
    return " ".join(
        f"{_x(cosine):.1f},{HEIGHT - MARGIN - share / top * (HEIGHT - 2 * MARGIN):.1f}"
        for cosine, share in middles
        if _FROM <= cosine <= _TO
    )


def _x(cosine: float) -> float:
    inside = min(max(cosine, _FROM), _TO)
    return MARGIN + (inside - _FROM) / (_TO - _FROM) * (WIDTH - 2 * MARGIN)
