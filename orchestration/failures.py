"""Why a step of a run failed, in a sentence for a person."""

from __future__ import annotations

from dagster import DagsterEvent


def sentence_of(event: DagsterEvent) -> str:
    """What the step said itself, or the message of the innermost cause."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return f"{event.step_key}: {data.user_failure_data.description}"
    cause = data.error
    while cause is not None and cause.cause is not None:
        cause = cause.cause
    return f"{event.step_key}: {cause.message.strip() if cause is not None else 'failed without a word'}"
