"""Where SeaweedFS leaves its gRPC sockets, another user's are in the way of ours and are left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.stack.parts import seaweed
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts, blocked_ports

SOMEBODY = 12_345


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(seaweed, "_SOCKETS", tmp_path)
    return tmp_path


def test_ports_of_another_users_sockets_are_blocked(sockets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("seaweedfs-master-grpc-41001.sock", "seaweedfs-filer-grpc-41002.sock", "seaweedfs-s3-18333.sock"):
        (sockets / name).touch()
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    assert blocked_ports() == {41001, 41002}


def test_our_own_sockets_block_nothing(sockets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sockets / "seaweedfs-master-grpc-41001.sock").touch()
    owner = (sockets / "seaweedfs-master-grpc-41001.sock").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert blocked_ports() == set()


def test_tidying_removes_the_sockets_of_its_ports_alone(sockets: Path) -> None:
    part = SeaweedPart(sockets, SeaweedPorts(1, 2, 3, 4, 5, 6, 7, 8), "access", "secret", "internal")
    for name in ("seaweedfs-s3-grpc-2.sock", "seaweedfs-master-grpc-6.sock", "seaweedfs-master-grpc-9.sock"):
        (sockets / name).touch()
    part.tidy()
    assert [left.name for left in sockets.iterdir()] == ["seaweedfs-master-grpc-9.sock"]
