"""schemathesis over the whole OpenAPI document, with every check it has: nothing unexplained is left.

In `make test`: the document's examples and a few requests at random, right ones and wrong ones. The longer run adds
every bound, type and missing part of every parameter and body, and follows what operations make and delete.
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.base import Role
from tests.abuse.operations import Json, Operation, document, operations
from tests.abuse.seeds import kind_of, seed_of
from tests.abuse.world import World

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
PROJECT = Path(__file__).parents[2]
QUICK = ("--phases", "examples,fuzzing", "--max-examples", "2")
THOROUGH = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "40")
_ENDS_ITS_SESSION = "revokeSession"
# A tenant's deletion is a request, which can be taken back: the tenant is read until its erasure has been proven, and
# what became of the request, with its certificate, afterwards. Links between operations heed no rule of one operation.
_READ_AFTER_DELETION = {"platform": ("--exclude-checks", "use_after_free")}


def asker_of(operation: Operation) -> tuple[Role, str]:
    """Whose request it is, and with what others: none that would shut its caller out of them."""
    if seed_of(operation).platform or operation.access == frozenset({"system_admin"}):
        return "system_admin", "platform"
    if operation.access != "public" and "tenant_admin" not in operation.access:
        return "worker", "worker"
    return "tenant_admin", "session" if operation.name == _ENDS_ITS_SESSION else "tenant"


def groups() -> dict[tuple[Role, str], list[str]]:
    """Operation ids by who asks for them; every operation is in one."""
    found: dict[tuple[Role, str], list[str]] = {}
    for operation in operations():
        found.setdefault(asker_of(operation), []).append(operation.name)
    return found


@pytest.mark.parametrize("phases", [QUICK, pytest.param(THOROUGH, marks=pytest.mark.e2e)], ids=["some", "all"])
@pytest.mark.parametrize(("role", "group"), groups())
def test_the_api_is_as_its_document_says(
    world: World, tmp_path: Path, role: Role, group: str, phases: tuple[str, ...]
) -> None:
    wanted = groups()[(role, group)]
    found = asked(world, role, _with_own_ids(world), wanted, tmp_path, *phases, *_READ_AFTER_DELETION.get(group, ()))
    assert found.returncode == 0, found.stdout
    assert f"Tested: {len(wanted)}" in found.stdout
    summary = found.stdout[found.stdout.index("SUMMARY") :]
    generated = re.search(r"(\d+) generated", summary)
    assert generated is not None
    assert int(generated[1]) >= len(wanted)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda item: item["get"]["responses"].pop("200"), "Undocumented status code"),
        (lambda item: item["get"]["responses"]["200"].update(content={"text/x": {}}), "Undocumented Content-Type"),
        (lambda item: item["post"]["requestBody"]["content"]["application/json"].update(schema={}), "document allows"),
    ],
    ids=["no status", "another media type", "a body of any form"],
)
def test_a_document_that_says_otherwise_is_noticed(
    world: World, tmp_path: Path, spoil: Callable[[Json], object], said: str
) -> None:
    broken = _with_own_ids(world)
    spoil(broken["paths"]["/v1/sites"])
    found = asked(world, "tenant_admin", broken, ["listSites", "createSite"], tmp_path, *QUICK)
    assert found.returncode == 1, found.stdout
    assert said in found.stdout, found.stdout


def asked(
    world: World, role: Role, of: Json, wanted: list[str], folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """What schemathesis says of the operations `wanted` of the running API, asked by a new caller of the role."""
    (folder / "openapi.json").write_text(json.dumps(of))
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(CONFIGURATION)),
            *("run", str(folder / "openapi.json")),
            *("--url", str(world.here.running.nobody.http.base_url)),
            *("--header", f"Authorization: Bearer {world.caller(role, world.own).token}"),
            *("--checks", "all", "--continue-on-failure", "--seed", "1"),
            *(part for name in wanted for part in ("--include-operation-id", name)),
            *arguments,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )


def _with_own_ids(world: World) -> Json:
    """The document, with a planted record for each parameter of a path, so that more is reached than its absence."""
    given = copy.deepcopy(document())
    planted, tenant_id = world.fresh(), world.new_tenant()
    for operation in operations():
        for parameter in given["paths"][operation.path][operation.method.lower()].get("parameters", []):
            kind = kind_of(parameter["name"])
            if parameter["in"] == "path" and kind is not None:
                own = tenant_id if kind.field == "tenant_id" else getattr(planted, kind.field)
                parameter["example"] = str(own)
    return given
