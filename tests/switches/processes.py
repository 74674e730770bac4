"""Kamailio and SIPp as processes of a test: started on free ports, ended by their own process ids."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway_node import PROJECT, eventually
from tests.ports import free_port

HERE = Path(__file__).parent
RECIPE = PROJECT / "docs" / "switches" / "kamailio.cfg"
RATE = 50
"""Calls a second."""

needs_kamailio = pytest.mark.skipif(
    any(shutil.which(each) is None for each in ("kamailio", "sipp")) and not os.environ.get("CI"),
    reason="Kamailio or SIPp is not installed (on Debian: apt install kamailio kamailio-extra-modules "
    "kamailio-utils-modules kamailio-secsipid-modules sip-tester)",
)


HTTP_ASYNC_CLIENT = os.environ.get("HTTP_ASYNC_CLIENT", "")
"""Where http_async_client.so was built; Debian's packages do not have it (docs/switches/kamailio.md)."""
CLIENTS = [
    "http_client",
    pytest.param(
        "http_async_client",
        marks=pytest.mark.skipif(
            not HTTP_ASYNC_CLIENT, reason="HTTP_ASYNC_CLIENT names no module of Kamailio"
        ),
    ),
]


def gateway_settings(client: str, url: str) -> dict[str, str]:
    """The recipe's settings for asking the gateway at `url` by this module."""
    if client == "http_client":
        return {"GATEWAY": f'"gateway=>{url}"'}
    return {"HTTP_ASYNC": f'"{HTTP_ASYNC_CLIENT}"', "GATEWAY_URL": f'"{url}"'}


@contextmanager
def kamailio(directory: Path, config: Path, settings: Mapping[str, str]) -> Iterator[Path]:
    """A running Kamailio with these `#!define`s; gives its log."""
    directory.mkdir()
    log = directory / "kamailio.log"
    command = ["kamailio", "-DD", "-E", "-f", str(config), "-Y", str(directory), "-m", "64", "-M", "8"]
    for name, value in settings.items():
        command += ["-A", f"{name}={value}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    ports = [int(value.rpartition(":")[2]) for value in settings.values() if value.startswith("udp:")]
    try:
        eventually(lambda: all(map(is_taken, ports)) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield log
    finally:
        # Its children are of its own session; the first process ends them.
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def is_taken(port: int) -> bool:
    """Whether somebody listens on this UDP port."""
    # Not by taking it: in that moment it could not be had by whoever is waited for.
    return f" 0100007F:{port:04X} " in Path("/proc/net/udp").read_text()


@dataclass(frozen=True)
class Calls:
    """What SIPp counted, and how long each call waited for its answer."""

    successful: int
    failed: int
    waits_ms: tuple[float, ...]
    output: str


def _command(scenario: Path, *, port: int) -> list[str]:
    return ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-trace_err"]


@contextmanager
def answering(directory: Path, *, port: int, expected: str) -> Iterator[None]:
    """A SIPp that answers calls whose INVITE has `expected` (a regular expression) in it."""
    directory.mkdir()
    scenario = directory / "answer.xml"
    escaped = expected.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    scenario.write_text((HERE / "sipp" / "answer.xml").read_text().replace("@EXPECTED@", escaped))
    process = subprocess.Popen(
        _command(scenario, port=port),
        cwd=directory, env=os.environ | {"TERM": "dumb"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        eventually(lambda: is_taken(port) or process.poll() is not None)
        assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait(60)


def place_calls(
    directory: Path, scenario: str, calls: Sequence[tuple[str, str]], *, to_port: int, rate: int = RATE
) -> Calls:
    """Place these calls (from, to), `rate` a second, and say what became of them."""
    directory.mkdir()
    (directory / "calls.csv").write_text(
        "SEQUENTIAL\n" + "".join(f"{orig};{dest};\n" for orig, dest in calls)
    )
    done = subprocess.run(
        [
            *_command(HERE / "sipp" / f"{scenario}.xml", port=free_port()),
            "-inf", "calls.csv", "-m", str(len(calls)), "-r", str(rate), "-l", "1000",
            "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-fd", "1",
            "-timeout", "200", "-recv_timeout", "30000",
            f"127.0.0.1:{to_port}",
        ],
        cwd=directory, env=os.environ | {"TERM": "dumb"},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    waits = [float(row["response_time_ms"]) for path in directory.glob("*_rtt.csv") for row in _rows(path)]
    *_, last = _rows(next(path for path in directory.glob("*_.csv")))
    errors = "".join(path.read_text()[:2000] for path in directory.glob("*_errors.log"))
    return Calls(
        int(last["SuccessfulCall(C)"]),
        int(last["FailedCall(C)"]),
        tuple(waits),
        errors or done.stdout[-2000:],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))
