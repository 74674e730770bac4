"""The command line as a process: what goes wrong around it is a sentence, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, a disk without room")
@pytest.mark.parametrize("command", [["--help"], ["config", "show"], ["pki", "--help"]])
def test_output_that_nobody_takes_is_told_in_a_sentence(command: list[str]):
    with FULL.open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "gateway", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (1, "Error: No space left on device.\n")
