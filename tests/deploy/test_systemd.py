"""The shipped unit, judged by systemd's own tools."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from gateway.node.plan import NodePlan
from tests.deploy.tools import tool
from tests.docs.pages import PROJECT

UNIT = PROJECT / "deploy" / "systemd" / "callmark.service"


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [tool("systemd-analyze", "systemd"), "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def keys() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))


def test_the_unit_has_no_mistake(tmp_path: Path):
    # Here the program is where this environment has it.
    copy = tmp_path / "callmark.service"
    copy.write_text(UNIT.read_text().replace("/opt/callmark/bin/callmark", str(Path(sys.executable))))
    done = analyze("verify", str(copy))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr, done.stderr


def test_the_unit_leaves_little_that_a_stranger_could_use():
    done = analyze("security", "--offline=yes", "--threshold=30", str(UNIT))
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overall exposure level" in done.stdout


def test_the_unit_waits_for_word_reloads_in_step_and_stops_later_than_the_node_does():
    unit = keys()
    assert (unit["Type"], unit["NotifyAccess"]) == ("notify", "main")
    assert unit["ExecReload"].endswith(" reload")
    limits = NodePlan.__dataclass_fields__
    assert float(unit["TimeoutStopSec"]) > limits["drain_seconds"].default + 10
    assert unit["KillMode"] == "mixed"
    # After a few failures within ten seconds systemd would leave the node down for good.
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("on-failure", "0")


def test_the_units_user_is_made_by_the_file_beside_it():
    made = (UNIT.parent / "callmark.sysusers").read_text().splitlines()[-1].split()
    assert made[:2] == ["u", keys()["User"]]
