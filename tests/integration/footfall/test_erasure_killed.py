"""An erasure in a process of its own, killed with SIGKILL at every step, over real stores; the next run completes it.
Prints a table: where it died, what stood then, and whether the next run completed it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from uuid import uuid4

import pytest

from footfall.environment import settings_environment
from footfall.erasure import carry_out, plan
from footfall.erasure_requests import get_request
from footfall.operations import open_operator_services
from footfall.services import Services
from footfall.settings import MilvusSettings, S3Settings, Settings
from footfall.stores.objects import S3ObjectStore
from footfall.stores.vectors import MilvusVectorStore
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.erasing import Erasures, of_customer, visitor
from tests.integration.footfall.world import settle_in

pytestmark = pytest.mark.e2e

_CHILD = """
import os, signal, sys
from uuid import UUID
from footfall.erasure import carry_out
from footfall.operations import open_operator_services
from footfall.settings import load_settings

tenant, request, step, phase = sys.argv[1:]

def die(at, when):
    if (at, when) == (step, phase):
        os.kill(os.getpid(), signal.SIGKILL)

carry_out(open_operator_services(load_settings()), UUID(tenant), UUID(request), refresh_marts=lambda: None, observe=die)
"""


_DEATHS = (
    ("rows", "begun"),
    *((step, "worked") for step in ("rows", "keys", "vectors", "objects", "workers", "marts", "proof")),
    ("workers", "recorded"),
)


def test_whoever_is_killed_anywhere_is_gone_on_with(
    services: Services,
    new_tenant: NewTenant,
    milvus_uri: str,
    s3: S3Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    milvus = MilvusSettings(uri=milvus_uri, alias=f"t{uuid4().hex[:8]}", timeout_seconds=60.0)
    own: Settings = services.settings.model_copy(update={"milvus": milvus, "s3": s3, "offline": False})
    over = replace(services, settings=own, vectors=MilvusVectorStore(milvus), objects=S3ObjectStore(s3))
    over.objects.ensure()
    over.vectors.ensure(over.model_version)
    world = settle_in(over, new_tenant("identify"))
    operator = open_operator_services(own)
    visitor(world, 99, sightings=1)
    table = []
    for who, (step, phase) in enumerate(_DEATHS, start=1):
        ada = visitor(world, who, sightings=1)
        request = Erasures(world, over).request(of_customer(ada))
        assert step in set(plan(request))
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, str(world.tenant_id), str(request.request_id), step, phase],
            env={**os.environ, **settings_environment(own, secrets=True)},
            check=False,
            capture_output=True,
        )
        assert child.returncode == -signal.SIGKILL, child.stderr.decode()
        left = get_request(over.engine, world.tenant_id, request.request_id)
        stands = ", ".join(f"{each.step} {each.state}" for each in left.steps if each.state != "pending") or "certified"
        after = carry_out(operator, world.tenant_id, request.request_id, refresh_marts=lambda: None)
        table.append((f"{step}, {phase}", left.status, stands, after.status))
        assert after.status == "completed"
        assert (world.count("customers"), len(world.raw_keys()), len(world.vector_ids())) == (1, 1, 1)
    with capsys.disabled():
        rows = [("killed at", "request", "steps", "next run"), ("---",) * 4, *table]
        sys.stdout.write("\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows))
    operator.close()
    over.vectors.close()
