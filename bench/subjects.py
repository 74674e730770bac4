"""What is measured: a Callmark node, secsipidx, and `openssl speed`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.environment import ROOT
from bench.material import X5U
from bench.processes import answers, children, command_line, free_port, pin, server

CALLMARK = (sys.executable, "-m", "gateway")


@dataclass(frozen=True, slots=True)
class Node:
    """A running node and which of its processes is which."""

    port: int
    token: str
    supervisor: int
    workers: tuple[int, ...]
    control: int
    valkey: int | None
    """None where `[redis] url` names another."""
    control_port: int
    directory: Path

    @property
    def others(self) -> dict[str, int]:
        """Its processes that are not workers."""
        own = {} if self.valkey is None else {"valkey": self.valkey}
        return own | {"control": self.control, "supervisor": self.supervisor}


def prepare(directory: Path) -> None:
    """The repository's configuration with a PKI of its own, the revocation list loaded."""
    shutil.copytree(ROOT / "config", directory / "config")
    (directory / "certs" / "trust").mkdir(parents=True)
    subprocess.run(
        [*CALLMARK, "pki", "dev"], cwd=directory, env=_environment(), check=True, capture_output=True
    )
    development = directory / "certs" / "dev"
    for file, folder in ("crl.pem", "crls"), ("crl-issuer.pem", "crl-issuers"):
        (directory / folder).mkdir()
        shutil.copy(development / file, directory / folder / file)


@contextlib.contextmanager
def node(
    directory: Path,
    *,
    workers: int,
    worker_cores: list[set[int]],
    other_cores: set[int],
    data: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Node]:
    """`callmark serve` on free ports: workers on their cores, everything else beside the load.

    `data` is the name of its data directory, `settings` are further CALLMARK_ variables.
    """
    port, control_port = free_port(), free_port()
    data = data or f"data-{workers}"
    environment = _environment() | {
        "CALLMARK_LISTEN__CALLS": f"127.0.0.1:{port}",
        "CALLMARK_LISTEN__CONTROL": f"127.0.0.1:{control_port}",
        "CALLMARK_LISTEN__REPOSITORY": "",
        "CALLMARK_LISTEN__WORKERS": str(workers),
        "CALLMARK_TLS__LISTENERS": "",
        "CALLMARK_DATA__DIRECTORY": data,
        "CALLMARK_TRUST__CRLS_DIRECTORY": "crls",
        "CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY": "crl-issuers",
        **(settings or {}),
    }
    log = directory / f"{data}.log"
    with server(
        [*CALLMARK, "serve"],
        environment=environment,
        directory=directory,
        output=log,
        is_ready=lambda: b'"node.ready"' in log.read_bytes(),
        cores=other_cores,
    ) as supervisor:
        found = [(child, command_line(child)) for child in children(supervisor)]
        of_workers = [pid for pid, line in found if "gateway.calls.worker" in line]
        for pid, cores in zip(of_workers, worker_cores, strict=True):
            pin(pid, cores)
        yield Node(
            port=port,
            token=(directory / data / "token").read_text(encoding="ascii").strip(),
            supervisor=supervisor,
            workers=tuple(of_workers),
            control=next(pid for pid, line in found if "gateway.control" in line),
            valkey=next((pid for pid, line in found if "valkey-server" in line), None),
            control_port=control_port,
            directory=directory,
        )


@contextlib.contextmanager
def secsipidx(directory: Path, *, cores: set[int]) -> Iterator[tuple[int, int]]:
    """Its HTTP server, verifying the same chain with its own file cache filled; gives pid and port."""
    port = free_port()
    development = directory / "certs" / "dev"
    cache = directory / "secsipidx-cache"
    cache.mkdir()
    shutil.copy(development / "shaken.pem", cache / X5U.replace("://", "_").replace("/", "_"))
    argv = ["secsipidx", "-http-srv", f"127.0.0.1:{port}"]
    argv += ["-cert-verify", "5", "-ca-file", str(development / "root.pem")]
    argv += ["-cache-dir", str(cache), "-expire", "60", "-fprvkey", str(development / "shaken.key")]
    with server(
        argv,
        environment=_environment() | {"GOMAXPROCS": "1"},
        directory=directory,
        output=directory / "secsipidx.log",
        is_ready=lambda: answers(port),
        cores=cores,
    ) as pid:
        yield pid, port


@dataclass(frozen=True, slots=True)
class OpensslSpeed:
    """ES256 operations per CPU second on one core."""

    signs: float
    verifies: float


def openssl_speed(*, core: int, seconds: int) -> OpensslSpeed:
    """`openssl speed` counts by its own CPU time, so that other users of the core cost it nothing."""
    ran = subprocess.run(
        ["taskset", "-c", str(core), "openssl", "speed", "-seconds", str(seconds), "ecdsap256"],
        check=True,
        capture_output=True,
        text=True,
    )
    last = re.search(r"ecdsa \(nistp256\)\s+\S+\s+\S+\s+([0-9.]+)\s+([0-9.]+)", ran.stdout)
    if last is None:
        raise ValueError(f"openssl speed said something else:\n{ran.stdout}")
    return OpensslSpeed(signs=float(last[1]), verifies=float(last[2]))


def _environment() -> dict[str, str]:
    """Ours without what would set keys of the gateway's."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CALLMARK_")}
    return ours | {"PYTHONPATH": str(ROOT)}
