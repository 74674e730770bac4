"""What machine and which versions figures belong to."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent


def environment() -> dict[str, str]:
    """The machine, the libraries and the commit."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": str(len(list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*")))),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "cryptography": version("cryptography"),
        "uvloop": version("uvloop"),
        "openssl": " ".join(_said("openssl", "version").split()[:2]),
        "secsipidx": _said("dpkg-query", "-W", "-f", "${Version}", "secsipidx"),
        "commit": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
    }


def _said(*argv: str) -> str:
    try:
        ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    return ran.stdout.strip() if ran.returncode == 0 else "not installed"
