"""The asset of thresholds in words and pictures, and its check, which warns of too few people."""

from __future__ import annotations

import base64
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from dagster import AssetCheckSeverity

from api.examples import RESPONSES
from assets.score_plot import HEIGHT, WIDTH, score_plot, score_svg
from assets.thresholds import plots_of, table_of, verdict_on
from contracts.base import TenantId
from contracts.calibration import CalibrationReport, ScoreDistribution
from footfall.calibration import LEAST_PEOPLE

ONE, OTHER = TenantId(UUID(int=1)), TenantId(UUID(int=2))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def report() -> CalibrationReport:
    example = RESPONSES["reportCalibration"]
    assert isinstance(example, CalibrationReport)
    return example


def test_enough_people_everywhere_pass(report: CalibrationReport) -> None:
    verdict = verdict_on({ONE: report, OTHER: report})

    assert verdict.passed


def test_a_tenant_with_too_few_people_is_warned_of_by_name(report: CalibrationReport) -> None:
    few = report.model_copy(update={"own_people": LEAST_PEOPLE - 1})

    verdict = verdict_on({ONE: report, OTHER: few})

    assert not verdict.passed
    assert verdict.severity is AssetCheckSeverity.WARN
    assert verdict.metadata["short_tenants"].value == [str(OTHER)]
    assert "background" in (verdict.description or "")


def test_the_table_has_a_row_a_tenant_with_intervals(report: CalibrationReport) -> None:
    rows = table_of({ONE: report, OTHER: report}).splitlines()

    assert len(rows) == 4
    assert len({row.count("|") for row in rows}) == 1
    assert "0.450 (0.430 to 0.470)" in rows[2]


def test_the_plot_draws_own_and_background_and_both_thresholds_inside_its_frame(report: CalibrationReport) -> None:
    drawing = ET.fromstring(score_svg(report))  # noqa: S314 - made by ourselves
    lines = drawing.findall(f"{SVG}polyline")

    assert len(lines) == 4
    assert sum("stroke-dasharray" in line.attrib for line in lines) == 2
    for line in lines:
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    words = " ".join(text.text or "" for text in drawing.findall(f"{SVG}text"))
    assert "match 0.450" in words
    assert "unsure 0.320" in words


def test_before_a_calibration_the_background_alone_is_drawn(report: CalibrationReport) -> None:
    bare = report.model_copy(
        update={
            "impostors": ScoreDistribution(background=report.impostors.background, own=()),
            "genuine": ScoreDistribution(background=report.genuine.background, own=(0.0, 0.0)),
        }
    )

    assert len(ET.fromstring(score_svg(bare)).findall(f"{SVG}polyline")) == 2  # noqa: S314 - made by ourselves


def test_the_plot_lies_inside_the_text(report: CalibrationReport) -> None:
    address = score_plot(report)
    kind, data = address.split(",", 1)

    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == score_svg(report)
    assert address in plots_of({ONE: report})


def test_the_labels_of_thresholds_that_are_near_each_other_do_not_meet(report: CalibrationReport) -> None:
    near = report.model_copy(
        update={"threshold_high": report.threshold_low.model_copy(update={"value": report.threshold_low.value + 0.01})}
    )
    drawing = ET.fromstring(score_svg(near))  # noqa: S314 - made by ourselves
    sides = {
        label: text.attrib["text-anchor"]
        for text in drawing.findall(f"{SVG}text")
        for label in ("unsure", "match")
        if (text.text or "").startswith(label)
    }
    assert sides == {"unsure": "end", "match": "start"}
