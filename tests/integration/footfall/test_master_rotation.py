"""Replacing the master key: nothing is wrapped by the former one afterwards, whoever is killed anywhere is gone on
with, and whoever works meanwhile notices nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr

from contracts.base import EventId
from footfall.environment import settings_environment
from footfall.errors import ConfigurationError, InputError
from footfall.face_vault import FaceVault, former_path, open_vault, put_master, read_former
from footfall.key_ring import RING_NAME, read_ring, refresh_key_rings, remember_ring, write_ring
from footfall.master_rotation import Step, rotate_master
from footfall.operations import OperatorServices, open_operator_services
from footfall.services import Services
from footfall.settings import Settings
from footfall.sighting_pictures import read_sighting_picture
from tests.databases import fresh_database
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import World, jpeg, portrait
from tests.servers import MigratedPostgres
from tests.vectors import person

FACE = jpeg(portrait(1, side_px=160))
STEPS: tuple[Step, ...] = get_args(Step)

_CHILD = """
import os, signal, sys
from footfall.master_rotation import rotate_master
from footfall.operations import open_operator_services
from footfall.settings import load_settings

def die(step):
    if step == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)

settings = load_settings()
rotate_master(settings, open_operator_services(settings).engine, observe=die)
"""


class Stopped(BaseException):
    """Stands for the process's end."""


@pytest.fixture
def postgres(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    """A database of its own: in the shared one lie keys that other tests' master keys wrapped."""
    with fresh_database(postgres) as own:
        yield own


@pytest.fixture
def operator(services: Services) -> Iterator[OperatorServices]:
    opened = open_operator_services(services.settings)
    yield opened
    opened.close()


def seen(world: World, who: int) -> EventId:
    return EventId(world.send(world.event(person(who)), FACE).event_id)


def opens(world: World, event_id: EventId) -> bool:
    picture, *_ = read_sighting_picture(world.services, world.tenant_id, event_id, allowed_sites=None)
    return picture == FACE


def masters(world: World) -> set[bytes]:
    return {bytes(row["master_id"]) for row in world.rows("select master_id from footfall.face_keys")}


def anew(settings: Settings) -> bytes:
    """The name of the master key, as a process that starts now has it."""
    return open_vault(settings).master_id


def test_every_key_is_wrapped_anew_and_what_runs_already_reads_and_writes_on(
    worlds: Worlds, operator: OperatorServices
) -> None:
    world, other = worlds("identify"), worlds("identify")
    faces = [(each, seen(each, who)) for each in (world, other) for who in (1, 2)]
    settings = world.services.settings
    before = anew(settings)
    done = rotate_master(settings, operator.engine)
    after = anew(settings)
    assert (done.completed, after != before) == (True, True)
    assert done.keys >= len(faces)
    assert masters(world) == masters(other) == {after}
    assert not former_path(settings.master_key_path).exists()
    assert all(opens(each, event_id) for each, event_id in faces), "the process had read the former key"
    late = seen(world, 3)
    assert masters(world) == {after}, "it wraps with the new one by itself"
    assert opens(world, late)


@pytest.mark.e2e
def test_whoever_is_killed_anywhere_is_gone_on_with(world: World, operator: OperatorServices) -> None:
    settings = world.services.settings
    ring = settings.home / RING_NAME
    write_ring(ring, open_vault(settings), [])
    remember_ring(settings.home, ring)
    for who, step in enumerate(STEPS, start=1):
        event_id = seen(world, who)
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, step],
            env={**os.environ, **settings_environment(settings, secrets=True)},
            check=False,
            capture_output=True,
        )
        assert child.returncode == -signal.SIGKILL, child.stderr.decode()
        assert opens(world, event_id), f"killed when {step}, and read"
        meanwhile = seen(world, 50 + who)
        assert rotate_master(settings, operator.engine).completed
        assert masters(world) == {anew(settings)}
        assert not former_path(settings.master_key_path).exists()
        assert opens(world, event_id), f"killed when {step}, completed, and read"
        assert opens(world, meanwhile)
        assert {entry.key.master_id for entry in read_ring(ring, open_vault(settings))} == {anew(settings)}


@pytest.mark.parametrize("step", [step for step in STEPS if step != "destroyed"])
def test_a_run_that_stopped_is_gone_on_with(world: World, operator: OperatorServices, step: Step) -> None:
    event_id, settings = seen(world, 1), world.services.settings

    def stop(at: Step) -> None:
        if at == step:
            raise Stopped

    with suppress(Stopped):
        rotate_master(settings, operator.engine, observe=stop)
    assert opens(world, event_id)
    assert rotate_master(settings, operator.engine).completed
    assert masters(world) == {anew(settings)}
    assert opens(world, event_id)


def test_keys_that_are_made_while_the_master_key_is_replaced_are_found(
    world: World, operator: OperatorServices
) -> None:
    settings = world.services.settings
    made: list[EventId] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            made.append(seen(world, 100 + len(made)))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3):
            assert rotate_master(settings, operator.engine).completed
    finally:
        stop.set()
        worker.join()
    assert made
    assert masters(world) == {anew(settings)}
    assert all(opens(world, event_id) for event_id in made)


def test_a_ring_that_is_away_keeps_the_former_key_until_it_is_back(
    world: World, operator: OperatorServices, tmp_path: Path
) -> None:
    settings = world.services.settings
    ring = tmp_path / "disk" / RING_NAME
    ring.parent.mkdir()
    seen(world, 1)
    write_ring(ring, open_vault(settings), [])
    remember_ring(settings.home, ring)
    refresh_key_rings(settings, operator.engine)
    away = ring.rename(tmp_path / "unmounted")
    done = rotate_master(settings, operator.engine)
    assert (done.completed, [state.path for state in done.rings if state.fault]) == (False, [ring])
    assert read_former(settings.master_key_path) is not None
    away.rename(ring)
    assert rotate_master(settings, operator.engine).completed
    assert {entry.key.master_id for entry in read_ring(ring, open_vault(settings))} == {anew(settings)}
    with pytest.raises(InputError, match="no key ring of this installation"):
        read_ring(ring, FaceVault(lambda: bytes(32)))


def test_a_key_that_no_master_wrapped_stops_it_before_anything_is_destroyed(
    world: World, operator: OperatorServices, tmp_path: Path
) -> None:
    event_id, settings = seen(world, 1), world.services.settings
    other, right = tmp_path / "other", tmp_path / "right"
    right.write_bytes(settings.master_key_path.read_bytes())
    other.write_text("ab" * 32, encoding="ascii")
    put_master(settings.master_key_path, other)
    with pytest.raises(ConfigurationError, match="another master key"):
        rotate_master(settings, operator.engine)
    assert read_former(settings.master_key_path) is not None
    put_master(former_path(settings.master_key_path), right)
    assert rotate_master(settings, operator.engine).completed
    assert opens(world, event_id)


def test_a_master_key_in_the_environment_is_not_replaced(world: World, operator: OperatorServices) -> None:
    vault = world.services.settings.vault.model_copy(update={"master_key": SecretStr("ab" * 32)})
    with pytest.raises(ConfigurationError, match="FOOTFALL_VAULT__MASTER_KEY"):
        rotate_master(world.services.settings.model_copy(update={"vault": vault}), operator.engine)
