"""Debian's tools that judge what is in `deploy/`."""

from __future__ import annotations

import os
import shutil

import pytest


def tool(name: str, package: str) -> str:
    """Its path. Skips where it is not installed, but never in CI."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not there; .ci/run installs it")
        pytest.skip(f"{name} is not on this machine (on Debian: apt install {package})")
    return found
