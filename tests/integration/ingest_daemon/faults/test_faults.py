"""While events flow from a daemon to a whole stack, one thing after the other is killed, cut off or filled up: then
every event is on the server exactly once or counted as dropped, and the visits are those of an undisturbed run.

The stack's own supervisor brings its parts back; the daemon is started again as a service manager would. `FAULT_EVENTS`
says how many events the run has to which everything happens in turn, and a fifth of it how many each of the others has.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.integration.ingest_daemon.faults.conftest import Verdict, judge
from tests.integration.ingest_daemon.faults.ledger import Ledger
from tests.integration.ingest_daemon.faults.network import Cable, NoNamespacesError, cable_to
from tests.integration.ingest_daemon.faults.rig import Film, Rig
from tests.integration.ingest_daemon.small_disk import small_disk

pytestmark = pytest.mark.e2e

Report = Callable[[Verdict], None]
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
DAY = 86_400


def test_nothing_happens(undisturbed: Ledger, film: Film) -> None:
    """The run that the others are held against is whole itself, and its visits are what its events say."""
    assert len(undisturbed.events) == film.sightings
    assert {event.revision for event in undisturbed.events} == {1}
    assert {event.decision for event in undisturbed.events} == {"new_customer", "customer"}
    assert undisturbed.visits == undisturbed.expected_visits(undisturbed.keys)
    assert len(undisturbed.people(undisturbed.keys)) == film.sightings * 3 // 10


@pytest.mark.parametrize("part", ["api", "postgres", "milvus", "s3"])
def test_a_part_of_the_server_is_killed(rig: Rig, film: Film, undisturbed: Ledger, report: Report, part: str) -> None:
    door = rig.door(f"killed-{part}")
    blows = {share: lambda: rig.kill(part) for share in (0.2, 0.5, 0.8)}

    outcome = rig.run(rig.daemon(door, film), door, film, blows)

    verdict = judge(f"kill -9 {part}, three times", film, rig.ledger(door), undisturbed, outcome)
    report(verdict)
    assert_whole(verdict)


def test_the_daemon_is_killed(rig: Rig, film: Film, undisturbed: Ledger, report: Report) -> None:
    door = rig.door("killed-daemon")
    daemon = rig.daemon(door, film)

    outcome = rig.run(daemon, door, film, dict.fromkeys((0.02, 0.2, 0.5, 0.8), daemon.kill))

    verdict = judge("kill -9 the daemon, four times", film, rig.ledger(door), undisturbed, outcome)
    report(verdict)
    assert outcome.lives >= 5
    assert_whole(verdict)


def test_the_network_is_cut(rig: Rig, film: Film, undisturbed: Ledger, report: Report) -> None:
    door = rig.door("cut")
    try:
        with cable_to(rig.api_url) as cable:
            daemon = rig.daemon(door, film, prefix=cable.prefix, api_url=cable.url)
            outcome = rig.run(daemon, door, film, dict.fromkeys((0.2, 0.6), partial(cut, cable)))
    except NoNamespacesError as error:
        pytest.skip(f"no network namespaces here: {error}")

    verdict = judge("network cut between namespaces, twice", film, rig.ledger(door), undisturbed, outcome)
    report(verdict)
    assert_whole(verdict)


def test_the_clock_jumps(rig: Rig, film: Film, undisturbed: Ledger, report: Report) -> None:
    if not FAKETIME.exists():
        pytest.skip("Debian's faketime is not installed")
    door = rig.door("clock")
    clock = Clock(door.home / "clock")
    daemon = rig.daemon(door, film, variables=clock.variables)

    jumps = {0.05: clock.set_by(40 * DAY), 0.4: clock.set_by(-3 * DAY), 0.7: clock.set_by(0)}
    outcome = rig.run(daemon, door, film, jumps)

    verdict = judge("clock set 40 days on, 43 back, right", film, rig.ledger(door), undisturbed, outcome)
    report(verdict)
    assert_whole(verdict)


def test_everything_happens_in_turn(rig: Rig, long_film: Film, long_undisturbed: Ledger, report: Report) -> None:
    """What single faults leave behind (an outbox that was taken over, a server that has just come back, a clock that
    was set) is what the next one meets."""
    if not FAKETIME.exists():
        pytest.skip("Debian's faketime is not installed")
    door = rig.door("in-turn")
    clock = Clock(door.home / "clock")
    try:
        with cable_to(rig.api_url) as cable:
            daemon = rig.daemon(door, long_film, prefix=cable.prefix, api_url=cable.url, variables=clock.variables)
            blows: list[Callable[[], None]] = [
                daemon.kill,
                *(partial(rig.kill, part) for part in ("api", "postgres", "milvus", "s3")),
                partial(cut, cable),
                *(clock.set_by(seconds) for seconds in (40 * DAY, -3 * DAY, 0)),
                daemon.kill,
                *(partial(rig.kill, part) for part in ("s3", "milvus", "postgres", "api")),
                partial(cut, cable),
            ]
            shares = {(number + 1) / (len(blows) + 1): blow for number, blow in enumerate(blows)}
            outcome = rig.run(daemon, door, long_film, shares)
    except NoNamespacesError as error:
        pytest.skip(f"no network namespaces here: {error}")

    verdict = judge(f"{len(blows)} of these in turn", long_film, rig.ledger(door), long_undisturbed, outcome)
    report(verdict)
    assert outcome.lives >= 3
    assert_whole(verdict)


def test_the_outbox_reaches_its_bound(rig: Rig, film: Film, undisturbed: Ledger, report: Report) -> None:
    if film.sightings < 500:
        pytest.skip("so few events do not fill a megabyte")
    door, single = rig.door("bound"), Film(film.sightings, events_each=1)
    daemon = rig.daemon(door, single, variables={"FOOTFALL_INGEST__OUTBOX_MAX_BYTES": "1000000"})

    outcome = rig.run(daemon, door, single, {})

    verdict = judge("outbox bounded to 1 MB", single, rig.ledger(door), undisturbed, outcome)
    report(verdict)
    assert_accounted_for(verdict)


def test_the_disk_is_full(rig: Rig, film: Film, undisturbed: Ledger, report: Report) -> None:
    if film.sightings < 500:
        pytest.skip("so few events fill no disk")
    door, single = rig.door("full"), Film(film.sightings, events_each=1)
    with small_disk(door.home, "3m"):
        outcome = rig.run(rig.daemon(door, single), door, single, {})

    verdict = judge("outbox on a disk of 3 MB", single, rig.ledger(door), undisturbed, outcome)
    report(verdict)
    assert_accounted_for(verdict)


def assert_whole(verdict: Verdict) -> None:
    assert (verdict.on_server, verdict.dropped, verdict.duplicates) == (verdict.sent, 0, 0)
    assert verdict.equal


def assert_accounted_for(verdict: Verdict) -> None:
    assert verdict.dropped > 0
    assert (verdict.on_server + verdict.dropped, verdict.duplicates) == (verdict.sent, 0)
    assert verdict.equal


def cut(cable: Cable) -> None:
    cable.pull()
    time.sleep(15)  # longer than the client waits for an answer
    cable.plug()


class Clock:
    """Of a daemon's process: a file says by how much it is wrong."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_text("+0")

    @property
    def variables(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set_by(self, seconds: int) -> Callable[[], None]:
        def set_it() -> None:
            self._file.write_text(f"{seconds:+d}")

        return set_it
