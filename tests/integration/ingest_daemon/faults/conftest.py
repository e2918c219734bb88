"""The stack that the faults are done to, a run that nothing happens to, and the table of them all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.stack import start, stop_stack
from cli.stack.ports import free_ports
from footfall.settings import load_settings
from tests.integration.ingest_daemon.faults.ledger import Ledger
from tests.integration.ingest_daemon.faults.rig import Film, Outcome, Rig

EVENTS = int(os.environ.get("FAULT_EVENTS", "10000"))
"""Of the run to which everything happens in turn; those with a single fault have a fifth of them each."""
_HEADINGS = "fault", "events sent", "on server", "dropped by policy", "duplicates", "visits equal"


@dataclass(frozen=True)
class Verdict:
    """One line of the table. `equal`: the visits are those of an undisturbed run, without what was dropped."""

    fault: str
    sent: int
    on_server: int
    dropped: int
    duplicates: int
    equal: bool
    lives: int

    def cells(self) -> tuple[str, ...]:
        numbers = (self.sent, self.on_server, self.dropped, self.duplicates)
        return (self.fault, *(f"{one:,}" for one in numbers), "yes" if self.equal else "NO")


def judge(fault: str, film: Film, found: Ledger, undisturbed: Ledger, outcome: Outcome) -> Verdict:
    """Two events were sent of a sighting whose row has revision 1, where the film makes two of each."""
    reached = sum(film.events_each if event.revision else 1 for event in found.events)
    here = found.keys
    as_before = here <= undisturbed.keys and {
        (event.key, event.ended_at) for event in found.events if event.revision
    } <= {(event.key, event.ended_at) for event in undisturbed.events}
    equal = (
        as_before
        and found.visits == undisturbed.expected_visits(here)
        and found.people(here) == undisturbed.people(here)
        and found.sightings == len(found.events)
    )
    return Verdict(
        fault,
        sent=film.sightings * film.events_each,
        on_server=reached,
        dropped=outcome.dropped,
        duplicates=found.duplicates,
        equal=equal,
        lives=outcome.lives,
    )


@pytest.fixture(scope="package")
def rig(models_dir: Path) -> Iterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="footfall-faults-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        names = ("postgres", "milvus", "s3", "dashboards", "dagster")
        settings = load_settings(
            home=home,
            models_dir=models_dir,
            stack={f"{name}_port": port for name, port in zip(names, free_ports(5), strict=True)},
            api={"port": free_ports(1)[0]},
            # Drawn people have no face that the server's own models could find.
            recognition={"re_embed": "never"},
        )
        Path(folder).chmod(0o755)  # under root Postgres is another user
        stack = start(settings, only=["api"], bound=True)
        try:
            yield Rig(stack, Path(folder))
        finally:
            stop_stack(settings)


@pytest.fixture(scope="package")
def film() -> Film:
    return Film(max(40, EVENTS // 10))


@pytest.fixture(scope="package")
def undisturbed(rig: Rig, film: Film, report: Callable[[Verdict], None]) -> Ledger:
    return _undisturbed("undisturbed", rig, film, report)


@pytest.fixture(scope="package")
def long_film() -> Film:
    return Film(max(40, EVENTS // 2))


@pytest.fixture(scope="package")
def long_undisturbed(rig: Rig, long_film: Film, report: Callable[[Verdict], None]) -> Ledger:
    return _undisturbed("undisturbed-for-long", rig, long_film, report)


def _undisturbed(name: str, rig: Rig, film: Film, report: Callable[[Verdict], None]) -> Ledger:
    door = rig.door(name)
    outcome = rig.run(rig.daemon(door, film), door, film, {})
    ledger = rig.ledger(door)
    report(judge("none", film, ledger, ledger, outcome))
    return ledger


@pytest.fixture(scope="package")
def report(request: pytest.FixtureRequest) -> Iterator[Callable[[Verdict], None]]:
    """Takes a line for the table, which is printed at the end and written to FAULT_TABLE where that names a file."""
    verdicts: list[Verdict] = []
    yield verdicts.append
    rows = [_HEADINGS, tuple("---" for _ in _HEADINGS), *(verdict.cells() for verdict in verdicts)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    if "FAULT_TABLE" in os.environ:
        Path(os.environ["FAULT_TABLE"]).write_text(table + "\n", encoding="utf-8")
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{table}")  # noqa: T201 - the table is what the suite is for
