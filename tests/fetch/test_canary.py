"""No forbidden address is ever connected to, shown where a connection would come about (`canary.py`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.fetch.canary import FORBIDDEN, PORTS, UNSPECIFIED
from tests.gateway_node import PROJECT

TARGETS = [*FORBIDDEN, *UNSPECIFIED]
_AS_ROOT = ["unshare", "--net", "--mount"]
_AS_ANYBODY = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
_TOOLS = ("unshare", "mount", "ip")


def namespace() -> list[str]:
    """The command that gives a program a network of its own; skips where there is none to be had."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs the command {missing[0]}")
    for command in (_AS_ROOT, _AS_ANYBODY) if os.geteuid() == 0 else (_AS_ANYBODY,):
        trial = [*command, "ip", "link", "set", "lo", "up"]
        if subprocess.run(trial, check=False, capture_output=True).returncode == 0:
            return command
    pytest.skip("this machine does not let a program make a network namespace")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Any:
    command = [*namespace(), sys.executable, "-m", "tests.fetch.canary"]
    directory = tmp_path_factory.mktemp("canary")
    run = subprocess.run(
        [*command, str(directory)], check=False, cwd=PROJECT, capture_output=True, text=True, timeout=280
    )
    assert run.returncode == 0, run.stderr[-4000:]
    return json.loads(run.stdout.splitlines()[-1])


def test_whoever_does_connect_is_heard(said: Any):
    assert said["heard"] == {f"{address} {port}": 1 for address in FORBIDDEN for port in PORTS}
    reached = {place.partition(" ")[0] for place in said["on_purpose"]}
    assert reached == set(FORBIDDEN)


def test_nothing_connects_to_a_forbidden_address_by_any_name_or_spelling(said: Any):
    assert said["reached"] == {}


def test_every_such_call_is_answered_as_one_without_a_certificate(said: Any):
    assert len(said["codes"]) > 200
    for answers in (said["codes"], said["again"]):
        assert set(answers.values()) <= {
            "stir.x5u.forbidden",
            "stir.info.invalid",
            "stir.credential.unobtainable",
            "stir.identity.malformed",
        }
    for number in range(len(FORBIDDEN)):
        assert said["codes"][f"https://v{number}.canary.example.org:443/a.pem"] == "stir.x5u.forbidden"


def test_a_name_that_changes_its_address_is_judged_by_where_it_leads_each_time(said: Any):
    first, second = said["rebound"][: len(TARGETS)], said["rebound"][len(TARGETS) :]
    assert set(first) == {"stir.credential.unobtainable"}
    assert set(second) == {"stir.x5u.forbidden"}
