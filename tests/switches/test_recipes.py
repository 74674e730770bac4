"""The recipes of docs/switches: what can be checked for syntax is, and every page says what was run."""

from __future__ import annotations

import subprocess

import pytest

from tests.gateway_node import PROJECT
from tests.switches.processes import RECIPE, needs_kamailio

PAGES = sorted(path for path in (PROJECT / "docs" / "switches").glob("*.md") if path.stem != "dialects")


@needs_kamailio
@pytest.mark.parametrize("settings", [{}, {"INSIDE_NEXT": '"sip:192.0.2.30"', "OUTSIDE_TRUNK": '""'}])
def test_kamailio_takes_the_recipe(settings: dict[str, str]):
    defines = [word for name, value in settings.items() for word in ("-A", f"{name}={value}")]
    done = subprocess.run(
        ["kamailio", "-c", "-f", str(RECIPE), *defines],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_recipe_says_what_was_run_and_how_it_fails(page):
    text = page.read_text()
    assert "un here" in text
    assert "not run" in text.lower()
    assert "\n## When the gateway does not answer\n" in text
    assert "**Sizing.**" in text
