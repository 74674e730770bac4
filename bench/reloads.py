"""`python -m bench.reloads`: what 200 reloads cost the calls that are answered meanwhile.

Open loop at half of capacity, on two workers: the same load without reloads and with them, in turn. Every
answer is checked: status 200, on a connection that stays open, and made of one configuration alone. About
three minutes; `--quick` is a look of half a minute.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import material
from bench.environment import ROOT
from bench.load import LoadError
from bench.measure import LOAD_CORE, SERVER_CORE, Measured, measure, percentile
from bench.processes import pin
from bench.reloading import EFFECTS, KEYS, NUMBER
from bench.subjects import Node, node, prepare
from gateway.cli.development_pki import make_development_pki
from gateway.passport.identity import parse_identity
from gateway.passport.passport import decode
from gateway.passport.signature import verify

_GENERATION = re.compile(rb'"generation":([0-9]+)')
_SIGNING_EACH = 4
"""One of so many requests is to be signed, the others are verdicts."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    runs: int
    """Pairs: without reloads, and with."""
    reloads: int
    """In each run with them."""
    seconds: float
    """Of each run."""


FULL = Size(runs=5, reloads=40, seconds=12.0)
QUICK = Size(runs=1, reloads=40, seconds=10.0)


@dataclass(slots=True)
class Found:
    """What came of the runs."""

    rate: float = 0.0
    without: list[Measured] = field(default_factory=list)
    with_reloads: list[Measured] = field(default_factory=list)
    reloads: list[dict[str, Any]] = field(default_factory=list)
    """As `bench.reloading` prints them."""
    variants: dict[int, set[str]] = field(default_factory=dict)
    """By generation: what its verdicts were made of."""
    x5us: set[str] = field(default_factory=set)


class Reloads:
    """One run against a node of two workers."""

    def __init__(self, running: Node, size: Size) -> None:
        self._node = running
        self._size = size
        development = running.directory / "certs" / "dev"
        self._keys = {
            f"{material.X5U.rpartition('/')[0]}/{name}.pem": material.read_key(development / f"{name}.key")
            for name in KEYS
        }
        self._signed: list[bytes] = []
        self.found = Found()

    def run(self, *, rate: float | None = None) -> Found:
        """At half of what a closed loop reaches, or at `rate`. Raises LoadError where an answer is wrong."""
        self._drive(1, 0.1).communicate()  # the first variant
        if rate is None:
            self._ask(2_000)
            rate = self._ask(4_000).per_second / 2
        self.found.rate = rate
        count = int(rate * self._size.seconds)
        for place in range(self._size.runs):
            sys.stderr.write(f"  run {place + 1} of {self._size.runs} at {rate:.0f} calls a second\n")
            for with_reloads in (False, True) if place % 2 == 0 else (True, False):
                self._one_run(count, rate, with_reloads=with_reloads)
        return self.found

    def _one_run(self, count: int, rate: float, *, with_reloads: bool) -> None:
        if not with_reloads:
            self.found.without.append(self._ask(count, rate=rate))
            return
        self._signed.clear()
        driver = self._drive(self._size.reloads, self._size.seconds)
        try:
            measured = self._ask(count, rate=rate)
        finally:
            output, _ = driver.communicate(timeout=120)
        self.found.with_reloads.append(measured)
        self.found.reloads += [json.loads(line) for line in output.splitlines()]
        self._look_closer()

    def _ask(self, count: int, *, rate: float | None = None) -> Measured:
        calls = material.calls(count, key=None, origs=[NUMBER])
        own = material.calls(count, key=None)
        is_signing = [place % _SIGNING_EACH == 0 for place in range(count)]
        requests = [
            material.signing(mine, self._node.token)
            if signs
            else material.verdict(call, self._node.token, identities=())
            for call, mine, signs in zip(calls, own, is_signing, strict=True)
        ]
        checks = [self._is_signed if signs else self._is_of_one_state for signs in is_signing]
        return measure(
            self._node.port,
            requests,
            checks,
            servers=self._node.workers,
            others=self._node.others,
            rate=rate,
        )

    def _is_of_one_state(self, response: bytes) -> bool:
        """Whether label and effect of the number are of one variant, and the generation has no other."""
        generation = _GENERATION.search(response)
        variants = [
            name
            for name, effect in EFFECTS.items()
            if name.encode() in response and b'"code":"dno.exact","effect":"%s"' % effect.encode() in response
        ]
        if generation is None or len(variants) != 1 or not response.startswith(b"HTTP/1.1 200 "):
            return False
        known = self.found.variants.setdefault(int(generation[1]), set())
        known.add(variants[0])
        return len(known) == 1

    def _is_signed(self, response: bytes) -> bool:
        self._signed.append(response)
        return material.is_signed(response)

    def _look_closer(self) -> None:
        """Every signature is by the key that its x5u names. Raises LoadError."""
        for response in self._signed:
            body = json.loads(response.partition(b"\r\n\r\n")[2])
            passport = decode(parse_identity(body["signingResponse"]["identity"]).token)
            x5u = passport.header["x5u"]
            self.found.x5us.add(x5u)
            if verify(passport, self._keys[x5u].public_key()) is None:
                raise LoadError(f"a call was signed with another key than that of {x5u}")

    def _drive(self, count: int, seconds: float) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *("taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "bench.reloading"),
                *(str(self._node.directory), str(self._node.control_port), str(count), str(seconds)),
            ],
            cwd=ROOT,
            env={**os.environ, "BENCH_TOKEN": self._node.token},
            stdout=subprocess.PIPE,
            text=True,
        )


