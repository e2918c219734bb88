"""Each of the doctor's checks says what to do, and each is seen to warn or fail."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.doctor import Finding, examine, machine, privacy, services
from cli.stack.ports import free_ports
from cli.stack.processes import identify
from cli.stack.state import PartState, StackState, state_path, write_state
from footfall.settings import PostgresSettings, load_settings

GB = 1_000_000_000


def levels(findings: list[Finding]) -> set[str]:
    return {finding.level for finding in findings}


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


@pytest.fixture
def quiet_ports() -> dict[str, object]:
    """Settings whose first choices are free."""
    postgres, milvus, s3, dashboards, dagster, api = free_ports(6)
    stack = {
        "postgres_port": postgres,
        "milvus_port": milvus,
        "s3_port": s3,
        "dashboards_port": dashboards,
        "dagster_port": dagster,
    }
    return {"stack": stack, "api": {"port": api}}


def test_little_memory_is_a_warning() -> None:
    assert machine.check_memory(8 * GB).level == "ok"
    assert machine.check_memory(1 * GB).level == "warn"


@pytest.mark.parametrize(("free", "level"), [(50 * GB, "ok"), (3 * GB, "warn"), (GB // 2, "fail")])
def test_a_full_disk_warns_then_fails(tmp_path: Path, free: int, level: str) -> None:
    assert machine.check_disk(tmp_path / "not" / "there" / "yet", free).level == level


def test_a_home_that_can_be_made_is_fine(tmp_path: Path) -> None:
    assert machine.check_home(tmp_path / "not" / "there" / "yet").level == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_written_to_fails() -> None:
    assert machine.check_home(Path("/proc/footfall")).level == "fail"


def test_secrets_that_others_may_read_fail_with_the_command_that_mends_them(tmp_path: Path) -> None:
    assert machine.check_secrets(tmp_path).level == "ok"
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "stack.json").touch(mode=0o600)
    assert machine.check_secrets(tmp_path).level == "ok"
    (folder / "stack.json").chmod(0o604)
    finding = machine.check_secrets(tmp_path)
    assert finding.level == "fail"
    assert finding.advice is not None
    assert f"chmod -R go-rwx {folder}" in finding.advice


def test_missing_weights_are_a_warning_and_wrong_ones_a_failure(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    assert levels(list(machine.check_weights(settings))) == {"ok", "warn"}
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "arcface-mbf-512-v1.onnx").write_bytes(b"no model")
    assert "fail" in levels(list(machine.check_weights(settings)))


def test_offline_needs_no_weights(tmp_path: Path) -> None:
    assert only(list(machine.check_weights(load_settings(home=tmp_path, offline=True)))).level == "ok"


def test_a_taken_port_is_a_warning_that_names_the_holder(tmp_path: Path, quiet_ports: dict[str, object]) -> None:
    settings = load_settings(home=tmp_path, **quiet_ports)
    assert only(list(machine.check_ports(settings, None))).level == "ok"
    with socket.create_server(("127.0.0.1", settings.api.port)):
        finding = only(list(machine.check_ports(settings, None)))
    assert finding.level == "warn"
    assert f"process {os.getpid()}" in finding.message


def test_ports_are_not_asked_for_while_the_stack_holds_them(tmp_path: Path, quiet_ports: dict[str, object]) -> None:
    settings = load_settings(home=tmp_path, **quiet_ports)
    state = StackState(phase="up", supervisor=identify(os.getpid()), started_at=datetime.now(UTC))
    with socket.create_server(("127.0.0.1", settings.api.port)):
        assert only(list(machine.check_ports(settings, state))).level == "ok"


def test_a_postgres_that_is_away_fails_for_each_dsn_that_names_it() -> None:
    dsn = f"postgresql://u:sesame@127.0.0.1:{free_ports(1)[0]}/d"
    findings = list(services.check_postgres(PostgresSettings.model_validate({"dsn": dsn, "app_dsn": dsn})))
    assert [finding.level for finding in findings] == ["fail", "fail"]
    assert "sesame" not in repr(findings)


def test_the_embedded_servers_need_no_check(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    asked = (services.check_postgres(settings.postgres), services.check_milvus(settings), services.check_s3(settings))
    assert [list(findings) for findings in asked] == [[], [], []]


def test_servers_that_are_away_fail(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    settings = load_settings(
        home=tmp_path,
        milvus={"uri": f"http://{address}"},
        s3={"endpoint": address, "access_key": "a", "secret_key": "b"},
        api={"url": f"http://{address}"},
    )
    for findings in (services.check_milvus(settings), services.check_s3(settings), services.check_api(settings)):
        assert only(list(findings)).level == "fail"


def test_an_s3_server_without_keys_fails(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, s3={"endpoint": "127.0.0.1:1"})
    assert "without its keys" in only(list(services.check_s3(settings))).message


@pytest.mark.parametrize(
    ("skew", "level", "word"),
    [
        (0.3, "ok", "ahead"),
        (-0.3, "ok", "behind"),
        (12.0, "warn", "ahead"),
        (-12.0, "warn", "behind"),
        (301, "fail", ""),
    ],
)
def test_a_clock_that_is_off_warns_and_fails_where_events_would_be_refused(
    tmp_path: Path, skew: float, level: str, word: str
) -> None:
    finding = services.judge_skew(skew, load_settings(home=tmp_path))
    assert finding.level == level
    assert word in finding.message


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.5", False),
        ("db.example", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert privacy.is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("sections", "variable"),
    [
        ({"api": {"host": "0.0.0.0"}}, "FOOTFALL_API__HOST"),
        ({"ingest": {"host": "10.0.0.5"}}, "FOOTFALL_INGEST__HOST"),
        ({"postgres": {"dsn": "postgresql://u:p@db/x"}}, "FOOTFALL_POSTGRES__DSN"),
        ({"postgres": {"app_dsn": "postgresql://u:p@db/x?sslmode=prefer"}}, "FOOTFALL_POSTGRES__APP_DSN"),
        ({"s3": {"endpoint": "s3.example:9000"}}, "FOOTFALL_S3__ENDPOINT"),
        ({"milvus": {"uri": "http://milvus.example:19530"}}, "FOOTFALL_MILVUS__URI"),
        ({"api": {"url": "http://footfall.example"}}, "FOOTFALL_API__URL"),
    ],
)
def test_what_leaves_this_machine_in_the_clear_is_named(
    tmp_path: Path, sections: dict[str, object], variable: str
) -> None:
    finding = only(list(privacy.check_privacy(load_settings(home=tmp_path, **sections))))
    assert finding.level == "warn"
    assert variable in finding.message


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"postgres": {"dsn": "postgresql://u:p@db/x?sslmode=verify-full"}},
        {"postgres": {"dsn": "postgresql://u:p@127.0.0.1:5433/x"}},
        {"s3": {"endpoint": "s3.example:9000", "secure": True}},
        {"s3": {"endpoint": "127.0.0.1:9000"}},
        {"milvus": {"uri": "https://milvus.example:19530"}},
    ],
)
def test_what_stays_here_or_is_encrypted_is_fine(tmp_path: Path, sections: dict[str, object]) -> None:
    assert only(list(privacy.check_privacy(load_settings(home=tmp_path, **sections)))).level == "ok"


def test_a_misspelt_setting_fails_and_the_machine_is_still_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_POSTGRE__DSN", "x")
    findings = list(examine())
    failed = only([finding for finding in findings if finding.level == "fail"])
    assert failed.check == "settings"
    assert "FOOTFALL_POSTGRE__DSN" in failed.message
    assert "memory" in {finding.check for finding in findings}


def test_a_damaged_state_file_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    state_path(tmp_path).parent.mkdir()
    state_path(tmp_path).write_text("{")
    failed = only([finding for finding in examine() if finding.level == "fail"])
    assert failed.check == "stack"


def test_a_stack_without_its_supervisor_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    part = PartState(name="milvus", status="healthy")
    write_state(tmp_path, StackState(phase="up", supervisor=None, started_at=datetime.now(UTC), parts={"milvus": part}))
    finding = only([one for one in examine() if one.check == "stack"])
    assert (finding.level, finding.message) == ("warn", "its supervisor is gone")


def test_every_warning_and_failure_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    for name, value in {
        "HOME": str(tmp_path),
        "API__HOST": "0.0.0.0",
        "MILVUS__URI": f"http://{address}",
        "S3__ENDPOINT": address,
        "POSTGRES__DSN": f"postgresql://u:p@{address}/d",
    }.items():
        monkeypatch.setenv(f"FOOTFALL_{name}", value)
    amiss = [finding for finding in examine() if finding.level != "ok"]
    assert len(amiss) >= 5
    assert all(finding.advice for finding in amiss)


def doctor(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "doctor"],
        env={**os.environ, "FOOTFALL_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_exit_code_is_0_with_warnings_and_2_with_failures(tmp_path: Path) -> None:
    fine = doctor(tmp_path)
    assert fine.returncode == 0, fine.stdout
    broken = doctor(tmp_path, FOOTFALL_MILVUS__URI=f"http://127.0.0.1:{free_ports(1)[0]}")
    assert broken.returncode == 2
    assert "fail  milvus" in broken.stdout
    assert "-> Start it, or correct FOOTFALL_MILVUS__URI." in broken.stdout
