"""`python -m orchestration.run_job JOB`: runs one job in this process and prints its outcome as a line of JSON, last.

Uses the instance that DAGSTER_HOME names. Exit codes: 0 the run succeeded, 1 it failed, 2 it could not begin.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from dagster import AssetCheckSeverity, DagsterInstance, ExecuteInProcessResult

from footfall.errors import FootfallError
from orchestration.definitions import defs
from orchestration.failures import sentence_of
from orchestration.jobs import JOBS
from orchestration.local import RunOutcome

_ROW_COUNT = "dagster/row_count"


def run(job_name: str, instance: DagsterInstance) -> RunOutcome:
    """Runs the job with the settings of the environment; its failure is part of the outcome. Raises as `defs` does."""
    job = defs().resolve_job_def(job_name)
    began = time.monotonic()
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    return RunOutcome(
        job_name=job_name,
        run_id=result.run_id,
        success=result.success,
        seconds=round(time.monotonic() - began, 3),
        rows=dict(_rows(result)),
        failed_checks=tuple(
            f"{check.asset_key.to_user_string()}:{check.check_name}"
            for check in result.get_asset_check_evaluations()
            if not check.passed and check.severity is AssetCheckSeverity.ERROR
        ),
        failure=None if result.success else _first_failure(result),
    )


def _rows(result: ExecuteInProcessResult) -> Iterator[tuple[str, int]]:
    for event in result.get_asset_materialization_events():
        count = event.materialization.metadata.get(_ROW_COUNT)
        if event.asset_key is not None and count is not None and isinstance(count.value, int):
            yield event.asset_key.to_user_string(), count.value


def _first_failure(result: ExecuteInProcessResult) -> str:
    steps = [event for event in result.all_events if event.is_step_failure]
    if steps:
        return sentence_of(steps[0])
    runs = [event.job_failure_data.error for event in result.all_events if event.is_job_failure]
    said = [error.message.strip() for error in runs if error is not None]
    return f"Dagster could not go on: {said[0]}" if said else "The run failed without a word."


def main(arguments: list[str]) -> int:
    known = sorted(job.name for job in JOBS)
    if len(arguments) != 1 or arguments[0] not in known:
        sys.stderr.write(f"Name one job of: {', '.join(known)}.\n")
        return 2
    try:
        outcome = run(arguments[0], DagsterInstance.get())
    except FootfallError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return 2
    sys.stdout.write(f"\n{json.dumps(asdict(outcome))}\n")
    return 0 if outcome.success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
