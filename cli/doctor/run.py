"""The doctor's checks in the order in which they are read. What each looks at stands in the modules beside."""

from __future__ import annotations

from collections.abc import Iterator

from cli.doctor import machine, privacy, services
from cli.doctor.finding import Finding, fail, ok, warn
from cli.stack import at_home
from cli.stack.state import StackState, read_state
from footfall.errors import ConfigurationError
from footfall.settings import load_settings


def examine() -> Iterator[Finding]:
    """Every finding, as it is made. When the settings cannot be read, that and the machine are all."""
    yield machine.check_python()
    yield machine.check_user()
    yield machine.check_memory()
    try:
        settings = at_home(load_settings())
    except ConfigurationError as error:
        yield fail("settings", error.message, error.hint or "")
        return
    yield ok("settings", "every FOOTFALL_ variable is known and in bounds")
    yield machine.check_home(settings.home)
    yield machine.check_disk(settings.home)
    yield machine.check_secrets(settings.home)
    yield from machine.check_weights(settings)
    try:
        state = read_state(settings.home)
    except ConfigurationError as error:
        yield fail("stack", error.message, error.hint or "")
        return
    yield from machine.check_ports(settings, state)
    yield from services.check_postgres(settings.postgres)
    yield from services.check_schema(settings.postgres)
    yield from services.check_milvus(settings)
    yield from services.check_s3(settings)
    yield from services.check_api(settings)
    yield from services.check_clock(settings)
    yield from privacy.check_privacy(settings)
    yield _check_stack(state)


def _check_stack(state: StackState | None) -> Finding:
    if state is None or state.phase == "stopped":
        return ok("stack", "none runs; `footfall up` starts one")
    if state.well:
        return ok("stack", "up and well")
    if not state.supervised and state.phase != "failed":
        return warn("stack", "its supervisor is gone", "`footfall up` takes over what still runs.")
    return warn("stack", f"{state.phase}, not well", "`footfall status` shows which part.")
