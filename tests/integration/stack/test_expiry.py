"""The embedded S3 server's lifecycle rules are obeyed: SeaweedFS stores them, a chore of the stack acts on them.

A rule with a date stands for one with days: the day cannot be shortened, and the same pass evaluates both.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from cli.stack.parts.base import Launch
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.ports import free_ports
from cli.stack.running import running_part

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def server(servers_folder: Path) -> Iterator[SeaweedPart]:
    """A server of its own: a pass of the rules goes over every bucket."""
    part = SeaweedPart(
        servers_folder / "expiring-s3",
        SeaweedPorts(*free_ports(8)),
        access_key="access",
        secret_key="secret",
        internal_key="internal",
    )
    with running_part(part, servers_folder / "expiring-s3.log"):
        yield part


def bucket(server: SeaweedPart, name: str, expiration: Expiration | None) -> Minio:
    """A bucket with that rule, where there is one, and two objects."""
    client = Minio(server.endpoint, "access", "secret", secure=False)
    client.make_bucket(name)
    if expiration is not None:
        rule = Rule(ENABLED, rule_filter=Filter(prefix=""), rule_id="expire", expiration=expiration)
        client.set_bucket_lifecycle(name, LifecycleConfig([rule]))
    for key in ("one/a.jpg", "two/b.jpg"):
        client.put_object(name, key, io.BytesIO(b"face"), 4)
    return client


def keys(client: Minio, name: str) -> set[str | None]:
    return {found.object_name for found in client.list_objects(name, recursive=True)}


def run(launch: Launch) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        launch.argv,
        env=dict(launch.environment),
        cwd=launch.working_directory,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pass_deletes_what_has_expired_and_nothing_else(server: SeaweedPart) -> None:
    client = bucket(server, "expired", Expiration(date=MIDNIGHT - timedelta(days=1)))
    bucket(server, "not-yet", Expiration(days=1))
    bucket(server, "without-rule", None)
    assert len(keys(client, "expired")) == 2
    done = run(server.expiry_launch())
    assert done.returncode == 0, done.stderr
    assert keys(client, "expired") == set()
    assert len(keys(client, "not-yet")) == 2
    assert len(keys(client, "without-rule")) == 2


def test_a_pass_without_the_servers_key_fails_aloud(server: SeaweedPart) -> None:
    client = bucket(server, "guarded", Expiration(date=MIDNIGHT - timedelta(days=1)))
    launch = server.expiry_launch()
    variables = {name: value for name, value in launch.environment.items() if not name.startswith("WEED_")}
    refused = run(Launch(launch.argv, variables, launch.working_directory))
    assert refused.returncode != 0
    assert "Unauthenticated" in refused.stderr
    assert len(keys(client, "guarded")) == 2
