"""docs/metrics.md says what is served, and nothing else."""

from __future__ import annotations

from pathlib import Path

from cli.metrics_command import metrics_page
from ingest_daemon.metrics import described_metrics

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_committed_page_is_what_the_code_serves() -> None:
    assert PAGE.read_text(encoding="utf-8") == metrics_page(), "run: footfall metrics --write docs/metrics.md"


def test_every_metric_says_what_it_counts() -> None:
    assert [family.name for family in described_metrics() if not family.documentation] == []
