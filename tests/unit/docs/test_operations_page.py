"""docs/operations.md names every job, schedule, sensor, check of events and mart that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.quality import CHECKS
from orchestration.jobs import JOBS
from orchestration.schedules import SCHEDULES
from orchestration.sensors import SENSORS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MARTS = sorted(path.stem for path in (ROOT / "dbt" / "models" / "marts").glob("*.sql"))


@pytest.mark.parametrize("name", [*(job.name for job in JOBS), *(sensor.name for sensor in SENSORS), *CHECKS, *MARTS])
def test_the_page_names_it(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_page_gives_each_schedules_time() -> None:
    for schedule in SCHEDULES:
        minute, hour, *_ = str(schedule.cron_schedule).split()
        assert (f":{minute.zfill(2)}" if hour == "*" else f"{hour.zfill(2)}:{minute} UTC") in PAGE, schedule.name
