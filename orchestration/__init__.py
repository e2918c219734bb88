"""Dagster wiring: definitions, resources, jobs, schedules, and a way to run a job from here. No asset's logic."""
