"""`python -m benchmarks orchestration`: what it refuses and how it tells its figures; the figures of one small run."""

from __future__ import annotations

import json

import pytest

from benchmarks.__main__ import main
from benchmarks.commands import COMMANDS
from benchmarks.orchestration import lines


@pytest.mark.parametrize("words", [["--scale", "999"], ["--times", "0"]])
def test_amounts_that_measure_nothing_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["orchestration", "--alone", *words]) == 2
    assert "error:" in capsys.readouterr().err


def test_the_figures_are_told_in_words() -> None:
    figures: dict[str, object] = {
        "marts_refresh_ratio": 1.05,
        "marts_refresh_s": [10.0, 10.5],
        "visits_stored": [1000, 10000],
        "definitions_load_s": 2.5,
        "retention_rows_per_s": 30000,
    }
    told = lines(figures)
    assert told[0] == "a new day in the marts: [10.0, 10.5] s beside [1000, 10000] stored visits, ratio 1.05"
    assert told[-1] == "retention_rows_per_s: 30000"


@pytest.mark.e2e
def test_a_small_run_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert "orchestration" in COMMANDS
    assert main(["orchestration", "--alone", "--scale", "1000", "--times", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["visits_stored"] == [1000, 10000]
    assert figures["marts_refresh_ratio"] > 0
    assert figures["definitions_load_s"] > 0
