"""What recognition rests on: score distributions, thresholds with their intervals, and where they come from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from contracts.calibration import CalibratedThreshold, VersionCoverage
from dashboards.score_charts import score_chart
from dashboards.session import api_errors, require_session


def stated(threshold: CalibratedThreshold) -> str:
    return f"{threshold.low:.3f} to {threshold.high:.3f}"


def coverage_of(version: VersionCoverage) -> tuple[str, ...]:
    role = f"{version.role}, paused" if version.paused else version.role
    return (
        version.model_version,
        role,
        f"{version.staff_faces_known} of {version.staff_faces}",
        f"{version.customers_known} of {version.customers}",
        f"{version.sightings_known} of {version.sightings}",
        f"{version.opt_outs_known} of {version.opt_outs}",
        f"{version.set_aside}",
        f"{version.untried}",
    )


client = require_session().client
st.title("Recognition")

with api_errors():
    report = client.calibration()

for note in report.notes:
    st.warning(note, icon=":material/info:")

match, unsure, gallery, missed = st.columns(4)
match.metric(
    "Match from", f"{report.threshold_high.value:.3f}", help=f"At most {report.target_fpir:.1%} of strangers reach it."
)
unsure.metric(
    "Unsure from", f"{report.threshold_low.value:.3f}", help=f"{report.unsure_fpir:.1%} of strangers reach it."
)
gallery.metric("People who can be matched", f"{report.gallery_people}")
missed.metric(
    "Expected misses",
    "unknown" if report.expected_miss_rate is None else f"{report.expected_miss_rate:.1%}",
    help="Share of a known person's faces under the match threshold, as far as was measured.",
)

st.altair_chart(score_chart(report), width="stretch")
st.caption(
    "Scores of different people and of one person, each to its own height. Lines are the thresholds, bands their 95 % "
    "intervals."
)
measured = "never" if report.calibrated_at is None else f"{report.calibrated_at:%d %B %Y, %H:%M} UTC"
st.dataframe(
    pd.DataFrame(
        [
            ("Rests on", report.source),
            ("Measured", measured),
            ("Model", report.model_version),
            ("Match threshold, 95 %", stated(report.threshold_high)),
            ("Unsure threshold, 95 %", stated(report.threshold_low)),
            ("Own people", f"{report.own_people}, {report.own_pairs} pairs, weighing {report.own_weight:.0%}"),
            ("Background", f"{report.background_people} people"),
            ("Gallery worth", f"{report.gallery_size:.0f} people with one template"),
        ],
        columns=["What", "Value"],
    ),
    hide_index=True,
    width="stretch",
)

if len(report.versions) > 1:
    st.subheader("Model versions")
    st.dataframe(
        pd.DataFrame(
            [coverage_of(version) for version in report.versions],
            columns=[
                "Version",
                "Role",
                "Staff photographs",
                "Customers",
                "Sightings",
                "Opt-outs",
                "Set aside",
                "To do",
            ],
        ),
        hide_index=True,
        width="stretch",
    )
    st.caption(
        "What each version knows. Set aside is what has no usable picture; those customers are carried over by their "
        "next visit with one."
    )
