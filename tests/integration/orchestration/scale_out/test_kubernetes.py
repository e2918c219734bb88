"""Runs as Kubernetes jobs: Dagster's own launcher from deploy/dagster/kubernetes.yaml, against a server that speaks as
much of Kubernetes' API as it asks for. There is no cluster here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterRunStatus
from sqlalchemy import make_url

from tests.integration.orchestration.scale_out.conftest import Install
from tests.integration.orchestration.scale_out.installation import CURRENT_IMAGE, deployed
from tests.integration.orchestration.scale_out.kubernetes_api import JOBS, Cluster, served
from tests.servers import MigratedPostgres

pytestmark = pytest.mark.e2e


def test_a_run_is_a_job_of_the_cluster_and_a_refusal_is_a_failed_run(
    new_installation: Install, database: MigratedPostgres, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    # The three words that differ from the file: outside a cluster there is no service account's folder, and the
    # disk of a container is a folder here.
    instance = deployed("kubernetes.yaml")
    launcher = instance["run_launcher"]["config"]
    assert launcher["load_incluster_config"] is True
    assert launcher["dagster_home"] == "/opt/dagster/home"
    launcher |= {
        "load_incluster_config": False,
        "kubeconfig_file": str(kubeconfig),
        "dagster_home": str(tmp_path / "dagster"),
    }
    installation = new_installation(instance, {})
    settings = {name: value for name, value in installation.environment.items() if name.startswith("FOOTFALL_")}
    cluster = Cluster(
        secrets={"footfall-settings": settings},
        images={CURRENT_IMAGE: str(installation.commands / "python")},
        folder=tmp_path,
    )
    with served(cluster, kubeconfig), installation.daemon():
        run_id = installation.launch("check_audit_log")
        assert installation.wait(run_id) is DagsterRunStatus.SUCCESS, installation.said(run_id)
        [job] = cluster.jobs
        assert_job_is_what_the_file_says(job, run_id)
        assert f"POST {JOBS}" in cluster.asked
        password = str(make_url(database.operator_dsn).password)
        assert password in settings["FOOTFALL_POSTGRES__OPERATOR_DSN"]
        assert password not in str(job), "settings are the Secret's"

        cluster.refusing = True
        refused = installation.launch("check_audit_log")
        assert installation.wait(refused) is DagsterRunStatus.FAILURE
        assert 'cannot create resource "jobs" in API group "batch"' in installation.said(refused).replace("\\", "")
        assert len(cluster.jobs) == 1


def assert_job_is_what_the_file_says(job: dict[str, Any], run_id: str) -> None:
    told = deployed("kubernetes.yaml")["run_launcher"]["config"]
    assert job["metadata"]["name"] == f"dagster-run-{run_id}"
    assert job["spec"]["ttlSecondsAfterFinished"] == 86400
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert labels["dagster/run-id"] == run_id
    assert labels["dagster/job"] == "check_audit_log"
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == told["service_account_name"]
    [container] = pod["containers"]
    assert container["image"] == CURRENT_IMAGE
    assert container["imagePullPolicy"] == told["image_pull_policy"]
    assert container["args"][:3] == ["dagster", "api", "execute_run"]
    assert run_id in container["args"][3]
    assert container["envFrom"] == [{"secretRef": {"name": "footfall-settings"}}]
    assert container["resources"] == {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}}
    # The instance comes with the arguments, names of variables in place of their values; no map is mounted for it.
    assert "FOOTFALL_POSTGRES__DAGSTER_DSN" in container["args"][3]
    assert pod["volumes"] == container["volumeMounts"] == []
