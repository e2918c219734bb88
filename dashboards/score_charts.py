"""The score distributions of a calibration as a chart: a pure function of the API's report."""

from __future__ import annotations

import altair as alt
import pandas as pd

from contracts.calibration import CalibrationReport

COLOURS = {"Different people": "#e76f51", "One person": "#2a9d8f"}


def score_frame(report: CalibrationReport) -> pd.DataFrame:
    """Long form: `cosine` (middle of a bin), `share` of the highest bin, `who`, `of` (Background or Own)."""
    records = [
        {"cosine": -1 + (number + 0.5) * report.bin_width, "share": share / max(shares), "who": who, "of": of}
        for who, distribution in (("Different people", report.impostors), ("One person", report.genuine))
        for of, shares in (("Background", distribution.background), ("Own", distribution.own))
        if any(shares)
        for number, share in enumerate(shares)
    ]
    return pd.DataFrame(records, columns=["cosine", "share", "who", "of"])


def score_chart(report: CalibrationReport) -> alt.LayerChart | alt.FacetChart:
    """Distributions as lines, the background dashed; thresholds as rules over their intervals."""
    limits = pd.DataFrame(
        [
            {"value": threshold.value, "low": threshold.low, "high": threshold.high, "name": name}
            for name, threshold in (("Unsure from", report.threshold_low), ("Match from", report.threshold_high))
        ]
    )
    across = alt.X("cosine:Q", title="Score (cosine)", scale=alt.Scale(domain=[-0.4, 1.0], clamp=True))
    lines = (
        alt.Chart(score_frame(report))
        .mark_line()
        .encode(
            x=across,
            y=alt.Y("share:Q", title=None, axis=None),
            color=alt.Color(
                "who:N",
                title=None,
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                legend=alt.Legend(orient="top"),
            ),
            strokeDash=alt.StrokeDash(
                "of:N",
                title=None,
                scale=alt.Scale(domain=["Own", "Background"], range=[[1, 0], [4, 3]]),
                legend=alt.Legend(orient="top"),
            ),
        )
    )
    bands = alt.Chart(limits).mark_rect(color="#264653", opacity=0.15).encode(x=alt.X("low:Q"), x2="high:Q")
    rules = (
        alt.Chart(limits)
        .mark_rule(color="#264653")
        .encode(
            x=alt.X("value:Q"), tooltip=[alt.Tooltip("name:N", title="Threshold"), alt.Tooltip("value:Q", format=".3f")]
        )
    )
    return alt.layer(bands, lines, rules).properties(height=320)
