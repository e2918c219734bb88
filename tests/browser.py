"""Debian's Chromium driven by Playwright, for tests and screenshots. What a page should show is not here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

_ARGUMENTS = [
    "--no-sandbox",  # tests may run as root, which Chromium's sandbox refuses
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Path of Debian's Chromium, or None."""
    return shutil.which("chromium")


@contextmanager
def browser_page(width: int = 1360, height: int = 900) -> Iterator[Page]:
    """A page in a fresh headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        try:
            yield browser.new_page(viewport={"width": width, "height": height})
        finally:
            browser.close()


def sign_in(page: Page, url: str, tenant: str, email: str, password: str) -> None:
    """Fills in the dashboards' sign-in and waits for the overview."""
    page.goto(url)
    page.get_by_label("Tenant").fill(tenant)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview", exact=True).wait_for(timeout=30_000)