def prepare_keys(directory: Path, *, now: int) -> None:
    """A second signing key and certificate beside the first, for roll-overs."""
    other = make_development_pki(directory / "other", now=now)
    for suffix, path in ("key", other.shaken_key), ("pem", other.shaken):
        shutil.copy(path, directory / "certs" / "dev" / f"next.{suffix}")


def report(found: Found) -> str:
    """The figures in words."""
    before = [percentile(each.latencies, 0.99) * 1e3 for each in found.without]
    after = [percentile(each.latencies, 0.99) * 1e3 for each in found.with_reloads]
    low, high = statistics.median(before), statistics.median(after)
    taken = sorted(each["workers_ms"] for each in found.reloads if each["status"] == 200)
    kinds = sorted(each["kind"] for each in found.reloads)
    counts = ", ".join(f"{len(list(group))} {kind}" for kind, group in itertools.groupby(kinds))
    wrong = [each for each in found.reloads if each["status"] != each["expected"]]
    answers = sum(each.answers for each in found.with_reloads)
    lines = (
        f"{answers} calls at {found.rate:.0f} a second and {len(found.reloads)} reloads ({counts}):",
        "no 5xx, no connection closed, no answer made of two configurations",
        f"reloads that ended otherwise than they should: {len(wrong)}",
        f"all workers by the new one: median {statistics.median(taken):.0f} ms, slowest {taken[-1]:.0f} ms",
        f"p99 without {low:.1f} ms, with {high:.1f} ms: x {high / low:.2f}, {high - low:+.1f} ms",
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reloads", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        sys.stderr.write("The bench needs cores 0 and 1: one for what is measured, one for the load.\n")
        return 1
    pin(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory(prefix="callmark-reloads-") as name:
        try:
            found = run(Path(name), QUICK if arguments.quick else FULL)
        except LoadError as error:
            sys.stderr.write(f"bench.reloads: {error}\n")
            return 1
    sys.stdout.write(report(found) + "\n")
    return 0


def run(directory: Path, size: Size, *, rate: float | None = None) -> Found:
    """Everything, in an empty directory. Raises LoadError."""
    prepare(directory)
    prepare_keys(directory, now=int(time.time()))
    with node(
        directory, workers=2, worker_cores=[{SERVER_CORE}, {SERVER_CORE}], other_cores={LOAD_CORE}
    ) as running:
        return Reloads(running, size).run(rate=rate)


if __name__ == "__main__":
    sys.exit(main())
