"""Dagster assets and their checks: what exists, how fresh and how good it is. No jobs, schedules or resources."""
