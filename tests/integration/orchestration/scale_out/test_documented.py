"""What docs/operations.md says of engines for more than one machine is what the tests here run, and the real packages
take the files of deploy/dagster."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.integration.orchestration.scale_out.installation import DEFINITIONS, DEPLOYED, INSTALL, ROOT
from tests.integration.orchestration.scale_out.test_celery import WORKER

# With broker and backend in the environment, as the worker and the runs resolve them; and the launcher as an instance
# makes it, up to the service account's folder, which is in no machine but a cluster's.
LOADS = """
import json, sys
from pathlib import Path
import dagster_k8s, yaml
from dagster._config import process_config
from dagster_celery.cli import get_validated_config
from footfall.settings import load_settings
from orchestration.executor import executor_of

folder = Path(sys.argv[1])
worker = get_validated_config(str(folder / "celery-run.yaml"))
executor = executor_of(load_settings(orchestration={"celery_config": folder / "celery-run.yaml"}))
told = yaml.safe_load((folder / "kubernetes.yaml").read_text())["run_launcher"]["config"]
launcher = process_config(dagster_k8s.K8sRunLauncher.config_type(), told)
wrong = process_config(dagster_k8s.K8sRunLauncher.config_type(), told | {"namespace": "footfall"})
print(json.dumps([worker, executor.name, launcher.success, wrong.success]))
"""


def test_the_real_packages_take_the_files(commands: Path) -> None:
    environment = {"CELERY_BROKER_URL": "redis://broker:6379/0", "CELERY_RESULT_BACKEND": "redis://broker:6379/1"}
    ended = subprocess.run(
        [str(commands / "python"), "-W", "ignore", "-c", LOADS, str(DEPLOYED)],
        env={"PATH": "/usr/bin:/bin", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    worker, executor, launcher, wrong = json.loads(ended.stdout.splitlines()[-1])
    assert (worker["broker"], worker["backend"]) == tuple(environment.values())
    assert (executor, launcher, wrong) == ("celery", True, False)


def test_the_page_says_what_is_run_here() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for command in (
        f".venv/bin/uv pip install --python .venv/bin/python {INSTALL}",
        f"dagster-celery {' '.join(WORKER)} deploy/dagster/celery-run.yaml",
        f"python -m orchestration.daemon run {' '.join(DEFINITIONS)}",
    ):
        assert f"\n{command}\n" in page, command
