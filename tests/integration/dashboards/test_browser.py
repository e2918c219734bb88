"""The dashboards in a real browser, served as the stack serves them."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack.ports import free_ports
from tests.browser import browser_page, chromium, sign_in
from tests.integration.dashboards.conftest import APP, LiveApi, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def served(live_api: LiveApi, tmp_path: Path) -> Iterator[str]:
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "streamlit", "run", str(APP), "--server.headless=true", f"--server.port={port}",
        "--server.address=127.0.0.1", "--browser.gatherUsageStats=false",
    ]  # fmt: skip
    with (tmp_path / "streamlit.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, "FOOTFALL_API__URL": live_api.url}
        )
        try:
            wait_until(lambda: _answers(f"{url}/_stcore/health"), seconds=30)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310 - our own loopback server
            return bool(response.status == 200)
    except OSError:
        return False


def test_a_site_manager_signs_in_and_sees_the_overview(live_api: LiveApi, served: str, tmp_path: Path) -> None:
    with browser_page() as page:
        sign_in(page, served, live_api.tenant, "admin@example.com", live_api.password)
        page.get_by_text("Visitors today").wait_for()
        assert page.get_by_role("link", name="Staff").count() == 1
        picture = page.screenshot(path=tmp_path / "overview.png")
        assert len(picture) > 20_000, "the page is blank"
        page.get_by_role("link", name="Staff").click()
        page.get_by_text("Nobody is enrolled yet").wait_for()


def test_a_wrong_password_keeps_the_door_closed(live_api: LiveApi, served: str) -> None:
    with browser_page() as page:
        page.goto(served)
        page.get_by_label("Tenant").fill(live_api.tenant)
        page.get_by_label("E-mail").fill("admin@example.com")
        page.get_by_label("Password", exact=True).fill("not-the-password")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("is not right").wait_for()
        assert page.get_by_text("Visitors today").count() == 0
