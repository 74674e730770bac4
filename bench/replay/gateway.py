"""The gateway under replay: the project's own, with its real Valkey, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.environment import ROOT
from bench.processes import free_port, server
from bench.replay import callers

TRUNKS = {
    "domestic-2": "domestic",
    "bank": "customer",
    "plumber": "customer",
    "workshop": "customer",
}
INVENTORY = {"bank": callers.BANK, "plumber": [callers.RIVAL], "workshop": [callers.HIJACKED]}


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running node."""

    calls: str
    control: str
    token: str
    reporter: str
    """Of the help desk: scope `report:write`."""
    griefer: str
    """Of somebody who was given such a token too."""


@contextlib.contextmanager
def running_gateway(directory: Path, *, workers: int) -> Iterator[Gateway]:
    """Start it with the configuration of config/ and the trunks of the replay. Raises DidNotStartError."""
    shutil.copytree(ROOT / "config", directory / "config")
    (directory / "certs" / "trust").mkdir(parents=True)
    with (directory / "config" / "trunks.toml").open("a", encoding="utf-8") as trunks:
        for name, kind in TRUNKS.items():
            trunks.write(
                f'\n[[trunk]]\nname = "{name}"\nkind = "{kind}"\ncountry = "GB"\nurl_prefix = "/{name}"\n'
                'credentials = [{ token_name = "development" }]\n'
            )
    with (directory / "config" / "inventory.csv").open("a", encoding="utf-8") as inventory:
        inventory.writelines(f"{tn},1,{trunk}\n" for trunk, tns in INVENTORY.items() for tn in tns)
    calls, control = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLMARK_")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "CALLMARK_LISTEN__CALLS": f"127.0.0.1:{calls}",
        "CALLMARK_LISTEN__CONTROL": f"127.0.0.1:{control}",
        "CALLMARK_LISTEN__REPOSITORY": "",
        "CALLMARK_LISTEN__WORKERS": str(workers),
    }
    url = f"http://127.0.0.1:{control}"
    with server(
        [sys.executable, "-m", "gateway", "serve"],
        environment=environment,
        directory=directory,
        output=directory / "node.log",
        is_ready=lambda: _is_whole(url),
        cores=os.sched_getaffinity(0),
    ):
        token = (directory / "data" / "token").read_text(encoding="ascii").strip()
        made = [_make_token(url, token, name) for name in ("help-desk", "griefer")]
        yield Gateway(f"http://127.0.0.1:{calls}", url, token, *made)


def _is_whole(url: str) -> bool:
    with (
        contextlib.suppress(OSError, ValueError),
        urllib.request.urlopen(f"{url}/readyz", timeout=1) as answer,
    ):
        return bool(json.load(answer)["status"] == "ready")
    return False


def _make_token(url: str, token: str, name: str) -> str:
    request = urllib.request.Request(
        f"{url}/admin/v1/tokens",
        json.dumps({"name": name, "scopes": ["report:write"]}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(json.load(answer)["token"])
