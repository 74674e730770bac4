"""Journeys in a real browser: the system's Chromium without a screen, by playwright, at a whole node.

Each page that is worth a look is kept as a picture in `tests/browser/screenshots/`. Without Chromium the
journeys are skipped, and say so; with `CI` set that is a failure, as `.ci/run` has installed one.

Playwright runs an event loop of its own in this thread while it is open: it is closed when these tests end,
as no other test could run one meanwhile.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.gateway_node import GatewayNode, eventually, running_node

SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium, and CI is set: .ci/run installs one")
        pytest.skip("there is no Chromium on this machine (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that root in a container does not have; the pages are ours.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    """One node with the development configuration for all journeys."""
    with running_node(tmp_path_factory.mktemp("browser")) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


@pytest.fixture
def has_scripts() -> bool:
    """Whether the browser runs any; a journey that essential things depend on is made both ways."""
    return True


@pytest.fixture
def page(chromium: Browser, has_scripts: bool) -> Iterator[Page]:
    """A page of a browser without a past; what its console says of broken rules fails the test."""
    context = chromium.new_context(java_script_enabled=has_scripts)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    opened.on("console", lambda said: broken.append(said.text) if "Content Security" in said.text else None)
    yield opened
    context.close()
    assert broken == []


@pytest.fixture
def keep(page: Page):
    """Keep a picture of the page as it is now."""
    SCREENSHOTS.mkdir(exist_ok=True)

    def keep_picture(name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return keep_picture
