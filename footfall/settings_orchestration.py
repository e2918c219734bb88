"""Settings of Dagster's engines: where the steps of its runs go. Read by `footfall.settings` alone."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from footfall.settings_section import Section


class OrchestrationSettings(Section):
    """Without any, a run's steps are processes of the machine that the run is on."""

    celery_config: Path | None = Field(
        default=None,
        description="Steps of runs go to Celery workers, which this file tells of: `deploy/dagster/celery-run.yaml`, "
        "the same that the workers are started with. Needs the packages of `requirements-scale-out.lock`.",
    )
