"""The state file: whole or absent, and read strictly."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from cli.stack.processes import ProcessId, identify
from cli.stack.state import (
    WELL,
    PartState,
    PartStatus,
    Phase,
    PortChoice,
    StackState,
    read_state,
    state_path,
    write_state,
)
from footfall.errors import ConfigurationError

ME = identify(os.getpid())
NOBODY = ProcessId(os.getpid(), "another start")


def stack(*statuses: PartStatus, phase: Phase = "up", supervisor: ProcessId | None = ME) -> StackState:
    parts = {f"part-{index}": PartState(name=f"part-{index}", status=status) for index, status in enumerate(statuses)}
    return StackState(
        phase=phase,
        supervisor=supervisor,
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
        ports={"api": PortChoice(wanted=8000, port=8001)},
        parts=parts,
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    state = stack("healthy", "idle")
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state


def test_a_home_without_a_stack_has_no_state(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2}'])
def test_a_damaged_file_is_an_error(tmp_path: Path, text: str) -> None:
    write_state(tmp_path, stack())
    state_path(tmp_path).write_text(text)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_state(tmp_path)


def test_healthy_done_and_idle_are_well_and_nothing_else_is() -> None:
    well = {status for status in get_args(PartStatus) if stack("healthy", status).well}
    assert well == WELL == {"healthy", "done", "idle"}


def test_no_stack_is_well_without_its_supervisor() -> None:
    assert stack("healthy").well
    assert not stack("healthy", supervisor=NOBODY).well
    assert not stack("healthy", supervisor=None).well


def test_no_stack_is_well_before_it_is_up() -> None:
    assert not stack("healthy", phase="starting").well
