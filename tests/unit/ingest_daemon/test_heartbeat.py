"""Heartbeats: what they say, what is made of the answers, and that a server that is away is taken calmly."""

from __future__ import annotations

import logging
from random import Random
from uuid import UUID, uuid4

import pytest

from client.errors import ApiUnavailable
from contracts.commands import CommandOrder, Stop
from contracts.configuration import WorkerConfiguration
from contracts.workers import Heartbeat, HeartbeatAnswer
from ingest_daemon.heartbeat import Heart
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.operated_kit import StagedDaemon


class Server:
    """Answers with what lies ready, then with nothing new; `away` answers none at all first."""

    def __init__(self, *answers: HeartbeatAnswer, away: int = 0) -> None:
        self.answers, self.away = list(answers), away
        self.heard: list[Heartbeat] = []

    def send_heartbeat(self, worker_id: UUID, heartbeat: Heartbeat) -> HeartbeatAnswer:
        assert worker_id == UUID(int=7)
        if self.away:
            self.away -= 1
            raise ApiUnavailable("away")
        self.heard.append(heartbeat)
        return self.answers.pop(0) if self.answers else answer()


def answer(
    *orders: CommandOrder, configuration: WorkerConfiguration | None = None, seconds: int = 5
) -> HeartbeatAnswer:
    return HeartbeatAnswer(
        heartbeat_seconds=seconds, configuration_version=4, configuration=configuration, commands=orders
    )


def order() -> CommandOrder:
    return CommandOrder(command_id=uuid4(), command=Stop(kind="stop"), expires_in_seconds=60)


class Kept:
    def __init__(self, server: Server, *, seconds: float = 5.0) -> None:
        self.orders: list[CommandOrder] = []
        self.configured: list[HeartbeatAnswer] = []
        self.heart = Heart(
            StagedDaemon(),
            server,
            UUID(int=7),
            release="1.2",
            advertised_url="http://host:8010",
            interval_seconds=seconds,
            configuration_version=lambda: 3,
            configured=self.configured.append,
            ordered=self._take,
            random=Random(1),
        )

    def _take(self, one: CommandOrder) -> bool:
        new = one not in self.orders
        self.orders.append(one)
        return new


def test_it_says_how_the_worker_is() -> None:
    server = Server()
    assert not Kept(server).heart.beat()
    (said,) = server.heard
    assert (said.release, said.advertised_url, said.configuration_version) == ("1.2", "http://host:8010", 3)
    assert [camera.camera_id for camera in said.cameras] == [CAMERA_ID]
    assert said.outbox is not None


def test_every_order_is_handed_on_and_new_ones_call_for_another_beat() -> None:
    first, second = order(), order()
    kept = Kept(Server(answer(first, second), answer(first)))
    assert kept.heart.beat()
    assert not kept.heart.beat()
    assert kept.orders == [first, second, first]


def test_a_configuration_is_taken_over_when_there_is_one() -> None:
    kept = Kept(Server(answer(), answer(configuration=WorkerConfiguration(cpu_limit_cores=1.0))))
    kept.heart.beat()
    assert kept.configured == []
    kept.heart.beat()
    assert [one.configuration_version for one in kept.configured] == [4]


def test_a_server_that_is_away_is_complained_of_ever_more_rarely(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept(Server(away=9))
    with caplog.at_level(logging.INFO):
        for _ in range(10):
            assert not kept.heart.beat()
    said = [record.message for record in caplog.records]
    assert sum("does not hear" in line for line in said) == 4  # 1, 2, 4 and 8 in a row
    assert said[-1] == "The server hears this worker again."
